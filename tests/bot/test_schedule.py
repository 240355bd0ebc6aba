"""The night runs once a night: with clocks that jump, machines that sleep, and nights that fail."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.bot.schedule import LAST_NIGHT, NightSchedule, latest_night, moment_of, next_moment
from bowerbird.personalization.night_budget import NightBudget
from bowerbird.storage.records import AdapterVersion, Run, RunState
from bowerbird.storage.store import StoreError
from tests.storage.samples import a_version

BERLIN = ZoneInfo("Europe/Berlin")
AT = time(2, 30)
SKIPPED = date(2026, 3, 29)  # 02:00 → 03:00
REPEATED = date(2026, 10, 25)  # 03:00 → 02:00


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Memory:
    """The methods of a store that the schedule needs."""

    def __init__(self, night: str | None = None) -> None:
        self.meta = {} if night is None else {LAST_NIGHT: night}
        self.erased: list[datetime] = []
        self.is_broken = False
        self.night: list[Run] = []
        self.taken_back: list[AdapterVersion] = []

    async def runs(self, night: str) -> list[Run]:
        return [run for run in self.night if run.night == night]

    async def rolled_back_since(self, moment: datetime) -> list[AdapterVersion]:
        return [version for version in self.taken_back if version.rolled_back_at >= moment]

    async def get_meta(self, key: str) -> str | None:
        if self.is_broken:
            raise StoreError("the disk is full; free some space")
        return self.meta.get(key)

    async def set_meta(self, key: str, value: str) -> None:
        self.meta[key] = value

    async def erase_before(self, moment: datetime) -> int:
        self.erased.append(moment)
        return 0


class Nights:
    def __init__(self) -> None:
        self.ran: list[str] = []
        self.resumed = 0
        self.began = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None
        self.budgets: list[NightBudget] = []

    async def run_night(self, night: str, *, budget: NightBudget) -> list:
        self.budgets.append(budget)
        self.began.set()
        await self.gate.wait()
        if self.error:
            raise self.error
        self.ran.append(night)
        return []

    async def resume(self, *, budget: NightBudget) -> list:
        self.budgets.append(budget)
        self.resumed += 1
        return []


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def schedule(nights: Nights, memory: Memory, clock: Clock, **options: object) -> NightSchedule:
    options = {"at": AT, "zone": BERLIN, "retention_days": 30, "is_training": True} | options
    return NightSchedule(nights, memory, now=clock, **options)


# --- when a night is ---------------------------------------------------------------------------


def test_a_skipped_time_comes_as_much_later() -> None:
    assert moment_of(SKIPPED, AT, BERLIN) == utc("2026-03-29T01:30")  # 03:30 summer time
    assert latest_night(utc("2026-03-29T01:29"), AT, BERLIN) == SKIPPED - timedelta(days=1)
    assert latest_night(utc("2026-03-29T01:30"), AT, BERLIN) == SKIPPED


def test_a_repeated_time_counts_once() -> None:
    first, second = utc("2026-10-25T00:30"), utc("2026-10-25T01:30")
    assert moment_of(REPEATED, AT, BERLIN) == first
    assert latest_night(first, AT, BERLIN) == latest_night(second, AT, BERLIN) == REPEATED
    assert next_moment(first, AT, BERLIN) == utc("2026-10-26T01:30")


@given(
    now=st.integers(0, 15 * 365 * 86400).map(
        lambda seconds: utc("2020-01-01T00:00") + timedelta(seconds=seconds)
    ),
    at=st.times().map(lambda at: at.replace(microsecond=0)),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"]),
)
def test_now_lies_between_the_latest_night_and_the_next(now: datetime, at: time, zone: str) -> None:
    where = ZoneInfo(zone)
    assert moment_of(latest_night(now, at, where), at, where) <= now < next_moment(now, at, where)


@pytest.mark.parametrize("day", [SKIPPED, REPEATED, date(2026, 7, 1)])
def test_cron_fires_at_the_moment_of_the_night(day: date) -> None:
    """Our arithmetic and APScheduler's must agree on the first firing of a night."""
    cron = CronTrigger(hour=AT.hour, minute=AT.minute, timezone=BERLIN)
    noon_before = datetime.combine(day - timedelta(days=1), time(12), BERLIN)
    fires = cron.get_next_fire_time(None, noon_before)
    assert fires.astimezone(UTC) == moment_of(day, AT, BERLIN)


