"""The night on a real database and a real folder, with an executor that trains nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bowerbird.personalization import training_runs
from bowerbird.personalization.adapters import AdapterLibrary
from bowerbird.personalization.errors import (
    AdapterError,
    ConsentError,
    NothingToLearnError,
    TrainingDisabledError,
    TrainingError,
    TrainingInterruptedError,
)
from bowerbird.personalization.night_budget import NightBudget
from bowerbird.personalization.nightly import Nightly
from bowerbird.personalization.training.executor import TrainProgress, TrainRecipe, Verdict
from bowerbird.personalization.training_runs import MAX_ATTEMPTS
from bowerbird.personalization.types import AdapterRef
from bowerbird.storage.records import AdapterVersion, Consent, FeedbackKind, Run, RunState
from bowerbird.storage.sql import SqlStore
from bowerbird.storage.store import StoreError
from tests.fakes import FakeBackend, FakeExecutor
from tests.storage.samples import (
    ALICE,
    BASE_MODEL,
    BOB,
    CAROL,
    OTHER_SCOPE,
    SCOPE,
    a_reply,
    consent,
    some_feedback,
)

NIGHT = "2026-11-21"
DEADLINE_S = 60.0


@dataclass
class House:
    """Everything around a night."""

    folder: Path
    store: SqlStore
    executor: FakeExecutor
    backend: FakeBackend
    adapters: AdapterLibrary

    def nightly(self, **changes: Any) -> Nightly:
        values: dict[str, Any] = {
            "recipe": TrainRecipe(),
            "model_path": "models/smollm2-135m",
            "min_feedback": 3,
            "interactions_only": False,
            "is_enabled": True,
        }
        return Nightly(self.store, self.executor, self.adapters, self.backend, **values | changes)

    async def vote(
        self,
        user: int = ALICE,
        *,
        votes: int = 3,
        scope: int = SCOPE,
        first: int = 0,
        version: int | None = None,
        liked: int = 1,
    ) -> list[int]:
        """A consenting person with so many replies, the first ``liked`` liked, the others not."""
        await consent(self.store, user, scope=scope)
        now = datetime.now(UTC)
        messages = []
        for number in range(first, first + votes):
            message = (scope % 97) * 1000 + (user % 97) * 100 + number * 2 + 2
            said = f"Question {number}?"
            reply = a_reply(message, user=user, scope=scope, said=said, text=f"Answer {number}.")
            made_at = now - timedelta(hours=1)
            await self.store.add_reply(replace(reply, created_at=made_at, adapter_version=version))
            kind = FeedbackKind.LIKE if number < first + liked else FeedbackKind.DISLIKE
            await self.store.put_feedback(
                some_feedback(message, kind, user=user, scope=scope, when=now)
            )
            messages.append(message)
        return messages

    def files(self, user: int = ALICE) -> list[str]:
        folder = self.adapters.path(SCOPE, user, 1).parent
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def candidates(self) -> list[str]:
        folder = self.folder / "adapters" / ".candidates"
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    async def active(self, user: int = ALICE) -> int | None:
        return (await self.store.person(SCOPE, user)).active_version


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    store = SqlStore(f"sqlite+aiosqlite:///{tmp_path / 'bowerbird.db'}")
    await store.open()
    adapters = AdapterLibrary(tmp_path / "adapters", store, BASE_MODEL)
    yield House(tmp_path, store, FakeExecutor(), FakeBackend(), adapters)
    await store.aclose()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not condition():
            await asyncio.sleep(0.005)


def states(runs: list[Run]) -> dict[int, RunState]:
    return {run.user_id: run.state for run in runs}


# --- a night ----------------------------------------------------------------------------------


async def test_a_night_trains_who_is_due_and_promotes_what_passes(house: House) -> None:
    await house.vote(ALICE)
    await house.vote(BOB, votes=2)  # not enough
    seen: list[tuple[int, int, TrainProgress]] = []
    runs = await house.nightly().run_night(NIGHT, lambda *event: seen.append(event))
    assert states(runs) == {ALICE: RunState.PROMOTED}
    assert await house.active() == 1
    assert await house.active(BOB) is None
    assert house.files() == ["v1"]
    assert [ref.version for ref in house.backend.preloaded] == [1]
    assert seen[0][:2] == (SCOPE, ALICE)
    (version,) = await house.store.adapters(SCOPE, ALICE)
    assert (version.base_model, version.trained_on) == (BASE_MODEL, 3)
    assert version.verdict["reasons"] == list(house.executor.verdict.reasons)
    assert house.candidates() == []


async def test_the_job_is_what_was_labelled_and_the_incumbent(house: House) -> None:
    await house.vote()
    nightly = house.nightly()
    await nightly.retrain(SCOPE, ALICE)
    await nightly.retrain(SCOPE, ALICE)
    first, second = house.executor.jobs
    assert first.base_model == "models/smollm2-135m"
    assert [(e.turns[-1].text, e.reply, e.is_liked) for e in first.examples] == [
        ("Question 0?", "Answer 0.", True),
        ("Question 1?", "Answer 1.", False),
        ("Question 2?", "Answer 2.", False),
    ]
    assert first.incumbent_dir is None
    assert second.incumbent_dir == str(house.adapters.path(SCOPE, ALICE, 1))


async def test_the_same_night_happens_once(house: House) -> None:
    await house.vote()
    nightly = house.nightly()
    await nightly.run_night(NIGHT)
    assert await nightly.run_night(NIGHT) == []
    assert await nightly.run_night("2026-11-22") == []  # nothing new since
    assert len(house.executor.jobs) == 1


async def test_a_night_can_be_one_servers(house: House) -> None:
    await house.vote(ALICE)
    await house.vote(BOB, scope=OTHER_SCOPE)
    runs = await house.nightly().run_night(NIGHT, scope_id=OTHER_SCOPE)
    assert states(runs) == {BOB: RunState.PROMOTED}


async def test_what_fails_at_the_gate_leaves_the_incumbent(house: House) -> None:
    await house.vote()
    nightly = house.nightly()
    await nightly.retrain(SCOPE, ALICE)
    house.executor.verdict = Verdict(False, ("It made too little sense.",), {"kl": 9.0})
    run, verdict = await nightly.retrain(SCOPE, ALICE)
    assert (run.state, run.version, run.detail) == (
        RunState.REJECTED,
        2,
        "It made too little sense.",
    )
    assert verdict == house.executor.verdict
    assert await house.active() == 1
    assert house.files() == ["v1"]
    assert house.candidates() == []
    assert (await house.store.adapters(SCOPE, ALICE))[-1].verdict["measurements"] == {"kl": 9.0}


async def test_what_cannot_be_served_is_not_promoted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(adapter: AdapterRef) -> None:
        raise AdapterError("its rank is too high")

    monkeypatch.setattr(house.backend, "preload", refuse)
    await house.vote()
    (run,) = await house.nightly().run_night(NIGHT)
    assert run.state is RunState.REJECTED
    assert "its rank is too high" in run.detail
    assert await house.active() is None
    assert house.files() == []


async def test_of_a_version_that_was_not_published_nothing_stays_in_the_engine(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its number is given to the next one, which must not be answered with these weights."""
    record = house.store.add_adapter

    async def add_adapter(adapter: AdapterVersion, *, promote: bool) -> bool:
        raise StoreError("the disk is full")

    await house.vote()
    monkeypatch.setattr(house.store, "add_adapter", add_adapter)
    (failed,) = await house.nightly().run_night(NIGHT)
    assert failed.state is RunState.FAILED
    assert house.files() == []
    assert house.backend.unloaded == [(SCOPE, ALICE)]
    monkeypatch.setattr(house.store, "add_adapter", record)
    (again,) = await house.nightly().run_night("2026-11-22")
    assert [adapter.version for adapter in house.backend.preloaded] == [1, 1]
    assert (again.state, again.version) == (RunState.PROMOTED, 1)


