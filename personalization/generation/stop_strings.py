"""Ends a reply before certain words, which may arrive in pieces.

The reply ends with the first stop string that is complete; of those complete with the same
character the longest counts, so that how text is cut into pieces makes no difference. Text that
may be the beginning of one is held back until it is known. Knows no tokens.
"""

from __future__ import annotations

from collections.abc import Sequence


class StopStrings:
    """Of one reply. ``is_met``: nothing more is to be said."""

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self._stops = tuple(stops)
        self._held = ""
        self.is_met = False

    def push(self, text: str) -> str:
        """What can be said for sure now."""
        if not self._stops:
            return text
        if self.is_met:
            return ""
        text = self._held + text
        met = [(at + len(stop), at) for stop in self._stops if (at := text.find(stop)) >= 0]
        if met:
            self.is_met = True
            self._held = ""
            return text[: min(met)[1]]
        keep = len(text) - max(_overlap(text, stop) for stop in self._stops)
        self._held = text[keep:]
        return text[:keep]

    def rest(self) -> str:
        """What was held back, when the reply is over without having met one."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of ``text`` begin ``stop``."""
    for length in range(min(len(text), len(stop) - 1), 0, -1):
        if stop.startswith(text[-length:]):
            return length
    return 0
