"""What can be counted about a reply: the interpretable features that a person's taste is made of.

Contract: pure, total (any text at all) and cheap, about 0.05 ms a reply. ``measure`` gives numbers
in the order of ``FEATURES``; ``terms`` gives the words and the phrases at both ends, which are too
many for a fixed list. English word lists, while everything about form works in any language. Knows
no model and nothing of what a person thought.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Final

MAX_CHARS: Final = 4_000
"""Of a reply only the beginning and the end are measured, together so many characters."""

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
_EMOJI = re.compile(_PICTURE + r"|:[a-z]\w+:")
_DIGIT = re.compile(r"\d")
_LINK = re.compile(r"https?://|www\.")
_BOLD = re.compile(r"\*\*|__")
_END = re.compile(r"(?:[\s*_~`\"'”’)\]\ufe0f]|" + _PICTURE + ")+$")
_FULL_FORM = re.compile(
    r"\b(?:cannot|(?:do|does|did|is|are|was|were|will|would|could|should|has|have|had) not"
    r"|(?:it|that|there|he|she) is|(?:you|we|they) (?:are|will|have)|i (?:am|will|have|would))\b"
)
_CONTRACTED: Final = ("'t", "'s", "'re", "'ve", "'ll", "'d", "'m")


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


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


def measure(question: str, reply: str) -> tuple[float, ...]:
    """The value of each of ``FEATURES``. All finite; those of an empty reply are almost all 0."""
    text = _bounded(reply)
    spoken = words(text)
    count = max(1, len(spoken))
    letters = sum(map(len, spoken))
    capitals = sum(map(str.isupper, text))
    first = next((c for c in text if c.isalpha()), "")
    bare = _END.sub("", text)
    last = bare[-1:]
    log_words = math.log1p(len(spoken))
    list_lines = len(_LIST_LINE.findall(text))
    asked = {word for word in words(_bounded(question)) if len(word) > 3}
    contracted = sum("'" in word and word.endswith(_CONTRACTED) for word in spoken)
    return (
        log_words,
        (log_words - 4.0) ** 2,
        math.log1p(len(_SENTENCE.findall(text))),
        math.log1p(text.strip().count("\n")),
        math.log1p(list_lines),
        float(list_lines >= 2),
        math.log1p(len(_EMOJI.findall(text))),
        capitals / max(1, letters),
        float(bool(letters) and not capitals),
        float(first.islower()),
        float(last in "?？") if last else 0.0,
        float(last in "!！") if last else 0.0,
        float(last.isalnum() or last in ",:;-") if last else 0.0,
        math.log1p(text.count("?")),
        math.log1p(text.count("!")),
        contracted / count,
        float(contracted > 0),
        len(_FULL_FORM.findall(text.lower())) / count,
        _share(spoken, _FORMAL),
        _share(spoken, _CASUAL),
        _share(spoken, _SECOND),
        _share(spoken, _FIRST),
        float(not _GREETING.isdisjoint(spoken[:2])),
        math.log1p(len(_DIGIT.findall(text))),
        float("```" in text),
        float(bool(_LINK.search(text))),
        float(bool(_BOLD.search(text))),
        letters / count,
        len(asked.intersection(spoken)) / max(1, len(asked)),
    )


def terms(reply: str) -> frozenset[str]:
    """The words of a reply, and the one to three words at its beginning (``^…``) and end (``…$``).

    Emoji count as words here.
    """
    text = _bounded(reply)
    spoken = words(text)
    ends = (" ".join(spoken[-size:]) + "$" for size in (1, 2, 3) if len(spoken) >= size)
    starts = ("^" + " ".join(spoken[:size]) for size in (1, 2, 3) if len(spoken) >= size)
    return frozenset((*spoken, *ends, *starts, *_EMOJI.findall(text)))


def words(text: str) -> list[str]:
    """Lower-cased, with a straight apostrophe; in any script that puts spaces between words."""
    return _WORD.findall(text.lower().replace("’", "'"))


def _bounded(text: str) -> str:
    if len(text) <= MAX_CHARS:
        return text
    return f"{text[: MAX_CHARS // 2]}\n{text[-MAX_CHARS // 2 :]}"


def _share(spoken: list[str], among: frozenset[str]) -> float:
    return _count(spoken, among) / max(1, len(spoken))


def _count(spoken: Iterable[str], among: frozenset[str]) -> int:
    return sum(word in among for word in spoken)
