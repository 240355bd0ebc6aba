"""Who is refused, for how long, and how often they are told. On a real store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bowerbird.bot.admission import TELL_EVERY_S, Admission, Asker, Limits
from bowerbird.bot.catalogue import english
from bowerbird.bot.servers import ServerBook
from bowerbird.storage.sql import SqlStore
from tests.storage.samples import ALICE, BOB, SCOPE, START, a_reply, consent

PLACE, CATEGORY, THREAD = 71, 72, 73
OTHER = SCOPE + 1
ROLE = 91
BERLIN = ZoneInfo("Europe/Berlin")


@dataclass
class Time:
    """Both clocks."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def clock(self) -> float:
        return self.seconds


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    opened = SqlStore(f"sqlite+aiosqlite:///{tmp_path / 'bowerbird.db'}")
    await opened.open()
    yield opened
    await opened.aclose()


@pytest.fixture
def servers(store: SqlStore) -> ServerBook:
    return ServerBook(store)


@pytest.fixture
def time() -> Time:
    return Time()


def admission_of(servers: ServerBook, store: SqlStore, time: Time, **limits: int) -> Admission:
    return Admission(servers, store, BERLIN, Limits(**limits), now=time.now, clock=time.clock)


async def why_not(admission: Admission, asker: Asker) -> str:
    refused = await admission.refusal(asker)
    assert refused is not None
    return english().say(refused.sentence)


@pytest.fixture
def admission(servers: ServerBook, store: SqlStore, time: Time) -> Admission:
    return admission_of(servers, store, time)


def asker(user_id: int = ALICE, *role_ids: int) -> Asker:
    return Asker(SCOPE, SCOPE, user_id, frozenset(role_ids))


async def test_where_nobody_decided_anything_everybody_is_answered(admission: Admission) -> None:
    assert await admission.is_open(SCOPE, {PLACE})
    assert all([await admission.refusal(asker()) is None for _ in range(50)])


async def test_channels(admission: Admission, servers: ServerBook) -> None:
    await servers.change(SCOPE, lambda old: replace(old, allowed_channels=frozenset({PLACE})))
    assert await admission.is_open(SCOPE, {THREAD, PLACE})  # a thread in an allowed channel
    assert not await admission.is_open(SCOPE, {THREAD})
    assert await admission.is_open(None, {THREAD})  # a DM
    await servers.change(SCOPE, lambda old: replace(old, blocked_channels=frozenset({CATEGORY})))
    assert not await admission.is_open(SCOPE, {PLACE, CATEGORY})  # blocked wins


async def test_roles(admission: Admission, servers: ServerBook) -> None:
    await servers.change(SCOPE, lambda old: replace(old, allowed_roles=frozenset({ROLE, 92})))
    assert await admission.refusal(asker(ALICE, 5, ROLE)) is None
    refused = await admission.refusal(asker(BOB, 5))
    assert refused is not None
    assert f"<@&{ROLE}>" in english().say(refused.sentence)


async def test_a_pause_between_questions(
    admission: Admission, servers: ServerBook, time: Time
) -> None:
    await servers.change(SCOPE, lambda old: replace(old, cooldown_s=30))
    assert await admission.refusal(asker()) is None
    time.seconds = 12.5
    refused = await admission.refusal(asker())
    assert refused is not None
    assert "every 30 seconds" in english().say(refused.sentence)
    assert "in 18 s" in english().say(refused.sentence)
    assert await admission.refusal(asker(BOB)) is None
    time.seconds = 30  # being refused does not prolong it
    assert await admission.refusal(asker()) is None


async def test_they_are_told_once_in_a_while(
    admission: Admission, servers: ServerBook, time: Time
) -> None:
    await servers.change(SCOPE, lambda old: replace(old, allowed_roles=frozenset({ROLE})))

    async def is_news(user_id: int) -> bool:
        refused = await admission.refusal(asker(user_id))
        assert refused is not None
        return refused.is_news

    assert [await is_news(ALICE), await is_news(ALICE), await is_news(BOB)] == [True, False, True]
    time.seconds = TELL_EVERY_S
    assert [await is_news(ALICE), await is_news(ALICE)] == [True, False]


async def test_so_many_replies_a_day_also_when_asked_at_once(
    admission: Admission, servers: ServerBook, time: Time
) -> None:
    await servers.change(SCOPE, lambda old: replace(old, daily_replies=3))
    answers = await asyncio.gather(*(admission.refusal(asker()) for _ in range(10)))
    assert [answer is None for answer in answers].count(True) == 3
    refused = await admission.refusal(asker())
    assert refused is not None
    midnight = datetime(2026, 11, 22, tzinfo=BERLIN)  # 23:00 UTC
    assert f"<t:{int(midnight.timestamp())}:R>" in english().say(refused.sentence)
    time.seconds = (midnight - START).total_seconds() - 1
    assert await admission.refusal(asker()) is not None
    time.seconds += 1
    assert await admission.refusal(asker()) is None


