"""Runs of one person's training each, from queued to over.

Contract: every run ends in a state that is stored; one person's trouble never stops another's run;
nothing is published for a person who does not consent at that moment, or from texts that are gone
by then. One training at a time, over all processes that share the adapter folder. Knows no torch,
and not why somebody is trained.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from bowerbird.personalization import taste_change
from bowerbird.personalization.adapters import AdapterLibrary
from bowerbird.personalization.errors import PersonalizationError, TrainingInterruptedError
from bowerbird.personalization.night_budget import NightBudget
from bowerbird.personalization.publishing import CANCELLED, Ending, Publisher
from bowerbird.personalization.training.dataset import build_examples, is_covered
from bowerbird.personalization.training.executor import (
    TrainExecutor,
    TrainJob,
    TrainProgress,
    TrainRecipe,
    TrainResult,
    Verdict,
)
from bowerbird.personalization.training.pairs import are_covered, build_pairs
from bowerbird.storage.records import Consent, LabelledReply, Run, RunState
from bowerbird.storage.store import Store, StoreError

log = logging.getLogger(__name__)

MAX_ATTEMPTS: Final = 3
"""A run that was interrupted so often is given up for this night."""

PEOPLE_PER_BATCH: Final = 8
"""Jobs given to one worker: many enough to load the base seldom, few enough to fit in memory and to
let somebody's ``/retrain`` in between."""

POSTPONED: Final = Ending(
    RunState.POSTPONED, "the night's time was up; the next night begins with it"
)

OnProgress = Callable[[int, int, TrainProgress], None]
Outcome = tuple[Run, Verdict | None]


@dataclass(slots=True, eq=False)
class _Work:
    """A run of this process, from queued to over. ``done`` is resolved exactly once.

    ``remark`` is told beside the verdict.
    """

    run: Run
    done: asyncio.Future[Outcome]
    listeners: list[OnProgress] = field(default_factory=list)
    job: TrainJob | None = None
    remark: str = ""
    is_stale: bool = False
    is_cancelled: bool = False

    @property
    def pair(self) -> tuple[int, int]:
        return self.run.scope_id, self.run.user_id


