"""The slot-stacked layer: what it computes is what PEFT computes, for every row by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from torch import Tensor

from bowerbird.personalization.errors import AdapterError, ModelError
from bowerbird.personalization.lora import AdapterWeights, LoraSlots
from bowerbird.personalization.models import load_model
from bowerbird.personalization.packed_linear import can_pack
from tests import tiny

PROMPT = torch.tensor([[1, 40, 50, 60, 7, 8, 300, 2]])


@pytest.fixture(scope="module", params=["llama", "qwen3", "mistral"])
def model_dir(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.make_model(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="module")
def adapters(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    root = tmp_path_factory.mktemp("adapters")
    make = tiny.make_adapter
    return [
        make(model_dir, root / "0", seed=1, rank=4, targets=tiny.ALL_LINEAR),
        make(model_dir, root / "1", seed=2, rank=2, targets=tiny.ATTENTION),
        make(model_dir, root / "2", seed=3, rank=4, targets=("q_proj", "down_proj")),
    ]


@pytest.fixture
def model(model_dir: Path) -> Iterator[Any]:
    model = load_model(str(model_dir), device="cpu", dtype="float32")
    with torch.inference_mode():
        yield model


def _attach(model: Any, slots: int = 4, rank: int = 4) -> LoraSlots:
    return LoraSlots.attach(model, targets=tiny.ALL_LINEAR, slots=slots, rank=rank)


def _peft_logits(model_dir: Path, adapter: Path) -> Tensor:
    base = load_model(str(model_dir), device="cpu", dtype="float32")
    with torch.inference_mode():
        return PeftModel.from_pretrained(base, adapter)(PROMPT).logits[0]  # type: ignore[no-any-return]


def _close(a: Tensor, b: Tensor) -> bool:
    return bool((a - b).abs().max() <= 1e-4)


def test_a_mixed_batch_is_each_alone_is_peft(
    model: Any, model_dir: Path, adapters: list[Path]
) -> None:
    base = model(PROMPT).logits[0]
    slots = _attach(model)
    for slot, path in enumerate(adapters):
        slots.load(slot, AdapterWeights.load(path))
    expected = [_peft_logits(model_dir, path) for path in adapters] + [base]
    assert min(float((row - base).abs().max()) for row in expected[:3]) > 0.5, "a leak stands out"
    for order in ([0, 1, 2, None], [0, 1, 2, 3], [2, None, 0, 2, 1], [None, 1], [1], [0, 0, 1, 1]):
        slots.route(order)
        logits = model(PROMPT.expand(len(order), -1)).logits
        for row, slot in zip(logits, order, strict=True):
            assert _close(row, expected[3 if slot is None else slot]), (order, slot)
    slots.route([None, 1])
    rows = model(PROMPT.expand(2, -1)).logits
    slots.route(None)
    assert torch.equal(rows[0], model(PROMPT.expand(2, -1)).logits[0]), "beside an adapter"


def test_detach_gives_the_model_back(model: Any, adapters: list[Path]) -> None:
    base = model(PROMPT).logits
    slots = _attach(model)
    slots.load(0, AdapterWeights.load(adapters[0]))
    slots.route([0])
    assert not _close(model(PROMPT).logits, base)
    slots.detach()
    assert slots.values.untyped_storage().nbytes() == 0
    assert _close(model(PROMPT).logits, base)
    assert not any("base" in name for name, _ in model.named_parameters())


def test_a_lower_rank_leaves_nothing_of_a_higher_one(
    model: Any, model_dir: Path, adapters: list[Path]
) -> None:
    slots = _attach(model)
    slots.load(0, AdapterWeights.load(adapters[0]))
    slots.load(0, AdapterWeights.load(adapters[1]))
    slots.route([0])
    assert _close(model(PROMPT).logits[0], _peft_logits(model_dir, adapters[1]))


def test_move_and_clear(model: Any, model_dir: Path, adapters: list[Path]) -> None:
    base = model(PROMPT).logits[0]
    slots = _attach(model)
    slots.load(0, AdapterWeights.load(adapters[0]))
    slots.load(2, AdapterWeights.load(adapters[2]))
    slots.move(2, 0)
    slots.clear(2)
    slots.route([0])
    assert _close(model(PROMPT).logits[0], _peft_logits(model_dir, adapters[2]))
    slots.route([2, 0])
    assert _close(model(PROMPT.expand(2, -1)).logits[0], base)
    slots.move(3, 0)
    slots.route([0])
    assert _close(model(PROMPT).logits[0], base)
    with pytest.raises(IndexError):
        slots.load(4, AdapterWeights.load(adapters[0]))


def test_what_is_read_back_and_saved_is_what_peft_loads(
    model: Any, model_dir: Path, adapters: list[Path], tmp_path: Path
) -> None:
    slots = _attach(model)
    slots.load(1, AdapterWeights.load(adapters[0]))
    slots.read(1, alpha=16).save(tmp_path / "out", base_model="tiny")
    assert _close(_peft_logits(model_dir, tmp_path / "out"), _peft_logits(model_dir, adapters[0]))


def test_gradients_reach_only_the_routed_slots_and_equal_pefts(
    model_dir: Path, adapters: list[Path]
) -> None:
    base = load_model(str(model_dir), device="cpu", dtype="float32")
    reference = PeftModel.from_pretrained(
        load_model(str(model_dir), device="cpu", dtype="float32"), adapters[0], is_trainable=True
    )
    reference(PROMPT).logits.square().mean().backward()
    expected = {
        name: parameter.grad
        for name, parameter in reference.named_parameters()
        if parameter.grad is not None
    }
    slots = LoraSlots.attach(base, targets=tiny.ALL_LINEAR, slots=3, rank=4, trainable=True)
    slots.load(1, AdapterWeights.load(adapters[0]))
    slots.route([1, 1, 2])
    base(PROMPT.expand(3, -1)).logits[:2].square().mean().backward()
    for parameter in slots.parameters():
        assert parameter.grad is not None
        assert not parameter.grad[0].any(), "slot 0 had no row"
        assert not parameter.grad[2].any(), "slot 2 had no loss"
        assert parameter.grad[1].any()
    total = torch.cat([p.grad[1].reshape(-1) for p in slots.parameters() if p.ndim == 3])  # type: ignore[index]
    # B holds alpha/rank = 2 already, so its gradient is half of PEFT's; A's is the same.
    reference_norm = torch.cat(
        [
            (gradient / 2 if "lora_B" in name else gradient).reshape(-1)
            for name, gradient in expected.items()
        ]
    ).norm()
    assert torch.allclose(total.norm(), reference_norm, rtol=1e-4)


def _damage(directory: Path, kind: str) -> None:
    weights, config = directory / "adapter_model.safetensors", directory / "adapter_config.json"
    tensors = load_file(weights)
    settings = json.loads(config.read_text())
    match kind:
        case "absent":
            weights.unlink()
        case "cut short":
            weights.write_bytes(weights.read_bytes()[:-100])
        case "noise":
            weights.write_bytes(b"\x00" * 64)
        case "config":
            config.write_text("{")
        case "not a number":
            next(iter(tensors.values()))[0, 0] = float("nan")
            save_file(tensors, weights)
        case "half a pair":
            del tensors[next(name for name in tensors if "lora_B" in name)]
            save_file(tensors, weights)
        case "another kind":
            config.write_text(json.dumps(settings | {"peft_type": "IA3"}))
        case "dora":
            config.write_text(json.dumps(settings | {"use_dora": True}))
        case "another rank":
            config.write_text(json.dumps(settings | {"r": 3}))


@pytest.mark.parametrize(
    "kind",
    [
        "absent",
        "cut short",
        "noise",
        "config",
        "not a number",
        "half a pair",
        "another kind",
        "dora",
        "another rank",
    ],
)
def test_a_damaged_adapter_is_an_adapter_error(
    tiny_model_dir: Path, tmp_path: Path, kind: str
) -> None:
    tiny.make_adapter(tiny_model_dir, tmp_path / "a", seed=1)
    AdapterWeights.load(tmp_path / "a")
    _damage(tmp_path / "a", kind)
    with pytest.raises(AdapterError, match="the adapter in"):
        AdapterWeights.load(tmp_path / "a")


def test_an_adapter_that_does_not_fit_is_refused(tiny_model_dir: Path, tmp_path: Path) -> None:
    model = load_model(str(tiny_model_dir), device="cpu", dtype="float32")
    slots = LoraSlots.attach(model, targets=tiny.ATTENTION, slots=2, rank=4)
    make = tiny.make_adapter
    too_high = make(tiny_model_dir, tmp_path / "rank", seed=1, rank=8)
    too_many = make(tiny_model_dir, tmp_path / "targets", seed=1, targets=tiny.ALL_LINEAR)
    other = tiny.make_model(tmp_path / "model", hidden_size=32)
    foreign = make(other, tmp_path / "foreign", seed=1)
    for path, said in ((too_high, "rank 8"), (too_many, "LORA_TARGETS"), (foreign, "another base")):
        with pytest.raises(AdapterError, match=said):
            slots.load(0, AdapterWeights.load(path))
    with pytest.raises(ModelError, match="LORA_TARGETS"):
        LoraSlots.attach(model, targets=["teapot"], slots=1, rank=1)


@pytest.mark.model
def test_smollm2_mixed_batch_is_peft(smollm2_dir: Path, tmp_path: Path) -> None:
    make = tiny.make_adapter
    paths = [
        make(smollm2_dir, tmp_path / "0", seed=1, rank=8, targets=tiny.ALL_LINEAR, scale=0.02),
        make(smollm2_dir, tmp_path / "1", seed=2, rank=4, targets=tiny.ATTENTION, scale=0.05),
    ]
    expected = [_peft_logits(smollm2_dir, path) for path in paths]
    assert (expected[0] - expected[1]).abs().max() > 0.5
    with torch.inference_mode():
        model: Any = load_model(str(smollm2_dir), device="cpu", dtype="float32")
        expected.append(model(PROMPT).logits[0])
        slots = _attach(model, slots=2, rank=8)
        for slot, path in enumerate(paths):
            slots.load(slot, AdapterWeights.load(path))
        slots.route([1, None, 0])
        logits = model(PROMPT.expand(3, -1)).logits
        for row, other in zip(logits, (expected[1], expected[2], expected[0]), strict=True):
            assert _close(row, other)


def test_packed_weights_compute_the_same(model_dir: Path, adapters: list[Path]) -> None:
    logits = []
    for is_packed in (False, True):
        model: Any = load_model(str(model_dir), device="cpu", dtype="bfloat16")
        if is_packed and not can_pack(model.device, model.dtype, 1):
            pytest.skip("this build of torch or this machine cannot pack")
        slots = LoraSlots.attach(
            model, targets=tiny.ALL_LINEAR, slots=2, rank=4, is_packed=is_packed
        )
        slots.load(0, AdapterWeights.load(adapters[0]))
        slots.route([0, None])
        with torch.inference_mode():
            logits.append(model(PROMPT.expand(2, -1)).logits.float())
        slots.detach()
    assert (logits[0] - logits[1]).abs().mean() <= 0.02 * logits[0].std()


def test_packing_is_for_bfloat16_on_cpu_where_memory_allows() -> None:
    cpu = torch.device("cpu")
    assert not can_pack(cpu, torch.float32, 1)
    assert not can_pack(torch.device("cuda"), torch.bfloat16, 1)
    assert not can_pack(cpu, torch.bfloat16, 2**60)
