"""How much of what each version replied was liked: votes to a picture, in somebody's language.

Contract: pure, and blocking for some milliseconds (see `charts`). Knows no Discord.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bowerbird.bot import charts, reports
from bowerbird.bot.catalogue import Language
from bowerbird.storage.records import VersionVotes

CHARTED: Final = 12
"""The newest versions only."""


def liked(language: Language, votes: Sequence[VersionVotes], title: str) -> bytes:
    """A bar for each version; ``title`` is the key of what stands above them."""
    rows = []
    for found in votes[-CHARTED:]:
        label = language("my-chart-base")
        if found.version is not None:
            label = language("my-chart-version", number=found.version)
        share, number = reports.share(found), found.likes + found.dislikes
        note = language("my-chart-note", share=share, likes=found.likes, votes=number)
        rows.append(charts.Bar(label, share, note))
    return charts.bars(language(title), rows)
