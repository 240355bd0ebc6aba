"""The gate: its rules on measurements, and its measurements on a tiny model and the real one."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from bowerbird.personalization.training import gate, shared_base, slot_learning, trainer
from bowerbird.personalization.training.executor import TrainExample, TrainRecipe, Verdict
from bowerbird.personalization.training.gate import Measurements, judge, liked_direction
from bowerbird.personalization.training.shared_base import SharedBase
from tests.personalization.training.samples import SYSTEM, an_example, some_examples

FINE = Measurements(
    is_finite=True,
    held_out=12,
    auc=0.8,
    incumbent_auc=None,
    kl_per_token=0.01,
    general_nll_change=0.0,
    fresh_nll=(1.5, 1.5),
    empty_share=(0.0, 0.0),
    cut_off_share=(0.5, 0.5),
    distinct_bigrams=(0.95, 0.95),
    length=(60.0, 60.0),
    liked_direction=None,
)


def test_a_good_candidate_passes_and_is_told_why() -> None:
    verdict = judge(FINE)
    assert verdict.is_accepted
    assert "80%" in " ".join(verdict.reasons)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"auc": 0.49}, "less well"),
        ({"auc": 0.7, "incumbent_auc": 0.9}, "less well"),
        ({"kl_per_token": 0.9}, "changed too much"),
        ({"general_nll_change": 0.02}, "ordinary text"),
        ({"fresh_nll": (2.5, 1.5)}, "too little sense"),
        ({"empty_share": (0.3, 0.0)}, "empty"),
        ({"cut_off_share": (1.0, 0.2)}, "no end"),
        ({"distinct_bigrams": (0.4, 0.95)}, "repeated"),
        ({"length": (5.0, 60.0)}, "shorter"),
        ({"length": (300.0, 60.0)}, "longer"),
        ({"length": (5.0, 60.0), "liked_direction": "longer"}, "shorter"),
    ],
)
def test_each_fault_alone_is_a_no_with_its_reason(changes: dict[str, object], says: str) -> None:
    verdict = judge(replace(FINE, **changes))  # type: ignore[arg-type]
    assert not verdict.is_accepted
    (reason,) = verdict.reasons
    assert says in reason


@pytest.mark.parametrize(
    "changes",
    [
        {"length": (15.0, 60.0), "liked_direction": "shorter"},
        {"length": (200.0, 60.0), "liked_direction": "longer"},
        {"cut_off_share": (1.0, 0.2), "liked_direction": "longer"},
        {"auc": None},
        {"auc": 0.86, "incumbent_auc": 0.9},
        {"fresh_nll": (0.9, 1.5)},
    ],
)
def test_what_the_person_asked_for_is_no_fault(changes: dict[str, object]) -> None:
    assert judge(replace(FINE, **changes)).is_accepted  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["auc", "kl_per_token", "general_nll_change", "fresh_nll"])
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_a_no(name: str, number: float) -> None:
    value = (number, 1.5) if name == "fresh_nll" else number
    verdict = judge(replace(FINE, **{name: value}))  # type: ignore[arg-type]
    assert not verdict.is_accepted
    json.dumps(verdict.measurements, allow_nan=False)


def test_a_training_that_was_not_finite_is_a_no() -> None:
    assert not judge(replace(FINE, is_finite=False)).is_accepted


def test_measurements_are_json() -> None:
    json.dumps(judge(FINE).measurements, allow_nan=False)
    assert judge(FINE).measurements == asdict(FINE)


def test_the_liked_direction_needs_a_clear_difference() -> None:
    def votes(liked: str, disliked: str, amount: int = 3) -> list[TrainExample]:
        return [an_example(reply=liked)] * amount + [
            an_example(reply=disliked, is_liked=False)
        ] * amount

    assert liked_direction(votes("short", "a good deal longer")) == "shorter"
    assert liked_direction(votes("a good deal longer", "short")) == "longer"
    assert liked_direction(votes("12345", "123456")) is None
    assert liked_direction(votes("short", "a good deal longer", amount=2)) is None


# --- on models --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def base(tiny_model_dir: Path) -> SharedBase:
    return SharedBase(str(tiny_model_dir), dtype="float32")


def judged(base: SharedBase, noise: float, *, held_out: int = 0) -> tuple[Verdict, Measurements]:
    """The verdict on an adapter whose B is random of this size."""
    recipe = TrainRecipe()
    examples = some_examples(6)
    neutral = base.neutral((SYSTEM,))
    rows = trainer.rows_of(base, some_examples(held_out), recipe.max_tokens)
    with base.adapters(count=1, rank=recipe.rank, targets=recipe.targets) as slots:
        slot_learning.initialize(slots, 0, seed=0)
        with torch.no_grad():
            is_b = slot_learning.SlotGradients(slots, 2.0).unit == 2.0
            noises = torch.randn(is_b.shape, generator=torch.Generator().manual_seed(0))
            slots.values[0] += torch.where(is_b, noises * noise * 2, 0.0)
        found = gate.measure(
            base,
            0,
            training=examples,
            held_out=rows,
            neutral=neutral,
            incumbent=None,
            is_finite=True,
            seed=0,
            on_step=lambda done, total: None,
        )
    return judge(found), found


def test_an_adapter_that_changes_nothing_passes(base: SharedBase) -> None:
    verdict, found = judged(base, noise=0.0, held_out=12)
    assert verdict.is_accepted, verdict.reasons
    assert found.kl_per_token == pytest.approx(0, abs=1e-6)
    assert found.general_nll_change == pytest.approx(0, abs=1e-6)
    assert found.auc == 0.5
    for candidate, own in (found.fresh_nll, found.length, found.distinct_bigrams):
        assert candidate == own  # the very same replies


def test_a_destroyed_adapter_is_stopped(base: SharedBase) -> None:
    verdict, found = judged(base, noise=1.0)
    assert not verdict.is_accepted
    assert found.kl_per_token > gate.MAX_KL_PER_TOKEN


def test_weights_that_are_not_numbers_are_stopped(base: SharedBase) -> None:
    verdict, _ = judged(base, noise=math.nan)
    assert not verdict.is_accepted
    assert "not finite" in verdict.reasons[0]


@pytest.fixture(scope="module")
def real_base(smollm2_dir: Path) -> SharedBase:
    return SharedBase(str(smollm2_dir))


@pytest.mark.model
@pytest.mark.timeout(600)
def test_the_gate_on_the_real_model(real_base: SharedBase, monkeypatch: pytest.MonkeyPatch) -> None:
    """A nudge passes; what wrecks the replies is stopped, for what it says and not only its KL."""
    shorter = replace(shared_base.SAMPLING, max_new_tokens=24)
    monkeypatch.setattr(SharedBase.sample, "__kwdefaults__", {"sampling": shorter})
    monkeypatch.setattr(gate, "SAMPLING", shorter)
    nudged, _ = judged(real_base, noise=1e-3)
    assert nudged.is_accepted, nudged.reasons
    wrecked, found = judged(real_base, noise=0.3)
    assert not wrecked.is_accepted
    assert any("too little sense" in reason for reason in wrecked.reasons), wrecked.reasons
    assert found.fresh_nll[0] > found.fresh_nll[1] + 1