# --- running it --------------------------------------------------------------------------------


async def test_a_night_slept_through_is_caught_up_with_once() -> None:
    nights, memory = Nights(), Memory("2026-11-18")
    plan = schedule(nights, memory, Clock(utc("2026-11-21T09:00")))
    await plan.catch_up()
    await plan.catch_up()
    assert nights.ran == ["2026-11-21"]
    assert memory.meta[LAST_NIGHT] == "2026-11-21"
    assert nights.resumed == 1


async def test_the_repeated_hour_runs_one_night() -> None:
    nights, memory = Nights(), Memory("2026-10-24")
    clock = Clock(utc("2026-10-25T00:30"))
    plan = schedule(nights, memory, clock)
    await plan.catch_up()
    clock.now = utc("2026-10-25T01:30")
    await plan.catch_up()
    assert nights.ran == ["2026-10-25"]


async def test_the_first_start_has_no_night_to_catch_up_with() -> None:
    nights, memory = Nights(), Memory()
    clock = Clock(utc("2026-11-21T09:00"))
    plan = schedule(nights, memory, clock)
    await plan.catch_up()
    assert nights.ran == []
    clock.now += timedelta(days=1)
    await plan.catch_up()
    assert nights.ran == ["2026-11-22"]


async def test_a_later_hour_set_in_the_evening_does_not_run_the_night_again() -> None:
    nights, memory = Nights(), Memory("2026-11-21")
    await schedule(nights, memory, Clock(utc("2026-11-21T18:00")), at=time(23, 0)).catch_up()
    assert nights.ran == []


async def test_a_failed_night_is_tried_again() -> None:
    nights, memory = Nights(), Memory("2026-11-20")
    plan = schedule(nights, memory, Clock(utc("2026-11-21T09:00")))
    nights.error = StoreError("the disk is full")
    with pytest.raises(StoreError):
        await plan.catch_up()
    assert memory.meta[LAST_NIGHT] == "2026-11-20"
    nights.error = None
    await plan.catch_up()
    assert nights.ran == ["2026-11-21"]


async def test_start_catches_up_and_aclose_cancels_a_running_night() -> None:
    nights, memory = Nights(), Memory("2026-11-20")
    nights.gate.clear()
    plan = schedule(nights, memory, Clock(utc("2026-11-21T09:00")))
    plan.start()
    async with asyncio.timeout(30):
        await nights.began.wait()
        await plan.catch_up()  # a look while the night runs: over at once
        await plan.aclose()
    assert nights.ran == []
    assert memory.meta[LAST_NIGHT] == "2026-11-20"
    assert memory.erased == [utc("2026-10-22T09:00")]


async def test_cron_starts_the_night() -> None:
    """With the real scheduler and clock: a night due in the next second or two."""
    nights, memory = Nights(), Memory("9999-01-01")
    at = (datetime.now(UTC) + timedelta(seconds=2)).time().replace(microsecond=0)
    plan = NightSchedule(
        nights, memory, at=at, zone=ZoneInfo("UTC"), retention_days=1, is_training=True
    )
    plan.start()
    try:
        async with asyncio.timeout(30):
            while not nights.resumed:  # the catch-up at start has looked, and found nothing
                await asyncio.sleep(0.01)
            memory.meta[LAST_NIGHT] = "2000-01-01"
            await nights.began.wait()
    finally:
        await plan.aclose()
    assert nights.began.is_set()


