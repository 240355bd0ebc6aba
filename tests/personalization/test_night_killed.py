"""A process that dies, or a person who leaves, at every stage of a night; and what is left then.

The stages that a worker reports are in test_night_for_real.py, with the real worker; here are those
around it, in a process of its own that is really killed, with an executor that trains nobody.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from bowerbird.personalization.adapters import ADAPTER_FILES, AdapterLibrary
from bowerbird.personalization.nightly import Nightly
from bowerbird.personalization.training.executor import TrainProgress, TrainRecipe
from bowerbird.storage.records import Run, RunState
from bowerbird.storage.sql import SqlStore
from tests.fakes import FakeBackend, FakeExecutor
from tests.storage.samples import ALICE, BASE_MODEL, SCOPE, a_reply, consent, some_feedback

NIGHT = "2026-11-21"
DEADLINE_S = 120.0
Hold = Callable[[str], Any]


def held_before(hold: Hold, stage: str, method: Any) -> Any:
    """``method``, with a stop in front of it."""

    async def stopping(*args: Any, **options: Any) -> Any:
        await hold(stage)
        return await method(*args, **options)

    return stopping


async def night(folder: Path, what: str, hold: Hold) -> list[Run]:
    """Run or resume the night; ``hold(stage)`` is awaited wherever something may happen."""
    async with AsyncExitStack() as opened:
        store = SqlStore(f"sqlite+aiosqlite:///{folder / 'bowerbird.db'}")
        opened.push_async_callback(store.aclose)
        await store.open()
        nightly = nightly_of(folder, store, hold)
        if what == "resume":
            return await nightly.resume()
        return await nightly.run_night(NIGHT)


def nightly_of(folder: Path, store: SqlStore, hold: Hold) -> Nightly:
    executor, backend = FakeExecutor(), FakeBackend()
    adapters = AdapterLibrary(folder / "adapters", store, BASE_MODEL)
    stops: list[tuple[str, object, str]] = [
        ("queued", store, "start_run"),
        ("trained", store, "next_version"),  # the candidate lies there, nothing is decided
        ("moved", backend, "preload"),  # its files are in their place, no row knows them
        ("recorded", store, "finish_run"),  # the pointer has flipped, the run is open
    ]
    for stage, owner, name in stops:
        setattr(owner, name, held_before(hold, stage, getattr(owner, name)))
    return Nightly(
        store,
        executor,
        adapters,
        backend,
        recipe=TrainRecipe(),
        model_path="tiny",
        min_feedback=1,
        interactions_only=False,
        is_enabled=True,
    )


async def prepare(folder: Path) -> None:
    async with AsyncExitStack() as opened:
        store = SqlStore(f"sqlite+aiosqlite:///{folder / 'bowerbird.db'}")
        opened.push_async_callback(store.aclose)
        await store.open()
        await consent(store, ALICE)
        for message in range(10, 16, 2):
            await store.add_reply(a_reply(message, text=f"Answer {message}."))
            await store.put_feedback(some_feedback(message))


async def no_hold(stage: str) -> None:
    pass


def run_until(folder: str, stage: str) -> None:
    """In a process of its own: the night up to a stage, then a line, then nothing more."""

    async def hold(reached: str) -> None:
        if reached == stage:
            print("here", flush=True)  # noqa: T201
            await asyncio.Event().wait()

    asyncio.run(night(Path(folder), "run", hold))


@pytest.mark.timeout(300)
@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
@pytest.mark.parametrize("stage", ["queued", "trained", "moved", "recorded"])
async def test_killed_at_any_stage_it_is_finished_once(tmp_path: Path, stage: str) -> None:
    await prepare(tmp_path)
    code = (
        "import sys; from tests.personalization.test_night_killed import run_until;"
        "run_until(*sys.argv[1:])"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(tmp_path), stage, stdout=-1
    )
    assert process.stdout is not None
    async with asyncio.timeout(DEADLINE_S):
        assert await process.stdout.readline() == b"here\n"
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()

    runs = await night(tmp_path, "resume", no_hold)
    assert [(run.night, run.state) for run in runs] == [(NIGHT, RunState.PROMOTED)]
    async with AsyncExitStack() as opened:
        store = SqlStore(f"sqlite+aiosqlite:///{tmp_path / 'bowerbird.db'}")
        opened.push_async_callback(store.aclose)
        await store.open()
        adapters = AdapterLibrary(tmp_path / "adapters", store, BASE_MODEL)
        assert await adapters.sweep() == 0
        active = await adapters.active(SCOPE, ALICE)
        assert active is not None
        recorded = await store.adapters(SCOPE, ALICE)
        # Killed between pointer and run row, the training is repeated: the same data, once more.
        assert [version.version for version in recorded] == ([1, 2] if stage == "recorded" else [1])
        assert active.version == recorded[-1].version
        assert {path.name for path in active.path.iterdir()} == set(ADAPTER_FILES)
        assert await store.unfinished_runs() == []
        assert await store.due_people(1) == []


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    await prepare(tmp_path)
    opened = SqlStore(f"sqlite+aiosqlite:///{tmp_path / 'bowerbird.db'}")
    await opened.open()
    yield opened
    await opened.aclose()


@pytest.mark.parametrize("stage", ["queued", "training", "trained", "moved", "recorded"])
async def test_who_leaves_at_any_stage_leaves_nothing(
    store: SqlStore, tmp_path: Path, stage: str
) -> None:
    """As `FeedbackService.forget` does it: cancel, rows, weights."""
    leaving: list[asyncio.Task[None]] = []

    async def leave() -> None:
        await nightly.cancel(ALICE)
        await store.forget(ALICE)
        await AdapterLibrary(tmp_path / "adapters", store, BASE_MODEL).delete([(SCOPE, ALICE)])

    async def hold(reached: str) -> None:
        if reached == stage and not leaving:
            leaving.append(asyncio.create_task(leave()))
            for _ in range(20):  # as far as it gets before what is going on has ended
                await asyncio.sleep(0.01)

    nightly = nightly_of(tmp_path, store, hold)

    def on_progress(scope: int, user: int, event: TrainProgress) -> None:
        if event.stage == stage and not leaving:
            leaving.append(asyncio.create_task(leave()))

    async with asyncio.timeout(DEADLINE_S):
        runs = await nightly.run_night(NIGHT, on_progress)
        await leaving[0]
    # Who leaves while the publish is seen through was promoted, for a moment.
    assert len(runs) == 1
    assert await store.adapters(SCOPE, ALICE) == []
    assert (await store.person(SCOPE, ALICE)).active_version is None
    assert not [path for path in (tmp_path / "adapters").rglob("*") if path.name in ADAPTER_FILES]
    assert await store.unfinished_runs() == []
    assert await store.runs(NIGHT) == []
