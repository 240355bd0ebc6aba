"""What can be counted about a reply: the interpretable features that a person's taste is made of.

Contract: pure, total (any text at all) and cheap, about 0.1 ms a reply. Numbers come in the order
of ``FEATURES``; words and the phrases at both ends, too many for a fixed list, as a set. The word
lists are English, while everything about form works in any language. Knows no model and nothing of
what a person thought.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Final

MAX_CHARS: Final = 2_000
"""Of a reply only the beginning and the end are measured, together so many characters."""
TYPICAL_LOG_WORDS: Final = 4.0
_END_CHARS: Final = 40

FEATURES: Final[tuple[tuple[str, float], ...]] = (
    # name, how far ordinary replies of one model lie apart (one standard deviation, about)
    ("log_words", 0.5),
    ("log_words_squared", 0.5),
    ("log_sentences", 0.5),
    ("log_newlines", 0.8),
    ("log_list_lines", 0.8),
    ("has_list", 0.5),
    ("log_emoji", 0.4),
    ("uppercase_share", 0.03),
    ("is_lowercase", 0.4),
    ("starts_lowercase", 0.4),
    ("ends_with_question", 0.4),
    ("ends_with_exclamation", 0.4),
    ("is_cut_off", 0.4),
    ("log_questions", 0.4),
    ("log_exclamations", 0.5),
    ("contractions", 0.02),
    ("has_contraction", 0.5),
    ("full_forms", 0.015),
    ("formal_words", 0.01),
    ("casual_words", 0.01),
    ("second_person", 0.03),
    ("first_person", 0.03),
    ("has_greeting", 0.4),
    ("log_digits", 0.6),
    ("has_code", 0.3),
    ("has_link", 0.3),
    ("has_bold", 0.4),
    ("word_length", 0.4),
    ("question_overlap", 0.25),
)
"""In the order that ``measure`` gives them."""

NAMES: Final = tuple(name for name, _ in FEATURES)

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SENTENCE = re.compile(r"[.!?…。！？]+(?=\s|$)")
_LIST_LINE = re.compile(r"^\s*(?:[-*•–]|\d{1,3}[.)])\s", re.MULTILINE)
_PICTURE: Final = "[\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff\u2600-\u27bf]"
_PICTURES = re.compile(_PICTURE)
_ALIAS = re.compile(r":[a-z]\w+:")
_CAPITAL = re.compile(r"[A-ZÀ-ÖØ-ÞΑ-ΫА-Я]+")
_DIGIT = re.compile(r"\d")
_END = re.compile(r"(?:[\s*_~`\"'”’)\]\ufe0f]|" + _PICTURE + ")+$")
_CONTRACTED: Final = ("'t", "'s", "'re", "'ve", "'ll", "'d", "'m")


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_FULL_FORMS: Final = frozenset(
    (
        *product(
            _listed("do does did is are was were will would could should has have had"), ["not"]
        ),
        *product(_listed("it that there he she"), ["is"]),
        *product(_listed("you we they"), ["are", "will", "have"]),
        *product(["i"], ["am", "will", "have", "would"]),
    )
)
_FORMAL: Final = _listed(
    """
    accordingly additionally advise appropriate assist certainly consequently ensure essential
    furthermore hence however indeed kindly moreover nevertheless numerous obtain overall
    purchase recommend regarding require sincerely sufficient therefore thus utilize
    """
)
_CASUAL: Final = _listed(
    """
    awesome bro btw buddy cheers cool dude gonna gotta guys haha hey hi kinda lol mate nah nope
    oh ok okay pal pretty sorta stuff super totally wanna wow yay yeah yep yup
    """
)
_SECOND: Final = _listed(
    """
    you you'd you'll you're you've your yours yourself
    """
)
_FIRST: Final = _listed(
    """
    i i'd i'll i'm i've me mine my myself
    """
)
_GREETING: Final = _listed(
    """
    dear greetings hello hey hi hiya howdy welcome
    """
)


_KINDS: Final = {
    **dict.fromkeys(_FORMAL, "formal"),
    **dict.fromkeys(_CASUAL, "casual"),
    **dict.fromkeys(_SECOND, "second"),
    **dict.fromkeys(_FIRST, "first"),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """``values`` of ``FEATURES``, all finite; ``terms``: the words and emoji of the reply, and the
    one to three words at its beginning (``^…``) and its end (``…$``)."""

    values: tuple[float, ...]
    terms: frozenset[str]


def measure(question: str, reply: str) -> Measured:
    """What can be counted about ``reply``. Of an empty one almost everything is 0."""
    text = _bounded(reply)
    lowered = text.lower()
    spoken = words(text)
    count = max(1, len(spoken))
    letters = sum(map(len, spoken))
    capitals = len(text) - len(_CAPITAL.sub("", text)) if text != lowered else 0
    first = next((c for c in text if c.isalpha()), "")
    bare = _END.sub("", text[-_END_CHARS:])
    last = bare[-1:] or " "
    log_words = math.log1p(len(spoken))
    list_lines = len(_LIST_LINE.findall(text))
    emoji = _ALIAS.findall(text) + ([] if text.isascii() else _PICTURES.findall(text))
    asked = {word for word in words(_bounded(question)) if len(word) > 3}
    contracted = sum(word.endswith(_CONTRACTED) for word in spoken if "'" in word)
    kinds = [_KINDS[word] for word in spoken if word in _KINDS]
    values = (
        log_words,
        (log_words - TYPICAL_LOG_WORDS) ** 2,
        math.log1p(len(_SENTENCE.findall(text))),
        math.log1p(text.strip().count("\n")),
        math.log1p(list_lines),
        float(list_lines >= 2),
        math.log1p(len(emoji)),
        capitals / max(1, letters),
        float(bool(letters) and not capitals),
        float(first.islower()),
        float(last in "?？"),
        float(last in "!！"),
        float(last.isalnum() or last in ",:;-"),
        math.log1p(text.count("?")),
        math.log1p(text.count("!")),
        contracted / count,
        float(contracted > 0),
        (spoken.count("cannot") + sum(p in _FULL_FORMS for p in pairwise(spoken))) / count,
        kinds.count("formal") / count,
        kinds.count("casual") / count,
        kinds.count("second") / count,
        kinds.count("first") / count,
        float(not _GREETING.isdisjoint(spoken[:2])),
        math.log1p(len(_DIGIT.findall(text))),
        float("```" in text),
        float("://" in text or "www." in lowered),
        float("**" in text or "__" in text),
        letters / count,
        len(asked.intersection(spoken)) / max(1, len(asked)),
    )
    ends = [" ".join(spoken[-size:]) + "$" for size in (1, 2, 3) if len(spoken) >= size]
    starts = ["^" + " ".join(spoken[:size]) for size in (1, 2, 3) if len(spoken) >= size]
    return Measured(values, frozenset((*spoken, *emoji, *starts, *ends)))


def words(text: str) -> list[str]:
    """Lower-cased, with a straight apostrophe; in any script that puts spaces between words."""
    return _WORD.findall(text.lower().replace("’", "'"))


def _bounded(text: str) -> str:
    if len(text) <= MAX_CHARS:
        return text
    return f"{text[: MAX_CHARS // 2]}\n{text[-MAX_CHARS // 2 :]}"
