"""What is the subprocess's own affair, with small stand-in workers that speak its protocol."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import textwrap
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import psutil
import pytest

from bowerbird.personalization.errors import TrainingError
from bowerbird.personalization.training.executor import TrainJob, TrainProgress, TrainResult
from bowerbird.personalization.training.subprocess_executor import SubprocessExecutor
from tests.personalization.training.samples import a_job

DEADLINE_S = 60.0


def stand_in(body: str) -> tuple[str, ...]:
    """A worker of this body; ``next_job()`` and ``send(name, **values)`` are there."""
    prelude = """
        import json, os, sys, time
        def next_job():
            return json.loads(sys.stdin.readline())["job"]
        def send(name, **values):
            print(json.dumps({name: values}), flush=True)
        def step(job, n):
            send("progress", job_id=job["job_id"], stage="training", done=n, total=99)
        def end(job, error):
            send("result", job_id=job["job_id"], verdict=None, error=error, seconds=0.0)
    """
    return (sys.executable, "-c", textwrap.dedent(prelude) + textwrap.dedent(body))


STEPS_FOR_EVER = stand_in(
    """
    job = next_job()
    n = 0
    while True:
        step(job, n)
        n += 1
        time.sleep(0.01)
    """
)


def jobs(*names: str) -> list[TrainJob]:
    return [a_job(Path("model"), Path("candidate"), name) for name in names]


async def results(events: AsyncGenerator[TrainProgress | TrainResult, None]) -> list[TrainResult]:
    return [event async for event in events if isinstance(event, TrainResult)]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_deadly_job_takes_no_other_with_it() -> None:
    worker = stand_in(
        """
        while True:
            job = next_job()
            step(job, 0)
            if job["job_id"] == "deadly":
                os._exit(7)
            end(job, "done")
        """
    )
    executor = SubprocessExecutor(command=worker)
    found = await results(executor.run(jobs("deadly", "good", "better")))
    assert [(result.job_id, result.error) for result in found] == [
        ("good", "done"),
        ("better", "done"),
        ("deadly", "the training process ended unexpectedly (exit code 7)"),
    ]


async def test_after_a_groups_end_they_are_trained_one_by_one() -> None:
    worker = stand_in(
        """
        job = next_job()
        step(job, 0)
        if "--people" not in sys.argv:
            os._exit(9)
        while True:
            end(job, " ".join(sys.argv[1:]))
            job = next_job()
        """
    )
    found = await results(SubprocessExecutor(command=worker).run(jobs("one", "two")))
    assert [(result.job_id, result.error) for result in found] == [
        ("two", "--people 1"),
        ("one", "--people 1"),
    ]


async def test_what_was_cancelled_is_not_wanted_of_the_next_worker_either() -> None:
    worker = stand_in(
        """
        line = json.loads(sys.stdin.readline())
        if "cancel" in line:
            end(next_job(), f"without {line['cancel']}")
        else:
            step(line["job"], 0)
            sys.stdin.readline()
            os._exit(9)
        """
    )
    executor = SubprocessExecutor(command=worker)
    events = executor.run(jobs("one"))
    assert isinstance(await anext(events), TrainProgress)
    await executor.cancel("another")
    await executor.cancel("one")
    assert [result.error for result in await results(events)] == ["without one"]


async def test_a_worker_that_hangs_is_replaced_and_then_given_up() -> None:
    executor = SubprocessExecutor(command=stand_in("time.sleep(3600)"), silence_s=0.2)
    (result,) = await results(executor.run(jobs("one")))
    assert result.error == "the training process ended unexpectedly (signal 9)"


async def test_a_worker_that_says_nonsense_is_given_up() -> None:
    executor = SubprocessExecutor(command=stand_in("print('Segmentation fault'); time.sleep(3600)"))
    (result,) = await results(executor.run(jobs("one")))
    assert result.verdict is None


async def test_stderr_is_drained_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    worker = stand_in(
        """
        for n in range(5000):
            print("complaint", n, "x" * 200, file=sys.stderr)
        end(next_job(), "done")
        """
    )
    caplog.set_level("INFO")
    (result,) = await results(SubprocessExecutor(command=worker).run(jobs("one")))
    assert result.error == "done"
    assert "complaint 4999" in caplog.text


async def test_secrets_do_not_reach_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    monkeypatch.setenv("HARMLESS", "yes")
    worker = stand_in(
        """
        names = [name for name in ("DISCORD_TOKEN", "HARMLESS") if name in os.environ]
        end(next_job(), " ".join(names))
        """
    )
    (result,) = await results(SubprocessExecutor(command=worker).run(jobs("one")))
    assert result.error == "HARMLESS"


async def test_what_cannot_be_started_is_one_clear_error() -> None:
    executor = SubprocessExecutor(command=("/nowhere/python",))
    with pytest.raises(TrainingError, match="cannot be started"):
        await results(executor.run(jobs("one")))


async def test_it_stands_still_while_people_are_answered() -> None:
    is_busy = False
    executor = SubprocessExecutor(lambda: is_busy, command=STEPS_FOR_EVER, max_pause_s=3600)
    events = executor.run(jobs("one"))
    await anext(events)
    assert executor.worker_pid is not None
    worker = psutil.Process(executor.worker_pid)
    is_busy = True
    await until(lambda: worker.status() == psutil.STATUS_STOPPED)
    is_busy = False
    await until(lambda: worker.status() != psutil.STATUS_STOPPED)
    await events.aclose()


async def test_a_busy_chat_cannot_starve_it_for_ever() -> None:
    executor = SubprocessExecutor(
        lambda: True, command=STEPS_FOR_EVER, max_pause_s=0.1, min_turn_s=0.1, silence_s=60
    )
    events = executor.run(jobs("one"))
    started = time.monotonic()
    async with asyncio.timeout(DEADLINE_S):
        while (event := await anext(events)) and isinstance(event, TrainProgress):
            if event.done >= 20:
                break
    assert time.monotonic() - started > 0.2  # two turns at least, so a pause between them
    await events.aclose()


async def test_a_stopped_worker_can_be_killed() -> None:
    is_busy = False
    executor = SubprocessExecutor(lambda: is_busy, command=STEPS_FOR_EVER, max_pause_s=3600)
    events = executor.run(jobs("one"))
    await anext(events)
    pid = executor.worker_pid
    assert pid is not None
    is_busy = True
    await until(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    await events.aclose()
    assert not psutil.pid_exists(pid)


PARENT = """
import asyncio, sys
from pathlib import Path
from bowerbird.personalization.training.subprocess_executor import SubprocessExecutor
from tests.personalization.training.samples import a_job

async def main():
    executor = SubprocessExecutor()
    async for event in executor.run([a_job(Path(sys.argv[1]), Path(sys.argv[2]))]):
        print(executor.worker_pid, flush=True)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
async def test_the_worker_dies_with_its_parent(tiny_model_dir: Path, tmp_path: Path) -> None:
    candidate = tmp_path / "candidate"
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(tiny_model_dir), str(candidate), stdout=-1
    )
    assert parent.stdout is not None
    async with asyncio.timeout(60):
        pid = int(await parent.stdout.readline())
    worker = psutil.Process(pid)
    assert worker.nice() == 19
    os.kill(parent.pid, signal.SIGKILL)
    await parent.wait()
    await until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)
    assert not candidate.exists()
