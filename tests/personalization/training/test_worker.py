"""The worker as a process, and what it writes."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from bowerbird.personalization.adapter_weights import AdapterWeights
from bowerbird.personalization.errors import AdapterError, TrainingError
from bowerbird.personalization.training import worker
from bowerbird.personalization.training.shared_base import SharedBase
from bowerbird.personalization.training.subprocess_executor import WORKER
from tests.personalization.training.samples import some_examples
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
        expected = base.logits(row, 0)
        plain = base.logits(row)
        weights = slots.read(0, alpha=8)
        worker.save(weights, target, "tiny")
        worker.save(weights, target, "tiny")  # again, over what is there
        base.load(1, target)
        assert torch.equal(base.logits(row, 1), expected)
    assert names_in(target) == {"adapter_config.json", "adapter_model.safetensors"}
    assert names_in(target.parent) == {"7"}
    adapted = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(tiny_model_dir), target
    )
    ids = torch.tensor([row.ids[:-1]])
    with torch.no_grad():
        from_peft = adapted(input_ids=ids).logits[0, -len(expected) :]
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
