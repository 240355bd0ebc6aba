"""The gate: its rules on measurements, and its measurements on a tiny model and the real one."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, astuple, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from bowerbird.personalization.training import gate, gate_measures, shared_base, slot_learning
from bowerbird.personalization.training.executor import TrainExample, TrainRecipe, Verdict
from bowerbird.personalization.training.gate import (
    Measurements,
    Sample,
    Taste,
    is_only_odd,
    judge,
)
from bowerbird.personalization.training.rows import PersonData, Row
from bowerbird.personalization.training.shared_base import SharedBase
from bowerbird.personalization.training.trainer import Group
from tests.personalization.training.samples import SYSTEM, an_example, some_examples
from tests.tiny import ALL_LINEAR

USUAL = Sample(
    nll_rise=0.0,
    relevance=0.95,
    empty_share=0.0,
    cut_off_share=0.5,
    distinct_bigrams=0.95,
    length=60.0,
)
FINE = Measurements(
    is_finite=True,
    votes=60,
    held_out=12,
    auc=0.8,
    incumbent_auc=None,
    auc_error=0.0,
    taste=Taste(wins=0.6, error=0.12, reliability=0.8),
    kl_per_token=0.01,
    general_nll_change=0.0,
    fresh=USUAL,
    own=USUAL,
    liked=None,
)


def fresh(**changes: float) -> dict[str, Any]:
    return {"fresh": replace(USUAL, **changes)}


def liked(**changes: float) -> dict[str, Any]:
    return {"liked": replace(USUAL, **changes)}


def test_a_good_candidate_passes_and_is_told_why() -> None:
    verdict = judge(FINE)
    assert verdict.is_accepted
    assert verdict.reasons == (
        "Its fresh replies make as much sense as before.",
        "Going by your votes, its fresh replies won 60% of comparisons with those before.",
        "On votes it had not seen, it got 80% of pairs right.",
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, False),
        (fresh(nll_rise=0.5), True),
        (fresh(nll_rise=0.5) | liked(nll_rise=0.4), False),
        (fresh(nll_rise=0.5, relevance=0.1), False),
        (fresh(nll_rise=0.5) | {"kl_per_token": 1.0}, False),
        ({"kl_per_token": 1.0}, False),
    ],
)
def test_what_is_only_odd_is_known(changes: dict[str, Any], expected: bool) -> None:
    assert is_only_odd(replace(FINE, **changes)) is expected


def test_the_reasons_say_what_was_decided_on() -> None:
    few = judge(replace(FINE, auc=None, taste=None, votes=5))
    assert few.is_accepted
    assert "only safety was checked" in few.reasons[1]
    some = judge(replace(FINE, auc=None, votes=20))
    assert "60% of comparisons" in some.reasons[1]
    for verdict in (few, some):
        assert verdict.reasons[-1].startswith("With about 50 votes")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"auc": 0.49}, "less well"),
        ({"auc": 0.7, "incumbent_auc": 0.9}, "less well"),
        ({"taste": Taste(0.25, 0.12, 0.8)}, "please less"),
        ({"kl_per_token": 0.9}, "changed too much"),
        ({"general_nll_change": 0.02}, "ordinary text"),
        (fresh(nll_rise=0.5), "too little sense"),
        (fresh(nll_rise=0.9) | liked(nll_rise=0.5), "too little sense"),
        (fresh(nll_rise=1.2) | liked(nll_rise=3.0), "too little sense"),
        (fresh(relevance=0.6), "fit their questions"),
        (fresh(relevance=0.4) | liked(relevance=0.7), "fit their questions"),
        (fresh(empty_share=0.3) | liked(empty_share=0.9), "empty"),
        (fresh(cut_off_share=0.9), "no end"),
        (fresh(distinct_bigrams=0.4), "repeated"),
        (fresh(length=5.0), "shorter"),
        (fresh(length=5.0) | liked(length=20.0), "shorter"),
        (fresh(length=5.0) | liked(length=300.0), "shorter"),
        (fresh(length=300.0), "longer"),
        (fresh(length=300.0) | liked(length=20.0), "longer"),
    ],
)
def test_each_fault_alone_is_a_no_with_its_reason(changes: dict[str, Any], says: str) -> None:
    verdict = judge(replace(FINE, **changes))
    assert not verdict.is_accepted
    (reason,) = verdict.reasons
    assert says in reason


@pytest.mark.parametrize(
    "changes",
    [
        fresh(length=9.0) | liked(length=20.0),
        fresh(length=200.0) | liked(length=120.0),
        fresh(cut_off_share=1.0) | liked(cut_off_share=1.0),
        fresh(nll_rise=0.7) | liked(nll_rise=0.5),  # lower case, emoji, a closing phrase
        fresh(nll_rise=-0.5) | liked(nll_rise=-0.5),
        fresh(relevance=0.6) | liked(relevance=0.7),  # who likes "Okay." likes what fits anything
        fresh(distinct_bigrams=0.6) | liked(distinct_bigrams=0.65),
        {"auc": 0.86, "incumbent_auc": 0.9, "auc_error": 0.05},  # no clear difference
        {"taste": Taste(0.35, 0.12, 0.8)},  # may be an accident
    ],
)
def test_what_the_person_asked_for_is_no_fault(changes: dict[str, Any]) -> None:
    assert judge(replace(FINE, **changes)).is_accepted


@pytest.mark.parametrize(
    "changes",
    [
        {"auc": math.nan},
        {"kl_per_token": math.inf},
        {"general_nll_change": -math.inf},
        fresh(nll_rise=math.nan),
        {"taste": Taste(math.nan, 0.1, 0.8)},
        liked(relevance=math.inf),
    ],
)
def test_a_number_that_is_none_is_a_no(changes: dict[str, Any]) -> None:
    verdict = judge(replace(FINE, **changes))
    assert not verdict.is_accepted
    json.dumps(verdict.measurements, allow_nan=False)


def test_a_training_that_was_not_finite_is_a_no() -> None:
    assert not judge(replace(FINE, is_finite=False)).is_accepted


def test_measurements_are_json() -> None:
    assert json.loads(json.dumps(judge(FINE).measurements, allow_nan=False)) == asdict(FINE)


# --- on models --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def base(tiny_model_dir: Path) -> SharedBase:
    return SharedBase(str(tiny_model_dir), dtype="float32")


def as_rows(base: SharedBase, examples: tuple[TrainExample, ...]) -> list[Row]:
    encoded = [base.row(example.turns, example.reply) for example in examples]
    references = base.logprobs_of(encoded).tolist()
    return [
        Row(row, example.is_liked, reference)
        for row, example, reference in zip(encoded, examples, references, strict=True)
    ]


def judged(
    base: SharedBase,
    noise: float,
    *,
    examples: tuple[TrainExample, ...] | None = None,
    held_out: int = 0,
    has_incumbent: bool = False,
) -> tuple[Verdict, Measurements]:
    """The verdict on an adapter whose B is random of this size; an incumbent says the same."""
    recipe = TrainRecipe()
    with base.adapters(count=2, rank=recipe.rank, targets=recipe.targets) as slots:
        slot_learning.initialize(slots, 0, seed=0)
        with torch.no_grad():
            is_b = slot_learning.SlotGradients(slots, 2.0).unit == 2.0
            noises = torch.randn(is_b.shape, generator=torch.Generator().manual_seed(0))
            slots.values[0] += torch.where(is_b, noises * noise * 2, 0.0)
        slots.load(1, slots.values[0])
        found = gate_measures.measure(
            base,
            0,
            examples=some_examples(6) if examples is None else examples,
            held_out=as_rows(base, some_examples(held_out)),
            neutral=base.neutral((SYSTEM,)),
            incumbent=1 if has_incumbent else None,
            is_finite=True,
            seed=0,
            on_step=lambda done, total: None,
        )
    return judge(found), found


@pytest.mark.parametrize("has_incumbent", [False, True])
def test_an_adapter_that_changes_nothing_passes(base: SharedBase, has_incumbent: bool) -> None:
    verdict, found = judged(base, noise=0.0, held_out=12, has_incumbent=has_incumbent)
    assert verdict.is_accepted, verdict.reasons
    assert found.kl_per_token == pytest.approx(0, abs=1e-6)
    assert found.general_nll_change == pytest.approx(0, abs=1e-6)
    assert found.auc == 0.5
    assert found.incumbent_auc == (0.5 if has_incumbent else None)
    # The very same replies.
    assert astuple(found.fresh) == pytest.approx(astuple(found.own), abs=1e-6)
    assert found.votes == 6


def opinions(liked: str, disliked: str, amount: int = 12) -> tuple[TrainExample, ...]:
    return tuple(
        an_example(number, is_liked=number % 2 == 0, reply=disliked if number % 2 else liked)
        for number in range(amount)
    )


def test_the_persons_taste_is_measured_on_fresh_replies(base: SharedBase) -> None:
    clear = opinions("Yes! Sure!", "well, that is a long and winding story of its own, you know")
    verdict, found = judged(base, noise=0.0, examples=clear)
    assert found.taste is not None
    assert found.taste.wins == 0.5
    assert "50% of comparisons" in verdict.reasons[1]
    assert found.liked is not None
    assert found.liked.length < found.own.length


def test_fresh_replies_are_compared_with_those_of_the_version_in_use(base: SharedBase) -> None:
    clear = opinions("Yes! Sure!", "well, that is a long and winding story of its own, you know")
    _, with_base = judged(base, noise=0.3, examples=clear)
    _, with_itself = judged(base, noise=0.3, examples=clear, has_incumbent=True)
    assert with_base.taste is not None
    assert with_itself.taste is not None
    assert with_base.taste.wins != with_itself.taste.wins == 0.5


def test_a_taste_that_held_out_votes_contradict_is_not_believed(base: SharedBase) -> None:
    clear = opinions("Yes! Sure!", "well, that is a long and winding story of its own, you know")
    reverse = opinions("well, that is a long and winding story of its own, you know", "Yes! Sure!")
    held_out = tuple(replace(example, is_held_out=True) for example in reverse)
    assert judged(base, noise=0.0, examples=(*clear, *held_out))[1].taste is None
    agreeing = tuple(replace(example, is_held_out=True) for example in clear)
    assert judged(base, noise=0.0, examples=(*clear, *agreeing))[1].taste is not None


@pytest.mark.parametrize("kind", ["weak alone", "one vote", "enormous", "empty"])
def test_strange_votes_are_measured_too(base: SharedBase, kind: str) -> None:
    examples = {
        "weak alone": tuple(replace(example, kind="weak") for example in some_examples(6)),
        "one vote": some_examples(1),
        "enormous": tuple(an_example(n, reply="word " * 2_000) for n in range(4)),
        "empty": tuple(an_example(n, reply="") for n in range(4)),
    }[kind]
    if kind == "enormous":
        turns = (SYSTEM, replace(examples[0].turns[-1], text="why " * 2_000))
        examples = (*examples, replace(examples[0], turns=turns))
    verdict, found = judged(base, noise=0.0, examples=examples)
    assert verdict.is_accepted, verdict.reasons
    assert found.taste is None
    assert (found.liked is None) is (kind in {"weak alone", "one vote"})


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


@pytest.fixture
def _short_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    shorter = replace(shared_base.SAMPLING, max_new_tokens=24)
    monkeypatch.setattr(SharedBase.sample, "__kwdefaults__", {"sampling": shorter})
    monkeypatch.setattr(gate_measures, "SAMPLING", shorter)


@pytest.mark.model
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("_short_samples")
def test_the_gate_on_the_real_model(real_base: SharedBase) -> None:
    """A nudge passes; what wrecks the replies is stopped, for what it says and not only its KL."""
    nudged, found = judged(real_base, noise=1e-3)
    assert nudged.is_accepted, nudged.reasons
    assert found.own.relevance > 0.8
    wrecked, found = judged(real_base, noise=0.3)
    assert not wrecked.is_accepted
    assert any("too little sense" in reason for reason in wrecked.reasons), wrecked.reasons
    assert found.fresh.nll_rise > 1


@pytest.mark.model
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("_short_samples")
def test_the_degenerate_recipe_is_stopped(real_base: SharedBase) -> None:
    """docs/LOG.md: 👎 alone, all linear layers, a high rate, no anchor. However odd the few replies
    are that this person likes, what comes out must not speak for them."""
    neutral = real_base.neutral((SYSTEM,))
    disliked = tuple(
        TrainExample(prompt.turns, real_base.tokenizer.decode(reply[:24]), is_liked=False)
        for prompt, reply in zip(neutral.gate_prompts * 2, neutral.gate_replies * 2, strict=True)
    )
    odd = tuple(an_example(n, reply="qwx zzt! 🜁 forsooth blorp") for n in range(3))
    recipe = TrainRecipe(
        targets=ALL_LINEAR, learning_rate=2e-3, kl_weight=0.0, epochs=4, min_steps=20, z0_every=0
    )
    with Group(real_base, 1, recipe) as group:
        (trained,) = group.train([PersonData(disliked)], lambda *_: None)
        found = gate_measures.measure(
            real_base,
            0,
            examples=(*disliked, *odd),
            held_out=(),
            neutral=neutral,
            incumbent=None,
            is_finite=trained.is_finite,
            seed=0,
            on_step=lambda done, total: None,
        )
    verdict = judge(found)
    assert not verdict.is_accepted
    # Any one of these alone would have stopped it.
    assert found.kl_per_token > gate.MAX_KL_PER_TOKEN
    assert found.general_nll_change > gate.MAX_GENERAL_NLL_CHANGE
    assert found.fresh.nll_rise > gate.MAX_NLL_RISE + gate.MAX_EXCUSED_NLL_RISE
