"""The worker as a process, and what it writes."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from bowerbird.personalization.adapter_weights import AdapterWeights
from bowerbird.personalization.errors import AdapterError, TrainingError
from bowerbird.personalization.training import gate, restraint, trainer, worker
from bowerbird.personalization.training.executor import (
    TrainJob,
    TrainProgress,
    TrainRecipe,
    TrainResult,
)
from bowerbird.personalization.training.shared_base import SharedBase
from bowerbird.personalization.training.subprocess_executor import WORKER
from tests.personalization.training.samples import a_job, some_examples
from tests.tiny import ATTENTION


@pytest.fixture(scope="module")
def base(tiny_model_dir: Path) -> SharedBase:
    return SharedBase(str(tiny_model_dir), dtype="float32")


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def test_it_ends_when_its_input_does() -> None:
    process = await asyncio.create_subprocess_exec(*WORKER, stdin=-1, stdout=-1)
    assert process.stdin is not None
    process.stdin.close()
    async with asyncio.timeout(60):
        assert await process.wait() == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no file descriptors to move")
def test_what_libraries_print_does_not_spoil_the_protocol() -> None:
    code = (
        "import os;"
        "from bowerbird.personalization.training.worker import _own_stdout;"
        "write = _own_stdout(); print('chatter', flush=True); os.write(1, b'more'); write(b'line')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"line"
    assert b"chatter" in done.stderr


def test_a_saved_adapter_is_pefts_own_format_and_comes_back_the_same(
    base: SharedBase, tmp_path: Path, tiny_model_dir: Path
) -> None:
    (example,) = some_examples(1)
    row = base.row(example.turns, example.reply)
    target = tmp_path / "candidates" / "7"
    with base.adapters(count=2, rank=4, targets=ATTENTION) as slots, torch.no_grad():
        slots.values[0].normal_(0, 0.1, generator=torch.Generator().manual_seed(0))
        slots.load(0, slots.values[0])
        expected = base.token_logprobs(row, 0)
        plain = base.token_logprobs(row)
        weights = slots.read(0, alpha=8)
        worker.save(weights, target, "tiny")
        worker.save(weights, target, "tiny")  # again, over what is there
        base.load(1, target)
        assert torch.equal(base.token_logprobs(row, 1), expected)
    assert names_in(target) == {"adapter_config.json", "adapter_model.safetensors"}
    assert names_in(target.parent) == {"7"}
    adapted = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(tiny_model_dir), target
    )
    ids = torch.tensor([row.ids[:-1]])
    with torch.no_grad():
        logprobs = adapted(input_ids=ids).logits[0, -len(expected) :].log_softmax(-1)
    from_peft = logprobs.gather(1, ids.new_tensor(row.ids[-len(expected) :])[:, None])[:, 0]
    assert torch.allclose(from_peft, expected, atol=1e-4)
    assert float((plain - expected).abs().max()) > 0.1


def some_weights(base: SharedBase) -> AdapterWeights:
    with base.adapters(count=1, rank=8, targets=ATTENTION) as slots:
        return slots.read(0, alpha=16)


@pytest.mark.parametrize("damage", ["no weights", "no config", "garbage", "pickle only"])
def test_a_damaged_incumbent_is_one_clear_error(
    base: SharedBase, tmp_path: Path, damage: str
) -> None:
    worker.save(some_weights(base), tmp_path / "a", "tiny")
    weights = tmp_path / "a" / "adapter_model.safetensors"
    if damage == "no config":
        (tmp_path / "a" / "adapter_config.json").unlink()
    elif damage == "garbage":
        weights.write_bytes(b"garbage")
    elif damage == "pickle only":
        torch.save(load_file(weights), tmp_path / "a" / "adapter_model.bin")
        weights.unlink()
    else:
        weights.unlink()
    with base.adapters(count=1, rank=8, targets=ATTENTION), pytest.raises(AdapterError):
        base.load(0, tmp_path / "a")


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on file sizes")
def test_a_disk_that_takes_no_more_leaves_nothing(base: SharedBase, tmp_path: Path) -> None:
    """A limit on file sizes fails a write just as a full disk does."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    weights = some_weights(base)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, before[1]))
        with pytest.raises(TrainingError, match="could not be written"):
            worker.save(weights, tmp_path / "a", "tiny")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert names_in(tmp_path) == set()