async def test_what_was_had_outlives_a_restart_for_those_who_agreed(
    servers: ServerBook, store: SqlStore, time: Time
) -> None:
    await servers.change(SCOPE, lambda old: replace(old, daily_replies=3))
    await consent(store, ALICE)
    midnight = datetime(2026, 11, 21, tzinfo=BERLIN).astimezone(UTC)
    for number, when in enumerate((midnight - timedelta(seconds=1), midnight, START)):
        assert await store.add_reply(a_reply(10 * number + 11, created_at=when))
    restarted = admission_of(servers, store, time)
    assert await restarted.refusal(asker()) is None
    assert await restarted.refusal(asker()) is not None
    await store.erase_messages([11, 21, 31])  # deleting is not a way around it
    assert await restarted.refusal(asker()) is not None


async def test_a_question_asked_while_the_day_changes_is_admitted(
    admission: Admission,
    servers: ServerBook,
    store: SqlStore,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await servers.change(SCOPE, lambda old: replace(old, daily_replies=1, daily_tokens=100))
    read = store.get_meta

    async def read_slowly(key: str) -> str | None:
        monkeypatch.setattr(store, "get_meta", read)
        time.seconds = 86_400.0
        assert await admission.refusal(asker(BOB)) is None  # begins the new day
        return await read(key)

    monkeypatch.setattr(store, "get_meta", read_slowly)
    assert await admission.refusal(asker()) is None
    assert await admission.refusal(asker()) is not None


async def test_a_limit_that_is_lifted_holds_nobody_back(
    admission: Admission, servers: ServerBook
) -> None:
    await servers.change(SCOPE, lambda old: replace(old, daily_replies=1, cooldown_s=600))
    assert await admission.refusal(asker()) is None
    assert await admission.refusal(asker()) is not None
    await servers.change(SCOPE, lambda old: replace(old, daily_replies=0, cooldown_s=0))
    assert await admission.refusal(asker()) is None


async def test_a_pause_for_a_whole_server(
    admission: Admission, servers: ServerBook, time: Time
) -> None:
    await servers.change(SCOPE, lambda old: replace(old, server_cooldown_s=4))
    assert await admission.refusal(asker()) is None
    time.seconds = 1
    assert "one question every 4 seconds. Ask again in 3 s" in await why_not(admission, asker(BOB))
    assert await admission.refusal(Asker(None, 0, BOB)) is None  # a DM is no part of it
    time.seconds = 4
    assert await admission.refusal(asker(BOB)) is None


async def test_direct_messages_have_the_operators_limits(
    servers: ServerBook, store: SqlStore, time: Time
) -> None:
    admission = admission_of(servers, store, time, dm_cooldown_s=10, dm_daily_replies=2)
    alice, bob = Asker(None, 0, ALICE), Asker(None, 0, BOB)
    assert await admission.refusal(alice) is None
    assert "every 10 seconds" in await why_not(admission, alice)
    assert await admission.refusal(bob) is None
    time.seconds = 10
    assert await admission.refusal(alice) is None
    time.seconds = 20
    assert "2 replies a person and day" in await why_not(admission, alice)
    assert all([await admission.refusal(asker()) is None for _ in range(5)])  # on a server


async def test_a_budget_of_tokens_is_each_servers_and_outlives_a_restart(
    servers: ServerBook, store: SqlStore, time: Time
) -> None:
    admission = admission_of(servers, store, time, daily_tokens=100)
    assert await admission.refusal(asker()) is None
    admission.spend(SCOPE, ALICE, 99)
    assert await admission.refusal(asker(BOB)) is None
    admission.spend(SCOPE, BOB, 1)  # the last reply may overdraw it
    midnight = datetime(2026, 11, 22, tzinfo=BERLIN)
    sentence = await why_not(admission, asker())
    assert "100 tokens" in sentence
    assert f"<t:{int(midnight.timestamp())}:R>" in sentence
    restarted = admission_of(servers, store, time, daily_tokens=100)
    assert await restarted.refusal(asker()) is not None
    assert await restarted.refusal(Asker(OTHER, OTHER, ALICE)) is None
    time.seconds = (midnight - START).total_seconds()
    assert await admission.refusal(asker()) is None
    assert await admission_of(servers, store, time, daily_tokens=100).refusal(asker()) is None


async def test_a_server_may_set_less_than_the_operator_and_not_more(
    servers: ServerBook, store: SqlStore, time: Time
) -> None:
    admission = admission_of(servers, store, time, daily_tokens=100)
    await servers.change(SCOPE, lambda old: replace(old, daily_tokens=50))
    admission.spend(SCOPE, ALICE, 60)
    assert "50 tokens" in await why_not(admission, asker())
    await servers.change(SCOPE, lambda old: replace(old, daily_tokens=5000))
    assert await admission.refusal(asker()) is None
    admission.spend(SCOPE, ALICE, 40)
    assert "100 tokens" in await why_not(admission, asker())


async def test_in_direct_messages_the_budget_is_each_persons(
    servers: ServerBook, store: SqlStore, time: Time
) -> None:
    admission = admission_of(servers, store, time, daily_tokens=100)
    admission.spend(None, ALICE, 100)
    assert "100 tokens" in await why_not(admission, Asker(None, 0, ALICE))
    assert await admission.refusal(Asker(None, 0, BOB)) is None
    assert await admission.refusal(asker()) is None
