"""Slots learn as PEFT's adapters do with torch's own optimizer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model, set_peft_model_state_dict

from bowerbird.personalization.adapter_weights import AdapterWeights
from bowerbird.personalization.lora import LoraSlots
from bowerbird.personalization.models import load_model
from bowerbird.personalization.training import slot_learning
from tests.tiny import ALL_LINEAR

RANK, ALPHA = 4, 12
IDS = [torch.tensor([[5, 9, 40, 7, 13]]), torch.tensor([[3, 17, 21, 8, 60]])]
RATES = [1e-2, 2e-2, 5e-3]


@pytest.fixture
def model(tiny_model_dir: Path) -> Any:
    return load_model(str(tiny_model_dir), device="cpu", dtype="float32")


def a_loss(model: Any, step: int) -> torch.Tensor:
    loss: torch.Tensor = model(IDS[step % 2]).logits.log_softmax(-1)[0, :, step].mean()
    return loss


def with_peft(model_dir: Path, weights: AdapterWeights, decay: float) -> dict[str, torch.Tensor]:
    config = LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=list(ALL_LINEAR))
    adapted = get_peft_model(load_model(str(model_dir), device="cpu", dtype="float32"), config)
    state = {}
    for path, (a, b) in weights.matrices.items():
        state[f"base_model.model.{path}.lora_A.weight"] = a
        state[f"base_model.model.{path}.lora_B.weight"] = b
    set_peft_model_state_dict(adapted, state)
    parameters = [p for p in adapted.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=0.0, weight_decay=decay)
    for step, rate in enumerate(RATES):
        a_loss(adapted, step).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 0.05)
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        optimizer.zero_grad()
    return {
        name.removeprefix("base_model.model.").replace(".default.weight", ""): weight.detach()
        for name, weight in adapted.named_parameters()
        if weight.requires_grad
    }


@pytest.mark.parametrize("decay", [0.0, 0.5])
def test_a_slot_learns_as_pefts_adapter_with_torchs_adamw(
    model: Any, tiny_model_dir: Path, decay: float
) -> None:
    slots = LoraSlots.attach(model, targets=ALL_LINEAR, slots=3, rank=RANK, trainable=True)
    for slot in range(3):
        slot_learning.initialize(slots, slot, seed=slot)
    resting = slots.values[2].clone()
    expected = with_peft(tiny_model_dir, slots.read(1, alpha=ALPHA), decay)
    gradients = slot_learning.SlotGradients(slots, ALPHA / RANK)
    optimizer = slot_learning.SlotAdamW(slots, gradients, 3, weight_decay=decay)
    for step, rate in enumerate(RATES):
        slots.route([1])
        a_loss(model, step).backward()  # type: ignore[no-untyped-call]
        gradients.collect()
        norm = float(gradients.norms(3)[1])
        optimizer.step([0.0, rate, 0.0], [1.0, min(1.0, 0.05 / (norm + 1e-6)), 1.0])
        gradients.clear()
    learned = slots.read(1, alpha=ALPHA)
    for path, (a, b) in learned.matrices.items():
        assert torch.allclose(a, expected[f"{path}.lora_A"], atol=2e-5), path
        assert torch.allclose(b, expected[f"{path}.lora_B"], atol=2e-5), path
    assert torch.equal(slots.values[2], resting)


def test_a_resting_slot_is_left_alone_whatever_its_gradient_is(model: Any) -> None:
    slots = LoraSlots.attach(model, targets=ALL_LINEAR, slots=2, rank=RANK, trainable=True)
    gradients = slot_learning.SlotGradients(slots, 2.0)
    optimizer = slot_learning.SlotAdamW(slots, gradients, 2, weight_decay=0.1)
    for slot in range(2):
        slot_learning.initialize(slots, slot, seed=slot)
    before = slots.values.clone()
    gradients.flat.fill_(float("nan"))
    gradients.flat[1] = 1.0
    optimizer.step([0.0, 1e-3], [1.0, 1.0])
    assert torch.equal(slots.values[0], before[0])
    assert bool(slots.values[1].isfinite().all())
    assert not torch.equal(slots.values[1], before[1])


def test_the_size_penalty_is_its_definition_and_so_is_its_gradient(model: Any) -> None:
    slots = LoraSlots.attach(model, targets=ALL_LINEAR, slots=1, rank=RANK, trainable=True)
    with torch.no_grad():
        slots.values[0].normal_(0, 0.3, generator=torch.Generator().manual_seed(0))
    matrices = {
        path: [part.clone().requires_grad_() for part in pair]
        for path, pair in slots.read(0, alpha=RANK).matrices.items()
    }
    expected = sum(((b @ a) ** 2).sum() for a, b in matrices.values())
    assert isinstance(expected, torch.Tensor)
    (0.7 * expected).backward()  # type: ignore[no-untyped-call]
    gradients = slot_learning.SlotGradients(slots, 1.0)
    found = gradients.add_size_penalty(0, 0.7)
    assert found == pytest.approx(float(expected.detach()), rel=1e-5)
    slots.values[0] = gradients.flat[0]  # to read it by its names
    for path, (a, b) in slots.read(0, alpha=RANK).matrices.items():
        assert torch.allclose(a, matrices[path][0].grad, rtol=1e-4, atol=1e-4), path
        assert torch.allclose(b, matrices[path][1].grad, rtol=1e-4, atol=1e-4), path


def test_a_fresh_adapter_is_the_base_and_drawn_as_peft_draws(model: Any) -> None:
    slots = LoraSlots.attach(model, targets=ALL_LINEAR, slots=1, rank=RANK, trainable=True)
    slot_learning.initialize(slots, 0, seed=3)
    for path, (a, b) in slots.read(0, alpha=ALPHA).matrices.items():
        bound = 1 / a.shape[1] ** 0.5  # Kaiming uniform with a = √5
        assert 0.8 * bound < float(a.abs().max()) <= bound, path
        assert not b.any(), path


def test_what_learns_is_in_float32_also_where_the_base_is_not(model: Any) -> None:
    """In float16 AdamW's second moment would be 0, in bfloat16 it would never decay."""
    model.to("meta", torch.bfloat16)  # a device that is no CPU
    for is_trainable, dtype in ((False, torch.bfloat16), (True, torch.float32)):
        slots = LoraSlots.attach(
            model, targets=ALL_LINEAR, slots=2, rank=RANK, trainable=is_trainable
        )
        assert slots.values.dtype == dtype
        slots.detach()
