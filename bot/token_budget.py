"""How many tokens were written today: on each server, and for each person in direct messages.

Contract: whatever was made counts, also of a reply that was stopped or withdrawn. A day ends when
``today`` says so. A server's number outlives a restart, up to the last question asked there before
it; a person's is in memory only, since nothing of people is stored unasked. Knows no limit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Protocol


class Memory(Protocol):
    """The one thing needed of the store."""

    async def get_meta(self, key: str) -> str | None: ...

    async def set_meta(self, key: str, value: str) -> None: ...


class TokenBudget:
    """Today's tokens."""

    def __init__(self, memory: Memory, today: Callable[[], date]) -> None:
        self._memory = memory
        self._today = today
        self._day = today()
        self._made: Counter[int] = Counter()
        """Since the start, or midnight; by server, in a DM by person (snowflakes are unique)."""
        self._before: dict[int, int] = {}
        """On each server, before the start."""
        self._stored: dict[int, int] = {}

    def spend(self, server_id: int | None, user_id: int, tokens: int) -> None:
        """So many more were made for this person there (``None``: in a DM)."""
        self._begin_day()
        self._made[server_id or user_id] += tokens

    async def used(self, server_id: int | None, user_id: int) -> int:
        """Today's so far."""
        self._begin_day()
        if server_id is None:
            return self._made[user_id]
        day, key = self._day, f"tokens:{server_id}"
        if server_id not in self._before:
            written_on, _, number = (await self._memory.get_meta(key) or "").partition(" ")
            if day != self._day:
                return await self.used(server_id, user_id)
            is_todays = written_on == day.isoformat()
            self._before.setdefault(server_id, int(number) if is_todays else 0)
        total = self._before[server_id] + self._made[server_id]
        if total != self._stored.get(server_id, self._before[server_id]):
            self._stored[server_id] = total
            await self._memory.set_meta(key, f"{day.isoformat()} {total}")
        return total

    def _begin_day(self) -> None:
        if (today := self._today()) != self._day:
            self._day = today
            for numbers in (self._made, self._before, self._stored):
                numbers.clear()
