"""Whether a question is answered: where it is asked, by whom, how soon after the last one.

Contract: what a server's admins set (`ServerSettings`) is applied here and nowhere else. A
question that is admitted is counted at once, so many at the same time cannot slip through. How
many replies somebody had today outlives a restart for people who let us keep their exchanges
(they are counted there); of everybody else only a number is known, in memory, until midnight in
the operator's time zone. Counting is per scope, as learning is. How many wait, and whose turn it
is, is the engine's. Knows no Discord.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from math import ceil
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from bowerbird.bot.servers import ServerBook
from bowerbird.storage.records import ServerSettings

TELL_EVERY_S: Final = 600.0
"""How often one person is told why they get no answer; in between we are silent."""
_PEOPLE_KEPT: Final = 10_000
_ROLES_NAMED: Final = 5

DRAINING = "I am about to be restarted; please ask again in a few minutes."
WRONG_ROLE = "On this server I answer people with {roles} only."
TOO_SOON = (
    "One moment, please: on this server I answer each person every {pause} seconds. "
    "Ask again in {wait} s."
)
NO_MORE_TODAY = (
    "That was my last one for you today: the server's limit is {limit} replies a person and day. "
    "I answer again <t:{again}:R>."
)


class ReplyCount(Protocol):
    """The one thing needed of the store."""

    async def replies_since(self, scope_id: int, user_id: int, moment: datetime) -> int: ...


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, on which server (``None``: in a DM), with which roles."""

    server_id: int | None
    scope_id: int
    user_id: int
    role_ids: Set[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not. ``is_news``: they have not been told in the last while."""

    sentence: str
    is_news: bool


def _now() -> datetime:
    return datetime.now(UTC)


class Admission:
    """``now`` dates the replies, ``clock`` (seconds) measures pauses; tests set them."""

    def __init__(
        self,
        servers: ServerBook,
        count: ReplyCount,
        zone: ZoneInfo,
        *,
        now: Callable[[], datetime] = _now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._servers = servers
        self._count = count
        self._zone = zone
        self._now = now
        self._clock = clock
        self._is_draining = False
        self._today: date | None = None
        self._replies: dict[tuple[int, int], int] = {}
        self._asked: OrderedDict[tuple[int, int], float] = OrderedDict()
        self._told: OrderedDict[tuple[int, int], float] = OrderedDict()

    @property
    def is_draining(self) -> bool:
        """Whether nobody is admitted any more."""
        return self._is_draining

    def drain(self, is_draining: bool = True) -> None:
        """Admit nobody from now on (or again); what has been admitted is not touched."""
        self._is_draining = is_draining

    async def is_open(self, server_id: int | None, place_ids: Set[int]) -> bool:
        """Whether we answer there. ``place_ids``: the channel, what it is part of, its category."""
        settings = await self._servers.of(server_id)
        if not settings.blocked_channels.isdisjoint(place_ids):
            return False
        allowed = settings.allowed_channels
        return not allowed or not allowed.isdisjoint(place_ids)

    async def refusal(self, asker: Asker) -> Refusal | None:
        """Why this question is not answered; ``None`` if it is, and then it is counted."""
        if self._is_draining:
            return Refusal(DRAINING, self._is_news(asker.server_id or 0, asker.user_id))
        if asker.server_id is None:
            return None
        settings = await self._servers.of(asker.server_id)
        if settings.daily_replies:
            await self._recall(asker)
        # Nothing is awaited from here on: what is checked is still true when it is counted.
        sentence = self._why_not(settings, asker, asker.server_id)
        if sentence is not None:
            return Refusal(sentence, self._is_news(asker.server_id, asker.user_id))
        if settings.daily_replies:
            self._replies[asker.scope_id, asker.user_id] += 1
        if settings.cooldown_s:
            _note(self._asked, (asker.server_id, asker.user_id), self._clock())
        return None

    def _why_not(self, settings: ServerSettings, asker: Asker, server_id: int) -> str | None:
        roles = settings.allowed_roles
        if roles and roles.isdisjoint(asker.role_ids):
            named = [f"<@&{role_id}>" for role_id in sorted(roles)[:_ROLES_NAMED]]
            more = ", …" if len(roles) > _ROLES_NAMED else ""
            return WRONG_ROLE.format(roles=", ".join(named) + more)
        last = self._asked.get((server_id, asker.user_id))
        wait = 0.0 if last is None else last + settings.cooldown_s - self._clock()
        if wait > 0:
            return TOO_SOON.format(pause=settings.cooldown_s, wait=ceil(wait))
        limit = settings.daily_replies
        if limit and self._replies[asker.scope_id, asker.user_id] >= limit:
            again = int(self._midnight(days=1).timestamp())
            return NO_MORE_TODAY.format(limit=limit, again=again)
        return None

    async def _recall(self, asker: Asker) -> None:
        """Make sure that we know how many replies they had today."""
        today = self._now().astimezone(self._zone).date()
        if today != self._today:
            self._today = today
            self._replies.clear()
        key = (asker.scope_id, asker.user_id)
        if key not in self._replies:
            kept = await self._count.replies_since(*key, self._midnight())
            if today == self._today:
                self._replies.setdefault(key, kept)  # another question may have been faster
            else:
                await self._recall(asker)

    def _midnight(self, days: int = 0) -> datetime:
        today = self._now().astimezone(self._zone).date()
        midnight = datetime.combine(today + timedelta(days=days), time_of_day(), self._zone)
        return midnight.astimezone(UTC)

    def _is_news(self, server_id: int, user_id: int) -> bool:
        key, moment = (server_id, user_id), self._clock()
        told = self._told.get(key)
        if told is not None and moment - told < TELL_EVERY_S:
            return False
        _note(self._told, key, moment)
        return True


def _note(
    moments: OrderedDict[tuple[int, int], float], key: tuple[int, int], moment: float
) -> None:
    """Remember the latest moment of so many people."""
    moments[key] = moment
    moments.move_to_end(key)
    if len(moments) > _PEOPLE_KEPT:
        moments.popitem(last=False)
