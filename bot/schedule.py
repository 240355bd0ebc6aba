"""When things happen by themselves: the night's training, and the retention clock.

A night is named by the local date of its scheduled time. `NightSchedule` runs the latest night
exactly when it has no record: at `NIGHTLY_AT` (cron), at start (the machine was off), and at a
quarter-hourly look (it was suspended, which stops the clock that cron waits on). A record is
written once the night is through, so a night that was cut off is taken up again. Where daylight
saving skips the time, the night comes as much later as was skipped; where it repeats, only the
first counts. It lasts ``budget`` at most; whom it has not reached by then comes first the next
night. Knows neither Discord nor how training works.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bowerbird.personalization.night_budget import NightBudget
from bowerbird.personalization.night_summary import NightSummary, summarize
from bowerbird.storage.store import Store, StoreError

if TYPE_CHECKING:
    from bowerbird.storage.records import AdapterVersion, Run

log = logging.getLogger(__name__)

Work = Callable[[], Coroutine[Any, Any, None]]

LAST_NIGHT: Final = "last_night"
"""Meta key: the latest night that is through."""
NIGHT_SPAN: Final = "last_night_span"
"""Meta key: ``<night> <since> <until>``, the time that the latest summary is about."""
LOOK_EVERY: Final = timedelta(minutes=15)

WHY_TRAINING_IS_OFF: Final = (
    "Training is off: Discord's Developer Policy forbids training on message content without "
    "Discord's express permission. Set TRAINING_ACKNOWLEDGED=true once you may."
)


class Nights(Protocol):
    """What the schedule needs of `personalization.nightly.Nightly`."""

    async def run_night(self, night: str, *, budget: NightBudget) -> list[Run]: ...

    async def resume(self, *, budget: NightBudget) -> list[Run]: ...


def moment_of(night: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant (UTC) of a night's scheduled local time.

    PEP 495 decides where the clocks change: a skipped time is read with the offset from before
    the change, a repeated one is the first.
    """
    return datetime.combine(night, at.replace(fold=0), zone).astimezone(UTC)


def latest_night(now: datetime, at: time, zone: ZoneInfo) -> date:
    """The latest night whose scheduled time is not after ``now``."""
    today = now.astimezone(zone).date()
    return today if moment_of(today, at, zone) <= now else today - timedelta(days=1)


def next_moment(now: datetime, at: time, zone: ZoneInfo) -> datetime:
    """When (UTC) the next night starts."""
    return moment_of(latest_night(now, at, zone) + timedelta(days=1), at, zone)


def _now() -> datetime:
    return datetime.now(UTC)


