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

_CLOSERS: Final = r"[\"'”’)\]*_~`\ufe0f\U0001f300-\U0001faff\u2600-\u27bf]*"
# Not "1." of a list; and not the line that announces one.
_SENTENCE = re.compile(rf"(?:(?<!\d)\.|[!?…。！？]){_CLOSERS}(?=\s)\s?|(?<![:\n])\n+")
_IS_OVER = re.compile(rf"[.!?…。！？]{_CLOSERS}\s*$")


class Ending:
    """Text goes in as it is made and comes out as it may be read. One per reply."""

    def __init__(self, max_new_tokens: int) -> None:
        self._steady_tokens = int(max_new_tokens * (1 - MAX_LOSS))
        self._held = ""
        self._is_at_sentence = False

    def push(self, text: str, tokens: int) -> str:
        """``tokens``: of the whole reply so far, ``text`` included."""
        self._held += text
        cut = len(self._held)
        if tokens > self._steady_tokens:
            cut = max((found.end() for found in _SENTENCE.finditer(self._held)), default=0)
            self._is_at_sentence |= cut > 0
        given, self._held = self._held[:cut], self._held[cut:]
        return given

    def rest(self, reason: FinishReason) -> str:
        """What follows once the reply is over."""
        rest, self._held = self._held, ""
        if reason is not FinishReason.LENGTH or _IS_OVER.search(rest):
            return rest
        if self._is_at_sentence:
            return ""
        return rest.rstrip() + ELLIPSIS
