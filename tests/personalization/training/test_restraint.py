"""What drifted too far is taken back a little, not thrown away."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from bowerbird.personalization.training import gate, gate_measures, slot_learning
from bowerbird.personalization.training.executor import TrainRecipe
from bowerbird.personalization.training.restraint import MAX_STEPS, STEP, restrain
from bowerbird.personalization.training.shared_base import SharedBase
from tests.personalization.training.samples import SYSTEM


@pytest.fixture(scope="module")
def base(tiny_model_dir: Path) -> SharedBase:
    return SharedBase(str(tiny_model_dir), dtype="float32")


def restrained(base: SharedBase, noise: float) -> tuple[float, tuple[float, float]]:
    """The scale of an adapter whose B is random of this size, and its drift afterwards."""
    recipe = TrainRecipe()
    neutral = base.neutral((SYSTEM,))
    with base.adapters(count=1, rank=recipe.rank, targets=recipe.targets) as slots:
        slot_learning.initialize(slots, 0, seed=0)
        with torch.no_grad():
            is_b = slot_learning.SlotGradients(slots, 2.0).unit == 2.0
            noises = torch.randn(is_b.shape, generator=torch.Generator().manual_seed(0))
            slots.values[0] += torch.where(is_b, noises * noise, 0.0)
        before = slots.values[0].clone()
        scale = restrain(base, 0, neutral)
        expected = torch.where(is_b, before * scale, before)
        assert torch.allclose(slots.values[0], expected, rtol=1e-5)
        return scale, gate_measures.drift(base, 0, neutral)


def test_what_is_within_the_bounds_is_left_as_it_is(base: SharedBase) -> None:
    scale, (kl, _) = restrained(base, 1e-4)
    assert scale == 1.0
    assert kl < gate.MAX_KL_PER_TOKEN


def test_what_is_a_little_beyond_them_is_scaled_until_it_is_within(base: SharedBase) -> None:
    noise = 0.01
    while restrained(base, noise)[0] == 1.0:
        noise *= 1.15
    scale, (kl, change) = restrained(base, noise)
    assert STEP**MAX_STEPS < scale < 1.0
    assert kl <= gate.MAX_KL_PER_TOKEN
    assert change <= gate.MAX_GENERAL_NLL_CHANGE


def test_what_is_far_beyond_them_stays_so(base: SharedBase) -> None:
    """Else every degenerate adapter would come out as a small one."""
    scale, (kl, _) = restrained(base, 5.0)
    assert scale == pytest.approx(STEP**MAX_STEPS)
    assert kl > gate.MAX_KL_PER_TOKEN


def test_numbers_that_are_not_finite_are_left_to_the_gate(base: SharedBase) -> None:
    assert restrained(base, float("inf"))[0] == 1.0
