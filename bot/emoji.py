"""Which emoji means what. Pure: emoji are the strings Discord writes them as.

Skin tones and variation selectors make no difference; a server's own emoji (``<:name:id>``, or just
its id in the settings) is known by its id, since names change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from bowerbird.storage.records import FeedbackKind

REGENERATE: Final = "🔄"
"""What DESIGN draws as ↻; Discord knows no such emoji (it refuses U+21BB)."""

STOP: Final = "⏹️"
_REGENERATE_TOO: Final = (REGENERATE, "🔁", "♻️")
_VARIANTS: Final = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_CUSTOM: Final = re.compile(r"(?:<a?:)?(?:\w+:)?(\d{15,20})>?")


def normalised(emoji: str) -> str:
    custom = _CUSTOM.fullmatch(emoji.strip())
    return custom[1] if custom else _VARIANTS.sub("", emoji.strip())


def is_stop(emoji: str) -> bool:
    """⏹, or 🛑, on a reply that goes on."""
    return normalised(emoji) in {normalised(STOP), "🛑"}


class VoteEmoji:
    """The emoji under each reply, and what people's reactions mean."""

    def __init__(self, positive: Iterable[str], negative: Iterable[str]) -> None:
        positive, negative = tuple(positive), tuple(negative)
        self.offered = (positive[0], negative[0], REGENERATE)
        self._kinds = {normalised(emoji): FeedbackKind.REGENERATE for emoji in _REGENERATE_TOO}
        self._kinds |= {normalised(emoji): FeedbackKind.DISLIKE for emoji in negative}
        self._kinds |= {normalised(emoji): FeedbackKind.LIKE for emoji in positive}

    def kind_of(self, emoji: str) -> FeedbackKind | None:
        return self._kinds.get(normalised(emoji))
