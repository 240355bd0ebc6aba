"""A whole night with a real worker and a tiny model: killed in the middle, then resumed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import psutil
import pytest
from peft import LoraConfig
from safetensors.torch import load_file

from bowerbird.personalization.adapters import AdapterLibrary
from bowerbird.personalization.nightly import Nightly
from bowerbird.personalization.training.executor import TrainProgress, TrainRecipe
from bowerbird.personalization.training.subprocess_executor import SubprocessExecutor
from bowerbird.storage.records import Run, RunState
from bowerbird.storage.sql import SqlStore
from tests.fakes import FakeBackend
from tests.storage.samples import ALICE, BOB, SCOPE, a_reply, consent, some_feedback

NIGHT = "2026-11-21"


async def prepare(folder: Path) -> None:
    """Two people with votes."""
    async with AsyncExitStack() as opened:
        store = SqlStore(f"sqlite+aiosqlite:///{folder / 'bowerbird.db'}")
        opened.push_async_callback(store.aclose)
        await store.open()
        await consent(store, ALICE, BOB)
        for user, first in ((ALICE, 100), (BOB, 200)):
            for message in range(first, first + 8, 2):
                await store.add_reply(a_reply(message, user=user, text=f"Answer {message}."))
                await store.put_feedback(some_feedback(message, user=user))


async def night(folder: Path, model: Path, what: str, kill_at: str | None = None) -> list[Run]:
    """Run or resume the night; a line on stdout for each step of a training.

    ``kill_at``: the stage at which the worker, not this process, is killed once.
    """
    killed: list[int] = []

    def say(scope: int, user: int, event: TrainProgress) -> None:
        print(event.stage, event.done, executor.worker_pid, flush=True)  # noqa: T201
        if event.stage == kill_at and not killed and executor.worker_pid is not None:
            killed.append(executor.worker_pid)
            os.kill(executor.worker_pid, signal.SIGKILL)

    async with AsyncExitStack() as opened:
        store = SqlStore(f"sqlite+aiosqlite:///{folder / 'bowerbird.db'}")
        opened.push_async_callback(store.aclose)
        await store.open()
        executor = SubprocessExecutor()
        opened.push_async_callback(executor.aclose)
        nightly = Nightly(
            store,
            executor,
            AdapterLibrary(folder / "adapters", store, "tiny"),
            FakeBackend(),
            recipe=TrainRecipe(epochs=2, min_steps=0),
            model_path=str(model),
            min_feedback=1,
            interactions_only=False,
            is_enabled=True,
        )
        runs = await (nightly.resume(say) if what == "resume" else nightly.run_night(NIGHT, say))
        assert bool(killed) is (kill_at is not None)
        return runs


async def kill_night_at(stage: str, what: str, model: Path, folder: Path) -> None:
    """Run or resume the night in a process of its own, and kill that process at a stage."""
    code = (
        "import asyncio, sys; from pathlib import Path;"
        "from tests.personalization.test_night_for_real import night;"
        "asyncio.run(night(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(folder), str(model), what, stdout=-1
    )
    assert process.stdout is not None
    async with asyncio.timeout(300):
        while not (line := await process.stdout.readline()).startswith(stage.encode()):
            assert line, "the night ended before it could be killed"
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        worker = int(line.split()[-1])
        while psutil.pid_exists(worker) and psutil.Process(worker).status() != "zombie":
            await asyncio.sleep(0.01)


@pytest.mark.timeout(900)  # the worker has the lowest priority, also on a busy test machine
@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
@pytest.mark.parametrize(
    ("kills", "kill_worker_at"), [(("loading", "gate"), "training"), (("training",), "gate")]
)
async def test_a_night_killed_in_the_middle_is_resumed_and_done_once(
    tiny_model_dir: Path, tmp_path: Path, kills: tuple[str, ...], kill_worker_at: str
) -> None:
    """The bot dies at these stages, one start after the other; then its worker once."""
    await prepare(tmp_path)
    for what, stage in zip(("run", "resume"), kills, strict=False):
        await kill_night_at(stage, what, tiny_model_dir, tmp_path)
    store = SqlStore(f"sqlite+aiosqlite:///{tmp_path / 'bowerbird.db'}")
    await store.open()
    assert {run.state for run in await store.unfinished_runs()} == {RunState.RUNNING}
    assert await store.adapters(SCOPE, ALICE) == []

    runs = await night(tmp_path, tiny_model_dir, "resume", kill_worker_at)
    assert {run.user_id: run.state for run in runs} == {
        ALICE: RunState.PROMOTED,
        BOB: RunState.PROMOTED,
    }
    assert {run.night for run in runs} == {NIGHT}
    adapters = AdapterLibrary(tmp_path / "adapters", store, "tiny")
    for user in (ALICE, BOB):
        active = await adapters.active(SCOPE, user)
        assert active is not None
        assert active.version == 1
        assert LoraConfig.from_pretrained(str(active.path)).r == 8
        assert any(
            weight.abs().sum() > 0
            for weight in load_file(active.path / "adapter_model.safetensors").values()
        )
    assert await adapters.sweep() == 0
    assert await store.due_people(1) == []
    await store.aclose()
