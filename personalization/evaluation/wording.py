"""Plain looks at a text, and small edits of it: what the traits are made of.

Contract: pure functions of text, no randomness; every edit ends in text, never in nothing, if there
were words. Knows no person and no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_LIST_MARK: Final = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+(?=\S)")
_EMOJI: Final = re.compile(
    "[\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff\u2600-\u27bf\u2b50\u2b55]\ufe0f?"
)
_TRAILING: Final = re.compile(rf"(?:\s|\ufe0f|\u200d|{_EMOJI.pattern})+$")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+")
_MARK_ALONE: Final = re.compile(r"(?:[-*•]|\d+[.)])")

_CONTRACTION: Final = re.compile(r"\b[a-z]+(?:n't|'(?:s|re|ll|ve|d|m))\b", re.IGNORECASE)
_IRREGULAR: Final = {
    "can't": "cannot",
    "won't": "will not",
    "shan't": "shall not",
    "let's": "let us",
    "ain't": "is not",
}
_ENDINGS: Final = (
    ("n't", " not"),
    ("'re", " are"),
    ("'ll", " will"),
    ("'ve", " have"),
    ("'d", " would"),
    ("'m", " am"),
)
_IS_BEFORE_S: Final = frozenset(
    ("it", "that", "he", "she", "there", "here", "what", "who", "where", "how", "when", "this")
)


def words(text: str) -> list[str]:
    """What is between spaces, list marks and lone signs left out."""
    return [word for word in text.split() if any(map(str.isalnum, word))]


def sentences(text: str) -> list[str]:
    """Sentences and list lines, in order, without list marks; a lone "1." is no sentence."""
    lines = (_LIST_MARK.sub("", line).strip() for line in text.splitlines())
    parts = (part.strip() for line in lines for part in _SENTENCE_END.split(line))
    return [part for part in parts if words(part) and not _MARK_ALONE.fullmatch(part)]


def list_lines(text: str) -> int:
    return sum(bool(_LIST_MARK.match(line)) for line in text.splitlines())


def without_list(text: str) -> str:
    return " ".join(sentences(text)) if list_lines(text) else text


def as_list(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def cut_to(text: str, limit: int) -> str:
    """Whole sentences up to ``limit`` words; if the first is longer, its beginning."""
    kept: list[str] = []
    room = limit
    is_list = list_lines(text) > 1
    for sentence in sentences(text):
        part = words(sentence)
        if is_list and len(kept) < 2:  # a list stays one
            part = part[: limit // 2]
        elif not kept:
            part = part[:limit]
        if len(part) > room:
            break
        kept.append(ended(sentence if len(part) == len(words(sentence)) else " ".join(part)))
        room -= len(part)
    if not kept:
        return text
    return as_list(kept) if is_list else " ".join(kept)


def ended(text: str) -> str:
    """``text`` with an end: a full stop where there is none."""
    text = text.rstrip(" ,;:-–—*")
    return text if text.endswith((".", "!", "?")) else f"{text}."


def emoji_count(text: str) -> int:
    return len(_EMOJI.findall(text))


def without_emoji(text: str) -> str:
    return re.sub(r"[ \t]{2,}", " ", _EMOJI.sub("", text)).strip()


def without_trailing_emoji(text: str) -> str:
    return _TRAILING.sub("", text)


def contractions(text: str) -> int:
    """ "it's", "don't", … and not the possessive "dog's"."""
    return sum(map(_is_contraction, _CONTRACTION.findall(_straight(text))))


def without_contractions(text: str) -> str:
    def expanded(found: re.Match[str]) -> str:
        word = found[0]
        if not _is_contraction(word):
            return word
        return _expand(word)

    return _CONTRACTION.sub(expanded, _straight(text))


def _is_contraction(word: str) -> bool:
    stem, _, ending = word.lower().rpartition("'")
    return ending != "s" or stem in _IS_BEFORE_S or stem == "let"


def _expand(word: str) -> str:
    lower = word.lower()
    long = _IRREGULAR.get(lower)
    if long is not None:
        return long.capitalize() if word[0].isupper() else long
    for ending, full in _ENDINGS:
        if lower.endswith(ending):
            return word[: -len(ending)] + full
    return word[:-2] + " is"


def _straight(text: str) -> str:
    return text.replace("\u2019", "'")


def capitalised_words(text: str) -> int:
    return sum(any(map(_is_capital, word)) for word in words(text))


def starts_upper(text: str) -> bool:
    return _is_capital(next((char for char in text if char.isalpha()), ""))


def _is_capital(char: str) -> bool:
    """Of which there is a small letter: mathematical alphabets have none."""
    return char.isupper() and char != char.lower()


def capitalise_sentences(text: str) -> str:
    return re.sub(
        r"(^|[.!?]\s+|\n\s*(?:[-*•]\s+|\d+[.)]\s+)?)([^\W\d_])",
        lambda found: found[1] + found[2].upper(),
        text,
    )


def has_word(text: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE) is not None


def without_word(text: str, word: str) -> str:
    cut = re.sub(rf"\b{re.escape(word)}\b,?[ \t]*", "", text, flags=re.IGNORECASE).strip()
    return capitalise_first(cut) if starts_upper(text) else cut


def capitalise_first(text: str) -> str:
    at = next((i for i, char in enumerate(text) if char.isalpha()), None)
    return text if at is None else text[:at] + text[at].upper() + text[at + 1 :]