class TrainingRuns:
    """Carries runs out. ``model_path``: what the trainer loads."""

    def __init__(
        self,
        store: Store,
        executor: TrainExecutor,
        adapters: AdapterLibrary,
        publisher: Publisher,
        *,
        recipe: TrainRecipe,
        model_path: str,
        interactions_only: bool,
        learns_from_sentiment: bool,
    ) -> None:
        self._store = store
        self._executor = executor
        self._adapters = adapters
        self._publisher = publisher
        self._recipe = recipe
        self._model_path = model_path
        self._interactions_only = interactions_only
        self._learns_from_sentiment = learns_from_sentiment
        self._turn = asyncio.Lock()
        self._concluding = asyncio.Lock()
        self._in_flight: dict[tuple[int, int], _Work] = {}

    @property
    def is_training(self) -> bool:
        """Whether somebody's adapter is being trained right now."""
        return self._turn.locked()

    async def labelled(self, scope_id: int, user_id: int) -> list[LabelledReply]:
        """What a training of this person reads."""
        return await self._store.labelled_replies(
            scope_id, user_id, interactions_only=self._interactions_only, with_silent=True
        )

    def joined(
        self, scope_id: int, user_id: int, on_progress: OnProgress | None
    ) -> asyncio.Future[Outcome] | None:
        """The end of this person's training that is queued or running here, if any."""
        work = self._in_flight.get((scope_id, user_id))
        return None if work is None else _join(work, on_progress).done

    async def cancel(self, user_id: int, scope_id: int | None) -> None:
        """End a person's queued and running trainings; nothing of them is published afterwards."""
        for work in list(self._in_flight.values()):
            if work.run.user_id == user_id and scope_id in {None, work.run.scope_id}:
                work.is_cancelled = True
                await self._executor.cancel(_job_id(work.run))
        async with self._concluding:  # a publish going on is seen through: what follows removes it
            pass
        for run in await self._store.unfinished_runs():
            if run.user_id == user_id and scope_id in {None, run.scope_id}:
                await self._store.finish_run(run.run_id, RunState.CANCELLED, detail="cancelled")

    # --- queueing -----------------------------------------------------------------------------

    async def carry_out(
        self, runs: Sequence[Run], on_progress: OnProgress | None, budget: NightBudget
    ) -> list[Outcome]:
        """Everything to its end, in the order given; what ``budget`` has no room for is postponed.

        For a person whose training is in another task's hands already, that one is waited for.
        """
        loop = asyncio.get_running_loop()
        mine: list[_Work] = []
        doubles: list[Run] = []
        awaited: list[asyncio.Future[Outcome]] = []
        for run in runs:
            pair = run.scope_id, run.user_id
            work = self._in_flight.get(pair)
            if run.state.is_over:
                work = _Work(run, loop.create_future())
                work.done.set_result((run, None))
            elif work is None:
                work = self._in_flight[pair] = _Work(run, loop.create_future())
                mine.append(work)
            elif work.run.run_id != run.run_id:
                doubles.append(run)
            awaited.append(_join(work, on_progress).done)
        await self._train_all(mine, budget)
        for run in doubles:
            detail = "another training of this person was under way"
            await self._store.finish_run(run.run_id, RunState.CANCELLED, detail=detail)
        return [await asyncio.shield(done) for done in awaited]

    async def _train_all(self, works: Sequence[_Work], budget: NightBudget) -> None:
        try:
            for start in range(0, len(works), PEOPLE_PER_BATCH):
                async with self._turn, self._adapters.exclusive():
                    if not budget.has_room:
                        await self._postpone(works[start:])
                        return
                    with budget.batch():
                        await self._train(works[start : start + PEOPLE_PER_BATCH])
        finally:
            for work in works:
                if not work.done.done():  # we are being stopped: the row stays open for `resume`
                    self._in_flight.pop(work.pair, None)
                    work.done.set_exception(
                        TrainingInterruptedError("interrupted; it goes on at the next start")
                    )
                    work.done.exception()  # retrieved, whether or not anybody joined

    async def _postpone(self, works: Sequence[_Work]) -> None:
        for work in works:
            stored = await self._stored(work.run)
            if work.is_cancelled or stored is None:
                await self._finish(work, CANCELLED)
            elif stored.state.is_over:
                self._resolve(work, stored, None)
            else:
                await self._finish(work, POSTPONED)

    # --- one batch ----------------------------------------------------------------------------

    async def _train(self, works: Sequence[_Work]) -> None:
        by_job: dict[str, _Work] = {}
        for work in works:
            try:
                work.job = await self._prepare(work)
            except Exception as error:  # noqa: BLE001  (one person never stops the others)
                await self._fail(work, error)
        for work in works:
            if work.job is not None and work.is_cancelled:  # while it was prepared
                await self._finish(work, CANCELLED)
            elif work.job is not None:
                by_job[work.job.job_id] = work
        jobs = [work.job for work in by_job.values() if work.job is not None]
        if not jobs:
            return
        try:
            async with aclosing(self._executor.run(jobs)) as events:
                async for event in events:
                    work = by_job[event.job_id]
                    if isinstance(event, TrainProgress):
                        _tell(work, event)
                    else:
                        await self._conclude(work, event)
        except TrainingInterruptedError:
            raise  # the rows stay open for `resume`
        except PersonalizationError as error:
            for work in by_job.values():
                if not work.done.done():
                    await self._fail(work, error)

    async def _prepare(self, work: _Work) -> TrainJob | None:
        """The job, or ``None`` if the run is over instead."""
        run = work.run
        stored = await self._stored(run)
        if work.is_cancelled or stored is None:
            await self._finish(work, CANCELLED)
            return None
        if stored.state.is_over:  # by another process, while we waited for our turn
            self._resolve(work, stored, None)
            return None
        if stored.attempts >= MAX_ATTEMPTS:
            detail = f"given up after being interrupted {stored.attempts} times"
            await self._finish(work, Ending(RunState.FAILED, detail))
            return None
        work.run = await self._store.start_run(run.run_id)
        person = await self._store.person(run.scope_id, run.user_id)
        if person.consent is not Consent.ON:
            await self._finish(work, Ending(RunState.CANCELLED, "personalization is not on"))
            return None
        work.is_stale = person.is_stale
        everything = await self.labelled(run.scope_id, run.user_id)
        labelled = await asyncio.to_thread(taste_change.current, everything)
        if len(labelled) < len(everything):
            said = (one.is_liked is not None or bool(one.correction) for one in labelled)
            work.remark = taste_change.reason(sum(said))
        examples = build_examples(labelled, with_sentiment=self._learns_from_sentiment)
        if not examples:
            detail = "there is nothing to learn from"
            if work.is_stale:
                await self._publisher.back_to_base(work.pair)
                detail = "all that was learned from is gone, so replies are the base model's again"
            await self._finish(work, Ending(RunState.CANCELLED, detail))
            return None
        candidate = self._adapters.candidate_dir(run.run_id)
        await self._adapters.discard(candidate)
        incumbent = await self._adapters.active(run.scope_id, run.user_id)
        return TrainJob(
            job_id=_job_id(run),
            base_model=self._model_path,
            candidate_dir=str(candidate),
            examples=examples,
            recipe=self._recipe,
            incumbent_dir=str(incumbent.path) if incumbent is not None else None,
            pairs=build_pairs(labelled),
        )

    async def _conclude(self, work: _Work, result: TrainResult) -> None:
        async with self._concluding:
            try:
                await self._decide(work, result)
            except Exception as error:  # noqa: BLE001  (one person never stops the others)
                await self._fail(work, error)
            finally:
                await self._adapters.discard(self._adapters.candidate_dir(work.run.run_id))

    async def _decide(self, work: _Work, result: TrainResult) -> None:
        run, job, verdict = work.run, work.job, result.verdict
        assert job is not None  # noqa: S101  (only runs with a job have results)
        stored = await self._stored(run)
        person = await self._store.person(run.scope_id, run.user_id)
        if work.is_cancelled or stored is None or person.consent is not Consent.ON:
            await self._finish(work, CANCELLED)
            return
        if verdict is None:
            detail = result.error or "the training failed"
            await self._finish(work, Ending(RunState.FAILED, detail))
            return
        labelled = await self.labelled(run.scope_id, run.user_id)
        if not (is_covered(job.examples, labelled) and are_covered(job.pairs, labelled)):
            detail = "messages it was learning from were deleted or edited meanwhile"
            await self._finish(work, Ending(RunState.FAILED, detail))
            return
        if work.remark:
            verdict = replace(verdict, reasons=(*verdict.reasons, work.remark))
        ending = await self._publisher.carry_out(work.pair, job, verdict, is_stale=work.is_stale)
        await self._finish(work, ending)

    # --- small steps --------------------------------------------------------------------------

    async def _stored(self, run: Run) -> Run | None:
        """The run as the store has it now: another process may have ended or erased it."""
        runs = await self._store.runs(run.night)
        return next((stored for stored in runs if stored.run_id == run.run_id), None)

    async def _fail(self, work: _Work, error: Exception) -> None:
        if isinstance(error, (PersonalizationError, StoreError, OSError)):
            log.warning("training of run %s failed: %s", work.run.run_id, error)
        else:
            log.error("training of run %s failed", work.run.run_id, exc_info=error)
        await self._finish(work, Ending(RunState.FAILED, str(error) or type(error).__name__))

    async def _finish(self, work: _Work, ending: Ending) -> None:
        run = work.run
        state, detail, version = ending.state, ending.detail, ending.version
        try:
            await self._store.finish_run(run.run_id, state, version=version, detail=detail)
        except StoreError as error:
            log.warning("the end of run %s could not be stored: %s", run.run_id, error)
        now = datetime.now(UTC)
        ended = replace(run, state=state, version=version, detail=detail, finished_at=now)
        self._resolve(work, ended, ending.verdict)

    def _resolve(self, work: _Work, run: Run, verdict: Verdict | None) -> None:
        work.run = run
        self._in_flight.pop(work.pair, None)
        _tell(work, TrainProgress(_job_id(run), "over", 1, 1))
        if not work.done.done():
            work.done.set_result((run, verdict))


def _join(work: _Work, on_progress: OnProgress | None) -> _Work:
    if on_progress is not None and not work.done.done():
        work.listeners.append(on_progress)
        _tell(work, TrainProgress(_job_id(work.run), "queued", 0, 1), (on_progress,))
    return work


def _job_id(run: Run) -> str:
    return str(run.run_id)


def _tell(work: _Work, event: TrainProgress, listeners: Sequence[OnProgress] | None = None) -> None:
    for listener in work.listeners if listeners is None else listeners:
        try:
            listener(*work.pair, event)
        except Exception:  # a progress bar is never worth a training
            log.exception("showing the progress of run %s failed", work.run.run_id)
