"""What every ``TrainExecutor`` must hold to; run over all there are, on a real tiny model."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import pytest

from bowerbird.personalization.errors import TrainingInterruptedError
from bowerbird.personalization.training.executor import TrainExecutor, TrainProgress, TrainResult
from bowerbird.personalization.training.subprocess_executor import SubprocessExecutor
from tests.personalization.training.samples import a_job

ADAPTER = {"adapter_config.json", "adapter_model.safetensors"}


@dataclass
class Subject:
    executor: TrainExecutor
    worker_pid: Callable[[], int | None]

    def kill_worker(self) -> None:
        pid = self.worker_pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture(params=["subprocess"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    executor = SubprocessExecutor()
    yield Subject(executor, lambda: executor.worker_pid)
    await executor.aclose()
    assert executor.worker_pid is None


async def test_each_job_has_one_result_and_a_bad_one_spoils_no_other(
    subject: Subject, tiny_model_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "occupied").write_text("not a folder")
    jobs = [
        a_job(tiny_model_dir, tmp_path / "first", "first"),
        a_job(tiny_model_dir, tmp_path / "unwanted", "unwanted"),
        a_job(tmp_path / "no model", tmp_path / "none", "no model"),
        a_job(tiny_model_dir, tmp_path / "occupied" / "x", "no place"),
        a_job(tiny_model_dir, tmp_path / "again", "again", incumbent_dir=str(tmp_path / "first")),
    ]
    progress: dict[str, list[tuple[str, int, int]]] = {}
    results: dict[str, TrainResult] = {}
    async for event in subject.executor.run(jobs):
        if isinstance(event, TrainProgress):
            progress.setdefault(event.job_id, []).append((event.stage, event.done, event.total))
            if event.job_id == "unwanted":
                await subject.executor.cancel("unwanted")
        else:
            assert event.job_id not in results
            results[event.job_id] = event
    assert set(results) == {job.job_id for job in jobs}
    json.dumps([asdict(result) for result in results.values()], allow_nan=False)

    for job_id in ("first", "again"):
        verdict = results[job_id].verdict
        assert verdict is not None
        assert verdict.is_accepted, verdict.reasons
        assert names_in(tmp_path / job_id) == ADAPTER
        assert [stage for stage, *_ in progress[job_id]] == sorted(
            (stage for stage, *_ in progress[job_id]),
            key=["loading", "training", "gate"].index,
        )
        assert all(done <= total for _, done, total in progress[job_id])
    for job_id in ("unwanted", "no model", "no place"):
        assert results[job_id].verdict is None
        assert results[job_id].error
    same = [
        (tmp_path / name / "adapter_model.safetensors").read_bytes() for name in ("first", "again")
    ]
    assert same[0] == same[1]
    assert names_in(tmp_path) == {"first", "again", "occupied"}
    await subject.executor.cancel("first")  # over, so nothing happens


async def test_a_worker_killed_again_and_again_leaves_nothing(
    subject: Subject, tiny_model_dir: Path, tmp_path: Path
) -> None:
    results = []
    has_started_training = False
    async for event in subject.executor.run([a_job(tiny_model_dir, tmp_path / "one")]):
        if isinstance(event, TrainResult):
            results.append(event)
        elif event.stage == "training" or has_started_training:
            has_started_training = True
            subject.kill_worker()
    assert has_started_training
    (result,) = results
    assert result.verdict is None
    assert result.error
    assert names_in(tmp_path) == set()


async def test_closing_the_stream_stops_the_worker(
    subject: Subject, tiny_model_dir: Path, tmp_path: Path
) -> None:
    async with aclosing(subject.executor.run([a_job(tiny_model_dir, tmp_path / "one")])) as events:
        await anext(events)
        pid = subject.worker_pid()
        assert pid is not None
    assert not psutil.pid_exists(pid)
    assert names_in(tmp_path) == set()


async def test_after_closing_nothing_starts(
    subject: Subject, tiny_model_dir: Path, tmp_path: Path
) -> None:
    await subject.executor.aclose()
    await subject.executor.aclose()
    with pytest.raises(TrainingInterruptedError):
        async for _ in subject.executor.run([a_job(tiny_model_dir, tmp_path / "x")]):
            pass


async def test_closing_the_executor_interrupts_a_run(
    subject: Subject, tiny_model_dir: Path, tmp_path: Path
) -> None:
    events = subject.executor.run([a_job(tiny_model_dir, tmp_path / "one")])
    await anext(events)
    await subject.executor.aclose()
    with pytest.raises(TrainingInterruptedError):
        async for _ in events:
            pass
    assert names_in(tmp_path) == set()
