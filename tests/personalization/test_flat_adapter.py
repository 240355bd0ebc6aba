"""The flat copy is what the PEFT files come to, or it is not used at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from bowerbird.personalization.flat_adapter import FLAT_FILE, read_flat, write_flat
from bowerbird.personalization.generation.engine import TorchEngine
from bowerbird.personalization.lora import AdapterWeights, LoraSlots
from bowerbird.personalization.models import load_model
from bowerbird.personalization.types import AdapterRef
from tests import tiny


@pytest.fixture
def adapter(tiny_model_dir: Path, tmp_path: Path) -> Path:
    return tiny.make_adapter(tiny_model_dir, tmp_path / "v1", seed=1, rank=2)


def _slots(model_dir: Path, rank: int = 4) -> LoraSlots:
    model = load_model(str(model_dir), device="cpu", dtype="float32")
    return LoraSlots.attach(model, targets=tiny.ALL_LINEAR, slots=1, rank=rank)


def test_it_is_what_was_packed(tiny_model_dir: Path, adapter: Path) -> None:
    slots = _slots(tiny_model_dir)
    assert read_flat(adapter, layout=slots.fingerprint) is None
    packed = slots.pack(AdapterWeights.load(adapter))
    write_flat(adapter, packed, layout=slots.fingerprint)
    kept = read_flat(adapter, layout=_slots(tiny_model_dir).fingerprint)
    assert kept is not None
    assert torch.equal(kept, packed)
    assert not [path for path in adapter.iterdir() if path.name.startswith(".")]


def test_it_is_not_taken_for_another_layout_or_other_files(
    tiny_model_dir: Path, adapter: Path
) -> None:
    slots = _slots(tiny_model_dir)
    packed = slots.pack(AdapterWeights.load(adapter))
    write_flat(adapter, packed, layout=slots.fingerprint)
    assert read_flat(adapter, layout=_slots(tiny_model_dir, rank=8).fingerprint) is None
    source = adapter / "adapter_model.safetensors"
    os.utime(source, ns=(1, 1))
    assert read_flat(adapter, layout=slots.fingerprint) is None
    source.unlink()
    assert read_flat(adapter, layout=slots.fingerprint) is None


@pytest.mark.parametrize("damage", ["cut", "flipped", "rubbish"])
def test_a_damaged_one_is_not_taken(tiny_model_dir: Path, adapter: Path, damage: str) -> None:
    slots = _slots(tiny_model_dir)
    write_flat(adapter, slots.pack(AdapterWeights.load(adapter)), layout=slots.fingerprint)
    path = adapter / FLAT_FILE
    content = bytearray(path.read_bytes())
    if damage == "cut":
        del content[-100:]
    elif damage == "flipped":
        content[-7] ^= 0x10
    else:
        content = bytearray(b"rubbish")
    path.write_bytes(content)
    assert read_flat(adapter, layout=slots.fingerprint) is None


def test_where_nothing_can_be_written_nothing_is(tmp_path: Path) -> None:
    write_flat(tmp_path / "gone", torch.zeros(3), layout="any")
    assert not (tmp_path / "gone").exists()


async def test_preload_keeps_it_and_the_engine_takes_it_only_if_sound(
    tiny_model_dir: Path, adapter: Path
) -> None:
    ref = AdapterRef(1, 2, 3, adapter)
    for damage in (None, b"rubbish"):
        if damage is not None:
            (adapter / FLAT_FILE).write_bytes(damage)
        engine = TorchEngine(
            str(tiny_model_dir),
            device="cpu",
            max_batch=1,
            max_context=64,
            lora_rank=4,
            lora_targets=tiny.ALL_LINEAR,
        )
        await engine.start()
        try:
            expected = engine._ready_decoder().pack(AdapterWeights.load(adapter))
            assert torch.equal(engine._load_adapter(ref), expected)
            await engine.preload(ref)
            assert torch.equal(engine._load_adapter(ref), expected)
        finally:
            await engine.aclose()
        assert (adapter / FLAT_FILE).stat().st_size > 1000