async def test_one_persons_trouble_never_stops_the_night(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in (ALICE, BOB, CAROL):
        await house.vote(user)
    read = house.store.labelled_replies

    async def labelled_replies(scope: int, user: int, **options: bool) -> Any:
        if user == BOB:
            raise ZeroDivisionError("a bug")
        return await read(scope, user, **options)

    monkeypatch.setattr(house.store, "labelled_replies", labelled_replies)
    runs = await house.nightly().run_night(NIGHT)
    assert states(runs) == {
        ALICE: RunState.PROMOTED,
        BOB: RunState.FAILED,
        CAROL: RunState.PROMOTED,
    }
    assert "a bug" in next(run.detail for run in runs if run.user_id == BOB)


async def test_a_failed_training_is_stored_and_tried_again_next_night(house: House) -> None:
    await house.vote()
    house.executor.error = "there was not enough memory to train"
    nightly = house.nightly()
    (run,) = await nightly.run_night(NIGHT)
    assert (run.state, run.detail) == (RunState.FAILED, house.executor.error)
    assert await house.store.runs(NIGHT) == [
        replace(run, finished_at=(await house.store.runs(NIGHT))[0].finished_at)
    ]
    house.executor.error = None
    (again,) = await nightly.run_night("2026-11-22")
    assert again.state is RunState.PROMOTED


async def test_no_worker_at_all_fails_the_runs_and_nothing_else(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(jobs: Any) -> Any:
        raise TrainingError("the training process cannot be started")
        yield

    await house.vote()
    monkeypatch.setattr(house.executor, "run", run)
    (ended,) = await house.nightly().run_night(NIGHT)
    assert (ended.state, ended.detail) == (
        RunState.FAILED,
        "the training process cannot be started",
    )


async def test_a_broken_progress_bar_stops_nothing(house: House) -> None:
    def broken(scope: int, user: int, event: TrainProgress) -> None:
        raise RuntimeError("the terminal is gone")

    await house.vote()
    (run,) = await house.nightly().run_night(NIGHT, broken)
    assert run.state is RunState.PROMOTED


async def test_whom_the_night_does_not_reach_comes_first_the_next_night(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_runs, "PEOPLE_PER_BATCH", 1)
    for user, votes in ((ALICE, 5), (BOB, 4), (CAROL, 3)):
        await house.vote(user, votes=votes)
    now = 0.0
    budget = NightBudget(25.0, lambda: now)
    nightly = house.nightly()

    def an_hour_hand(scope: int, user: int, event: TrainProgress) -> None:
        nonlocal now
        now += 10.0 * (event.stage == "training")

    runs = await nightly.run_night(NIGHT, an_hour_hand, budget=budget)
    assert states(runs) == {
        ALICE: RunState.PROMOTED,
        BOB: RunState.PROMOTED,
        CAROL: RunState.POSTPONED,  # five seconds are left, and everybody took ten
    }
    assert runs[-1].started_at is None
    again = await nightly.run_night(NIGHT)  # a night is once, also when it is looked at again
    assert states(again) == {CAROL: RunState.POSTPONED}
    assert await house.store.unfinished_runs() == []
    await house.vote(ALICE, votes=5, first=20)
    runs = await nightly.run_night("2026-11-22")
    assert [run.user_id for run in runs] == [CAROL, ALICE]
    assert states(runs) == {CAROL: RunState.PROMOTED, ALICE: RunState.PROMOTED}


async def test_a_person_who_leaves_is_not_postponed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_runs, "PEOPLE_PER_BATCH", 1)
    for user, votes in ((ALICE, 5), (BOB, 4), (CAROL, 3)):
        await house.vote(user, votes=votes)
    now = 0.0
    nightly = house.nightly()

    def an_hour_hand(scope: int, user: int, event: TrainProgress) -> None:
        nonlocal now
        now += 10.0 * (event.stage == "training")

    house.executor.gate.clear()
    night = asyncio.create_task(
        nightly.run_night(NIGHT, an_hour_hand, budget=NightBudget(1.0, lambda: now))
    )
    await until(lambda: bool(house.executor.jobs))
    await nightly.cancel(BOB)
    await house.store.forget(BOB)
    house.executor.gate.set()
    assert states(await night) == {
        ALICE: RunState.PROMOTED,
        BOB: RunState.CANCELLED,
        CAROL: RunState.POSTPONED,
    }


async def test_who_leaves_while_a_training_is_prepared_is_not_trained(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in (ALICE, BOB):
        await house.vote(user, votes=4)
    nightly, active = house.nightly(), house.adapters.active

    async def last_look(scope: int, user: int) -> AdapterRef | None:
        if user == BOB:
            await nightly.cancel(BOB)
        return await active(scope, user)

    monkeypatch.setattr(house.adapters, "active", last_look)
    assert states(await nightly.run_night(NIGHT)) == {
        ALICE: RunState.PROMOTED,
        BOB: RunState.CANCELLED,
    }
    assert len(house.executor.jobs) == 1


async def test_a_night_begins_by_taking_back_what_pleases_less(house: House) -> None:
    await house.vote(votes=6, liked=6)
    nightly = house.nightly()
    await nightly.retrain(SCOPE, ALICE)
    await house.vote(votes=9, first=20, version=1, liked=0)
    await nightly.run_night(NIGHT)
    assert house.executor.jobs[-1].incumbent_dir is None  # measured against base, not against v1
    versions = await house.store.adapters(SCOPE, ALICE)
    assert [v.rolled_back_at is not None for v in versions] == [True, False]
    assert (versions[1].version, versions[1].replaced) == (2, None)
    assert await house.active() == 2
    assert len(house.executor.jobs[-1].examples) == 15  # all votes, those on v1 as well


# --- asking for it ----------------------------------------------------------------------------


async def test_training_stays_off_until_acknowledged(house: House) -> None:
    await house.vote()
    nightly = house.nightly(is_enabled=False)
    with pytest.raises(TrainingDisabledError, match="TRAINING_ACKNOWLEDGED"):
        await nightly.run_night(NIGHT)
    with pytest.raises(TrainingDisabledError):
        await nightly.retrain(SCOPE, ALICE)
    assert await nightly.resume() == []
    assert house.executor.jobs == []


async def test_nobody_is_trained_without_consent_or_without_feedback(house: House) -> None:
    nightly = house.nightly()
    with pytest.raises(ConsentError):
        await nightly.retrain(SCOPE, ALICE)
    await consent(house.store, ALICE)
    with pytest.raises(NothingToLearnError):
        await nightly.retrain(SCOPE, ALICE)


async def test_only_interactions_are_trained_on_when_asked_so(house: House) -> None:
    await house.vote()
    nightly = house.nightly(interactions_only=True)
    assert await nightly.run_night(NIGHT) == []
    with pytest.raises(NothingToLearnError):
        await nightly.retrain(SCOPE, ALICE)


async def test_asking_twice_at_once_trains_once(house: House) -> None:
    await house.vote()
    house.executor.gate.clear()
    nightly = house.nightly()
    joined: set[str] = set()
    first = asyncio.create_task(nightly.retrain(SCOPE, ALICE))
    assert not nightly.is_training
    await until(lambda: bool(house.executor.jobs))
    assert nightly.is_training
    second = asyncio.create_task(nightly.retrain(SCOPE, ALICE, lambda *_: joined.add("second")))
    night = asyncio.create_task(nightly.run_night(NIGHT, lambda *_: joined.add("night")))
    await until(lambda: len(joined) == 2)
    house.executor.gate.set()
    outcome = await first
    assert await second == outcome
    assert await night == [outcome[0]]
    assert len(house.executor.jobs) == 1
    assert await house.active() == 1
    assert not nightly.is_training


async def test_two_who_ask_in_the_same_moment_train_once(house: House) -> None:
    await house.vote()
    nightly = house.nightly()
    asked = [nightly.retrain(SCOPE, ALICE) for _ in range(3)]
    outcomes = await asyncio.gather(*asked)
    assert {run.run_id for run, _ in outcomes} == {outcomes[0][0].run_id}
    assert len(house.executor.jobs) == 1
    assert await house.store.unfinished_runs() == []


# --- leaving ----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["forget", "reset", "consent only"])
async def test_nothing_of_a_person_who_leaves_is_published(house: House, how: str) -> None:
    await house.vote(ALICE)
    await house.vote(BOB)
    house.executor.gate.clear()
    nightly = house.nightly()
    night = asyncio.create_task(nightly.run_night(NIGHT))
    await until(lambda: len(house.executor.jobs) == 2)
    if how == "consent only":
        await house.store.set_consent(SCOPE, ALICE, Consent.OFF)
    else:
        await nightly.cancel(ALICE, SCOPE if how == "reset" else None)
        if how == "reset":
            await house.store.reset(SCOPE, ALICE, keep_feedback=True)
        else:
            await house.store.forget(ALICE)
        await house.adapters.delete([(SCOPE, ALICE)])
    house.executor.gate.set()
    runs = states(await night)
    assert runs[ALICE] is RunState.CANCELLED
    assert runs[BOB] is RunState.PROMOTED
    assert await house.active(ALICE) is None
    assert await house.store.adapters(SCOPE, ALICE) == []
    assert not list((house.folder / "adapters").rglob(f"*{ALICE}*"))
    assert house.candidates() == []


async def test_cancelling_ends_what_a_crash_left(house: House) -> None:
    await house.vote()
    await house.store.add_run(NIGHT, SCOPE, ALICE)
    nightly = house.nightly()
    await nightly.cancel(ALICE)
    assert await nightly.resume() == []
    assert [run.state for run in await house.store.runs(NIGHT)] == [RunState.CANCELLED]


async def test_texts_deleted_meanwhile_are_not_learned(house: House) -> None:
    messages = await house.vote()
    house.executor.gate.clear()
    nightly = house.nightly()
    night = asyncio.create_task(nightly.run_night(NIGHT))
    await until(lambda: bool(house.executor.jobs))
    await house.store.erase_messages([messages[0]])
    house.executor.gate.set()
    (run,) = await night
    assert run.state is RunState.FAILED
    assert "deleted" in run.detail
    assert house.files() == []


async def test_deleted_texts_leave_the_weights_with_the_next_night(house: House) -> None:
    messages = await house.vote(votes=5)
    nightly = house.nightly()
    await nightly.retrain(SCOPE, ALICE)
    await nightly.retrain(SCOPE, ALICE)
    assert house.files() == ["v1", "v2"]
    await house.store.erase_messages([messages[0]])
    (run,) = await nightly.run_night(NIGHT)
    assert run.state is RunState.PROMOTED
    assert house.files() == ["v3"]  # no version that has seen the text is left
    assert house.backend.unloaded == [(SCOPE, ALICE)]  # nor in the engine's memory


async def test_if_the_cleansed_version_fails_the_old_one_may_not_stay(house: House) -> None:
    messages = await house.vote(votes=5)
    nightly = house.nightly()
    await nightly.retrain(SCOPE, ALICE)
    await house.store.erase_messages([messages[0]])
    house.executor.verdict = Verdict(False, ("It made too little sense.",))
    (run,) = await nightly.run_night(NIGHT)
    assert run.state is RunState.REJECTED
    assert await house.active() is None
    assert house.files() == []
    assert house.backend.unloaded == [(SCOPE, ALICE)]


async def test_if_all_texts_are_gone_replies_are_the_base_models(house: House) -> None:
    messages = await house.vote()
    nightly = house.nightly()
    await nightly.retrain(SCOPE, ALICE)
    await house.store.erase_messages(messages)
    (run,) = await nightly.run_night(NIGHT)
    assert run.state is RunState.CANCELLED
    assert await house.active() is None
    assert house.files() == []


# --- crashes ----------------------------------------------------------------------------------


async def test_an_interrupted_night_is_taken_up_again(house: House) -> None:
    await house.vote(ALICE)
    await house.vote(BOB)
    house.executor.gate.clear()
    night = asyncio.create_task(house.nightly().run_night(NIGHT))
    await until(lambda: bool(house.executor.jobs))
    night.cancel()
    with pytest.raises(asyncio.CancelledError):
        await night
    assert {run.state for run in await house.store.unfinished_runs()} == {RunState.RUNNING}

    house.executor.gate.set()
    runs = await house.nightly().resume()
    assert states(runs) == {ALICE: RunState.PROMOTED, BOB: RunState.PROMOTED}
    assert {run.attempts for run in runs} == {2}
    assert {run.night for run in runs} == {NIGHT}


async def test_closing_in_the_middle_leaves_the_run_for_the_next_start(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(jobs: Any) -> Any:
        raise TrainingInterruptedError("Bowerbird is closing")
        yield

    await house.vote()
    with monkeypatch.context() as closing:
        closing.setattr(house.executor, "run", run)
        with pytest.raises(TrainingInterruptedError):
            await house.nightly().run_night(NIGHT)
    (resumed,) = await house.nightly().resume()
    assert resumed.state is RunState.PROMOTED


async def test_whoever_joined_an_interrupted_training_is_told(house: House) -> None:
    await house.vote()
    house.executor.gate.clear()
    nightly = house.nightly()
    first = asyncio.create_task(nightly.retrain(SCOPE, ALICE))
    await until(lambda: bool(house.executor.jobs))
    heard: list[object] = []
    joining = nightly.retrain(SCOPE, ALICE, lambda *told: heard.append(told))
    second = asyncio.create_task(joining)
    await until(lambda: bool(heard))
    first.cancel()
    with pytest.raises(TrainingInterruptedError):
        await second


async def test_a_run_that_never_comes_to_an_end_is_given_up(house: House) -> None:
    await house.vote()
    run = await house.store.add_run(NIGHT, SCOPE, ALICE)
    for _ in range(MAX_ATTEMPTS):
        await house.store.start_run(run.run_id)
    (ended,) = await house.nightly().resume()
    assert ended.state is RunState.FAILED
    assert "3 times" in ended.detail
    assert house.executor.jobs == []


async def test_two_processes_take_turns_and_do_nothing_twice(house: House) -> None:
    """A second process here: its own store, folder object and executor on the same files."""
    await house.vote()
    other_store = SqlStore(f"sqlite+aiosqlite:///{house.folder / 'bowerbird.db'}")
    await other_store.open()
    other = House(
        house.folder,
        other_store,
        FakeExecutor(),
        FakeBackend(),
        AdapterLibrary(house.folder / "adapters", other_store, BASE_MODEL),
    )
    house.executor.gate.clear()
    first = asyncio.create_task(house.nightly().run_night(NIGHT))
    await until(lambda: bool(house.executor.jobs))
    second = asyncio.create_task(other.nightly().resume())
    await asyncio.sleep(0.3)
    assert not second.done()
    house.executor.gate.set()
    (run,) = await first
    (seen,) = await second
    assert (run.state, seen.state) == (RunState.PROMOTED, RunState.PROMOTED)
    assert other.executor.jobs == []
    await other_store.aclose()