class NightSchedule:
    """Runs nights and the retention clock from `start` to `aclose`, on the running event loop.

    ``on_through`` is told what each night that is through brought, by scope, after it is recorded,
    so at most once.
    ``also_erase`` is asked with every turn of the retention clock.
    ``is_training``: the operator has acknowledged training; without it only retention runs.
    """

    def __init__(
        self,
        nights: Nights,
        store: Store,
        *,
        at: time,
        zone: ZoneInfo,
        retention_days: int,
        is_training: bool,
        budget: timedelta | None = None,
        on_through: Callable[[Mapping[int, NightSummary]], Awaitable[None]] | None = None,
        also_erase: Callable[[], Awaitable[None]] | None = None,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._nights = nights
        self._store = store
        self._at = at
        self._zone = zone
        self._retention = timedelta(days=retention_days)
        self._is_training = is_training
        self._budget_s = None if budget is None else budget.total_seconds()
        self._on_through = on_through
        self._also_erase = also_erase
        self._now = now
        self._scheduler: AsyncIOScheduler | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._one_at_a_time = asyncio.Lock()
        self._is_resumed = False

    @property
    def next_night(self) -> datetime | None:
        """When the next training starts (UTC), ``None`` while training is off."""
        return next_moment(self._now(), self._at, self._zone) if self._is_training else None

    def start(self) -> None:
        """Begin; what was missed is caught up with in the background."""
        if self._scheduler is not None:
            raise RuntimeError("the schedule has been started already")
        # The jobs must not be lost because the loop was busy for a second (the default grace).
        scheduler = AsyncIOScheduler(
            timezone=self._zone,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        scheduler.add_job(self._begin, IntervalTrigger(days=1), args=[self.erase_expired])
        self.spawn(self.erase_expired)
        if self._is_training:
            cron = CronTrigger(
                hour=self._at.hour,
                minute=self._at.minute,
                second=self._at.second,
                timezone=self._zone,
            )
            look = IntervalTrigger(seconds=int(LOOK_EVERY.total_seconds()))
            for trigger in (cron, look):
                scheduler.add_job(self._begin, trigger, args=[self.catch_up])
            self.spawn(self.catch_up)
            moment = next_moment(self._now(), self._at, self._zone).astimezone(self._zone)
            log.info("The next night starts at %s", moment.strftime("%Y-%m-%d %H:%M %Z"))
        else:
            log.info(WHY_TRAINING_IS_OFF)
        scheduler.start()
        self._scheduler = scheduler

    async def aclose(self) -> None:
        """Stop; a night that is running is cancelled and taken up at the next start."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def spawn(self, work: Work) -> None:
        """Do it in the background, until `aclose`; if it fails, the log has it."""
        task = asyncio.get_running_loop().create_task(self._guarded(work), name=work.__name__)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def catch_up(self) -> None:
        """Finish what a crash left (once), then run the latest night unless it is through."""
        if self._one_at_a_time.locked():
            return
        is_news = False
        budget = NightBudget(self._budget_s)
        async with self._one_at_a_time:
            if not self._is_resumed:
                if left := await self._nights.resume(budget=budget):
                    log.info("Took up %d training(s) that were cut off", len(left))
                self._is_resumed = True
            night = latest_night(self._now(), self._at, self._zone).isoformat()
            through = await self._store.get_meta(LAST_NIGHT)
            if through is None:
                # The first start: there was nobody to learn from last night.
                await self._store.set_meta(LAST_NIGHT, night)
            # Dates in ISO form compare as text. A later one: NIGHTLY_AT was moved back.
            elif through < night:
                await self._nights.run_night(night, budget=budget)
                await self._close(night)
                log.info("The night of %s is through: %s", night, in_words(await self._sum(night)))
                is_news = True
        if is_news and self._on_through is not None:
            await self._on_through(await self.summaries(night))

    async def summaries(self, night: str) -> dict[int, NightSummary]:
        """What a night brought, by scope; versions taken back since the one before count.

        From the store, so after a restart as well. Raises ``StoreError``.
        """
        runs, back = await self._record(night)
        scopes = {run.scope_id for run in runs} | {version.scope_id for version in back}
        return {
            scope_id: summarize(
                night,
                [run for run in runs if run.scope_id == scope_id],
                sum(version.scope_id == scope_id for version in back),
            )
            for scope_id in sorted(scopes)
        }

    async def last_summary(self, scope_id: int | None = None) -> NightSummary | None:
        """What the latest night that is through brought, in one scope or in all.

        ``None`` before the first. Raises ``StoreError``.
        """
        night = await self._store.get_meta(LAST_NIGHT)
        if night is None:
            return None
        if scope_id is None:
            return await self._sum(night)
        return (await self.summaries(night)).get(scope_id) or summarize(night, ())

    async def _sum(self, night: str) -> NightSummary:
        runs, back = await self._record(night)
        return summarize(night, runs, len(back))

    async def _record(self, night: str) -> tuple[list[Run], list[AdapterVersion]]:
        since, until = await self._span(night)
        back = await self._store.rolled_back_since(since)
        in_time = [one for one in back if one.rolled_back_at and one.rolled_back_at < until]
        return await self._store.runs(night), in_time

    async def _close(self, night: str) -> None:
        since, _ = await self._span(night)
        span = f"{night} {since.isoformat()} {self._now().isoformat()}"
        await self._store.set_meta(NIGHT_SPAN, span)
        await self._store.set_meta(LAST_NIGHT, night)

    async def _span(self, night: str) -> tuple[datetime, datetime]:
        """From when until when what votes take back is this night's to tell: each once."""
        noted = await self._store.get_meta(NIGHT_SPAN)
        if noted is None:
            eve = date.fromisoformat(night) - timedelta(days=1)
            return moment_of(eve, self._at, self._zone), self._now()
        name, *moments = noted.split()
        since, until = map(datetime.fromisoformat, moments)
        return (since, until) if name == night else (until, self._now())

    async def erase_expired(self) -> None:
        """Erase replies older than the retention allows, and what else has had its time."""
        erased = await self._store.erase_before(self._now() - self._retention)
        if erased:
            log.info("Erased %d replies past the retention of %s", erased, self._retention)
        if self._also_erase is not None:
            await self._also_erase()

    async def _begin(self, work: Work) -> None:
        """A job of APScheduler's, over at once: it would warn of a night that outlasts a look,
        and abandon a job's task at shutdown."""
        self.spawn(work)

    async def _guarded(self, work: Work) -> None:
        try:
            await work()
        except StoreError as error:
            log.error("%s could not be done: %s", work.__name__, error)
        except Exception:
            # The next look tries again; one bad night must not end the schedule.
            log.exception("%s could not be done", work.__name__)


def in_words(night: NightSummary) -> str:
    """One line for the log."""
    counts = {
        "promoted": night.promoted,
        "rejected": night.rejected,
        "failed": night.failed,
        "cancelled": night.cancelled,
        "not reached (first the next night)": night.postponed,
        "taken back": night.rolled_back,
    }
    said = [f"{count} {what}" for what, count in counts.items() if count]
    if night.people_per_hour is not None:
        said.append(f"{night.people_per_hour:.1f} people per hour")
    return ", ".join(said) or "nobody was due"
