"""Discord's ids: 64-bit snowflakes (milliseconds since 2015 in the top 42 bits, a counter below).

Contract: ids from one `Snowflakes` rise strictly, so that "newer" and "greater" are the same thing,
which message history (`before`, `after`) relies on. Knows nothing of what the ids name.
Source: https://discord.com/developers/docs/reference#snowflakes
"""

from __future__ import annotations

import time

DISCORD_EPOCH_MS = 1_420_070_400_000


class Snowflakes:
    """Makes ids. Not thread-safe: a playground lives on one event loop."""

    def __init__(self) -> None:
        self._last = 0

    def next(self, moment_s: float | None = None) -> int:
        """A new id, made now (or at ``moment_s``, seconds since the Unix epoch)."""
        moment_s = time.time() if moment_s is None else moment_s
        now = (int(moment_s * 1000) - DISCORD_EPOCH_MS) << 22
        self._last = max(now, self._last + 1)
        return self._last


def created_at_s(snowflake: int) -> float:
    """Seconds since the Unix epoch at which the id was made."""
    return ((snowflake >> 22) + DISCORD_EPOCH_MS) / 1000