async def test_training_stays_off_without_acknowledgement(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    nights, memory = Nights(), Memory("2026-11-01")
    plan = schedule(nights, memory, Clock(utc("2026-11-21T09:00")), is_training=False)
    plan.start()
    async with asyncio.timeout(30):
        while not memory.erased:
            await asyncio.sleep(0)
    await plan.aclose()
    assert plan.next_night is None
    assert nights.ran == []
    assert nights.resumed == 0
    said = [
        record.message for record in caplog.records if "TRAINING_ACKNOWLEDGED" in record.message
    ]
    assert len(said) == 1


async def test_an_unusable_database_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    nights, memory = Nights(), Memory("2026-11-20")
    memory.is_broken = True
    plan = schedule(nights, memory, Clock(utc("2026-11-21T09:00")))
    plan.start()
    async with asyncio.timeout(30):
        while not any(record.levelname == "ERROR" for record in caplog.records):
            await asyncio.sleep(0)
    await plan.aclose()
    (record,) = (record for record in caplog.records if record.levelname == "ERROR")
    assert record.getMessage() == "catch_up could not be done: the disk is full; free some space"
    assert record.exc_info is None


# --- what it brought ---------------------------------------------------------------------------


async def test_a_night_lasts_no_longer_than_it_may() -> None:
    """What a crash left and what is due share one budget."""
    nights, memory = Nights(), Memory("2026-11-20")
    plan = schedule(
        nights, memory, Clock(utc("2026-11-21T09:00")), budget=timedelta(microseconds=1)
    )
    await plan.catch_up()
    resumed, spent = nights.budgets
    assert resumed is spent
    with spent.batch():
        await asyncio.sleep(0.001)
    assert not spent.has_room


def a_run(scope_id: int, state: RunState, minutes: int) -> Run:
    start = utc("2026-11-21T02:00")
    return Run(
        run_id=1,
        night="2026-11-21",
        scope_id=scope_id,
        user_id=10,
        state=state,
        attempts=1,
        version=None,
        detail="",
        created_at=start,
        finished_at=start + timedelta(minutes=minutes),
        started_at=None if state is RunState.POSTPONED else start,
    )


async def test_what_a_night_brought_is_told_and_can_be_read_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    nights, memory = Nights(), Memory("2026-11-20")
    memory.night = [
        a_run(5, RunState.PROMOTED, 10),
        a_run(5, RunState.REJECTED, 20),
        a_run(6, RunState.PROMOTED, 30),
        a_run(6, RunState.POSTPONED, 30),
    ]
    taken_back = a_version(3, scope=7)
    for moment in ("2026-11-20T00:00", "2026-11-21T01:00"):  # the first counted last night
        memory.taken_back.append(replace(taken_back, rolled_back_at=utc(moment)))
    plan = schedule(nights, memory, Clock(utc("2026-11-21T09:00")))
    await plan.catch_up()
    assert (
        "The night of 2026-11-21 is through: 2 promoted, 1 rejected, "
        "1 not reached (first the next night), 1 taken back, 6.0 people per hour"
    ) in caplog.text
    found = await plan.summaries("2026-11-21")
    assert {scope_id: night.promoted for scope_id, night in found.items()} == {5: 1, 6: 1, 7: 0}
    assert (found[6].postponed, found[7].rolled_back) == (1, 1)
    last = await plan.last_summary()
    assert last is not None
    assert (last.trained, last.seconds, last.people_per_hour) == (3, 1800.0, 6.0)
    assert await plan.last_summary(5) == found[5]
    nowhere = await plan.last_summary(8)
    assert nowhere is not None
    assert nowhere.is_empty
    assert nowhere.people_per_hour is None


async def test_what_is_taken_back_while_a_night_runs_is_told_once() -> None:
    nights, memory = Nights(), Memory("2026-11-20")
    clock = Clock(utc("2026-11-21T09:00"))
    plan = schedule(nights, memory, clock)
    await plan.catch_up()
    memory.taken_back = [
        replace(a_version(number), rolled_back_at=utc(f"2026-11-{moment}"))
        for number, moment in ((1, "21T08:59"), (2, "21T09:01"), (3, "22T02:00"))
    ]
    assert [night.rolled_back for night in (await plan.summaries("2026-11-21")).values()] == [1]
    clock.now = utc("2026-11-22T03:00")
    await plan.catch_up()
    assert [night.rolled_back for night in (await plan.summaries("2026-11-22")).values()] == [2]
