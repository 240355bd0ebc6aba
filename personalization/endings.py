"""The end of a reply that runs out of tokens: at a sentence, or with an ellipsis.

Contract: what was given out is never taken back, so whoever reads along, the record and the votes
all see the same text. To that end a reply's last third is given out sentence by sentence. Knows
text and numbers of tokens only.
"""

from __future__ import annotations

import re
from typing import Final

from bowerbird.personalization.types import FinishReason

MAX_LOSS: Final = 1 / 3
"""A share of its tokens, at most, that a reply may lose at its end."""
ELLIPSIS: Final = "…"

_PICTURE: Final = r"[\U0001f300-\U0001faff\u2600-\u27bf]"
_CLOSERS: Final = rf"(?:[\"'”’)\]*_~`\ufe0f]|\s?{_PICTURE})*+"
# Not "1." of a list; and not the line that announces one.
_END: Final = rf"(?:(?<!\d)\.|[!?…。！？]){_CLOSERS}"
_LINE: Final = r"(?<![:\n])\n+"
_SENTENCE = re.compile(rf"{_END}(?=\s)\s?|{_LINE}")
_AT_SENTENCE = re.compile(rf"(?:{_END}\s*|{_LINE})$")
_IS_OVER = re.compile(rf"[.!?…。！？]{_CLOSERS}\s*$")
_SEEN_CHARS: Final = 8  # of what was given out, to tell where it stands


class Ending:
    """Text goes in as it is made and comes out as it may be read. One per reply."""

    def __init__(self, max_new_tokens: int) -> None:
        self._steady_tokens = int(max_new_tokens * (1 - MAX_LOSS))
        self._given = ""  # only its end
        self._held = ""

    def push(self, text: str, tokens: int) -> str:
        """``tokens``: of the whole reply so far, ``text`` included."""
        self._held += text
        cut = len(self._held)
        if tokens > self._steady_tokens:
            start = len(self._given)
            ends = _SENTENCE.finditer(self._given + self._held, start)
            cut = max((found.end() - start for found in ends), default=0)
        given, self._held = self._held[:cut], self._held[cut:]
        self._given = (self._given + given)[-_SEEN_CHARS:]
        return given

    def rest(self, reason: FinishReason) -> str:
        """What follows once the reply is over."""
        rest, self._held = self._held, ""
        if reason is not FinishReason.LENGTH or _IS_OVER.search(rest):
            return rest
        if _AT_SENTENCE.search(self._given):
            return ""
        return rest.rstrip() + ELLIPSIS
