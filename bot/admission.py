"""Whether a question is answered: where it is asked, by whom, how soon after the last one.

Contract: what a server's admins set (`ServerSettings`), and the operator for direct messages and
for everybody (`Limits`), is applied here and nowhere else. A question that is admitted is counted
at once, so many at the same time cannot slip through; tokens are counted when they are made, so
the replies going on may overdraw a budget. How many replies somebody had today outlives a restart
for people who let us keep their exchanges (they are counted there); of everybody else only a
number is known, in memory, until midnight in the operator's time zone. Replies are counted per
scope, as learning is. How many wait, and whose turn it is, is the engine's. Knows no Discord.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from math import ceil
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from bowerbird.bot.catalogue import Sentence
from bowerbird.bot.servers import ServerBook
from bowerbird.bot.token_budget import Memory, TokenBudget
from bowerbird.storage.records import ServerSettings

TELL_EVERY_S: Final = 600.0
"""How often one person is told why they get no answer; in between we are silent."""
_PEOPLE_KEPT: Final = 10_000
_ROLES_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """The operator's; 0 switches one off. In direct messages nobody else could set any.

    ``daily_tokens``: for each server, and for each person in direct messages; a server's admins
    can set less for theirs.
    """

    dm_cooldown_s: int = 0
    dm_daily_replies: int = 0
    daily_tokens: int = 0


class Ledger(Memory, Protocol):
    """What is needed of the store."""

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

    sentence: Sentence
    is_news: bool


def _now() -> datetime:
    return datetime.now(UTC)


class Admission:
    """``now`` dates the replies, ``clock`` (seconds) measures pauses; tests set them."""

    def __init__(
        self,
        servers: ServerBook,
        ledger: Ledger,
        zone: ZoneInfo,
        limits: Limits = Limits(),
        *,
        now: Callable[[], datetime] = _now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._servers = servers
        self._ledger = ledger
        self._zone = zone
        self._limits = limits
        self._now = now
        self._clock = clock
        self._is_draining = False
        self._budget = TokenBudget(ledger, self._date)
        self._today: date | None = None
        self._replies: dict[tuple[int, int], int] = {}
        self._asked: OrderedDict[tuple[int, int], float] = OrderedDict()
        self._told: OrderedDict[tuple[int, int], float] = OrderedDict()
        self._last_question: dict[int, float] = {}

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
            return Refusal(
                Sentence("admission-draining"), self._is_news(asker.server_id or 0, asker.user_id)
            )
        settings = await self._settings_for(asker)
        tokens = 0
        if settings.daily_tokens:
            tokens = await self._budget.used(asker.server_id, asker.user_id)
        if settings.daily_replies:
            await self._recall(asker)
        # Nothing is awaited from here on: what is checked is still true when it is counted.
        server_id = asker.server_id or 0
        sentence = self._why_not(settings, asker, server_id, tokens)
        if sentence is not None:
            return Refusal(sentence, self._is_news(server_id, asker.user_id))
        if settings.daily_replies:
            self._replies[asker.scope_id, asker.user_id] += 1
        if settings.cooldown_s:
            _note(self._asked, (server_id, asker.user_id), self._clock())
        if settings.server_cooldown_s:
            self._last_question[server_id] = self._clock()
        return None

    def spend(self, server_id: int | None, user_id: int, tokens: int) -> None:
        """So many tokens were made for this person on this server (``None``: in a DM)."""
        self._budget.spend(server_id, user_id, tokens)

    async def _settings_for(self, asker: Asker) -> ServerSettings:
        """The server's, or what the operator set for direct messages in the same terms."""
        ours = self._limits
        if asker.server_id is None:
            return ServerSettings(
                cooldown_s=ours.dm_cooldown_s,
                daily_replies=ours.dm_daily_replies,
                daily_tokens=ours.daily_tokens,
            )
        settings = await self._servers.of(asker.server_id)
        limits = [limit for limit in (ours.daily_tokens, settings.daily_tokens) if limit]
        return replace(settings, daily_tokens=min(limits, default=0))

    def _why_not(
        self, settings: ServerSettings, asker: Asker, server_id: int, tokens: int
    ) -> Sentence | None:
        roles = settings.allowed_roles
        if roles and roles.isdisjoint(asker.role_ids):
            named = [f"<@&{role_id}>" for role_id in sorted(roles)[:_ROLES_NAMED]]
            more = ", …" if len(roles) > _ROLES_NAMED else ""
            return Sentence("admission-role", roles=", ".join(named) + more)
        again = f"<t:{int(self._midnight(days=1).timestamp())}:R>"
        limit = settings.daily_replies
        if limit and self._replies[asker.scope_id, asker.user_id] >= limit:
            return Sentence("admission-no-more-today", limit=limit, again=again)
        if settings.daily_tokens and tokens >= settings.daily_tokens:
            return Sentence("admission-no-tokens", limit=settings.daily_tokens, again=again)
        wait = self._wait(self._asked.get((server_id, asker.user_id)), settings.cooldown_s)
        if wait:
            return Sentence("admission-too-soon", pause=settings.cooldown_s, wait=wait)
        wait = self._wait(self._last_question.get(server_id), settings.server_cooldown_s)
        if wait:
            return Sentence("admission-too-many", pause=settings.server_cooldown_s, wait=wait)
        return None

    def _wait(self, last: float | None, pause_s: int) -> int:
        """Whole seconds until ``pause_s`` after ``last`` are over; 0: they are."""
        return 0 if last is None else max(0, ceil(last + pause_s - self._clock()))

    async def _recall(self, asker: Asker) -> None:
        """Make sure that we know how many replies they had today."""
        today = self._date()
        if today != self._today:
            self._today = today
            self._replies.clear()
        key = (asker.scope_id, asker.user_id)
        if key not in self._replies:
            kept = await self._ledger.replies_since(*key, self._midnight())
            if today == self._today:
                self._replies.setdefault(key, kept)  # another question may have been faster
            else:
                await self._recall(asker)

    def _date(self) -> date:
        return self._now().astimezone(self._zone).date()

    def _midnight(self, days: int = 0) -> datetime:
        midnight = datetime.combine(self._date() + timedelta(days=days), time_of_day(), self._zone)
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