def test_it_steps_back() -> None:
    code = (
        "import psutil;"
        "from bowerbird.personalization.training.worker import _step_back;"
        "_step_back(); print(psutil.Process().nice())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    lowest = psutil.IDLE_PRIORITY_CLASS if sys.platform == "win32" else 19
    assert int(done.stdout) == lowest


class Jobs(worker.Inbox):
    """Jobs that are all there from the beginning; when they are done, so is the worker."""

    def __init__(self, *jobs: TrainJob) -> None:
        self.left = list(jobs)

    def take(self) -> TrainJob:
        if not self.left:
            raise EOFError
        return self.left.pop(0)

    def take_all(self) -> list[TrainJob]:
        taken, self.left = self.left, []
        return taken

    def is_cancelled(self, job_id: str) -> bool:
        return job_id == "unwanted"


def serve(*jobs: TrainJob, people: int = 8) -> list[TrainProgress | TrainResult]:
    said: list[TrainProgress | TrainResult] = []
    with pytest.raises(EOFError):
        worker.Worker(Jobs(*jobs), said.append, people=people).serve()
    return said


def test_one_persons_end_is_not_the_groups(tiny_model_dir: Path, tmp_path: Path) -> None:
    nan = float("nan")
    ruined = tuple(replace(example, weight=nan) for example in some_examples())
    jobs = [
        a_job(tiny_model_dir, tmp_path / name, name, **changes)
        for name, changes in (
            ("good", {}),
            ("ruined", {"examples": ruined}),
            ("unwanted", {}),
            ("other recipe", {"recipe": TrainRecipe(epochs=1, min_steps=0, rank=2, alpha=4)}),
            ("better", {}),
        )
    ]
    said = serve(*jobs)
    results = {event.job_id: event for event in said if isinstance(event, TrainResult)}
    assert set(results) == {job.job_id for job in jobs}
    assert len([event for event in said if isinstance(event, TrainResult)]) == len(jobs)
    assert results["unwanted"].error == "cancelled"
    verdict = results["ruined"].verdict
    assert verdict is not None
    assert not verdict.is_accepted
    assert "not finite" in verdict.reasons[0]
    for name in ("good", "better", "other recipe"):
        assert results[name].error is None
    adapters = [
        (tmp_path / name / "adapter_model.safetensors").read_bytes() for name in ("good", "better")
    ]
    assert adapters[0] == adapters[1]


@pytest.mark.parametrize(("allowed", "tries"), [(99.0, 0), (-99.0, restraint.MAX_WEAKER)])
def test_what_is_only_too_odd_is_tried_weaker(
    tiny_model_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    allowed: float,
    tries: int,
) -> None:
    monkeypatch.setattr(gate, "MAX_NLL_RISE", allowed)
    monkeypatch.setattr(gate, "is_only_odd", lambda found: found.fresh.nll_rise > allowed)
    (result,) = (
        event
        for event in serve(a_job(tiny_model_dir, tmp_path / "one", "one"))
        if isinstance(event, TrainResult)
    )
    assert result.verdict is not None
    assert result.verdict.is_accepted is (not tries)
    assert result.verdict.measurements["scale"] == pytest.approx(restraint.STEP**tries)
    assert (tmp_path / "one").exists() is (not tries)


def test_what_fails_together_is_tried_alone(
    tiny_model_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = trainer.Group.train

    def too_much(self: trainer.Group, data: Any, *rest: Any) -> Any:
        if len(data) > 1:
            raise MemoryError
        return train(self, data, *rest)

    monkeypatch.setattr(trainer.Group, "train", too_much)
    jobs = [a_job(tiny_model_dir, tmp_path / name, name) for name in ("one", "two")]
    results = [event for event in serve(*jobs) if isinstance(event, TrainResult)]
    assert [(result.job_id, result.error) for result in results] == [("one", None), ("two", None)]
