"""Real training of a tiny model, in this process."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from bowerbird.personalization.errors import TrainingError
from bowerbird.personalization.training import trainer
from bowerbird.personalization.training.executor import TrainRecipe
from bowerbird.personalization.training.shared_base import SharedBase
from bowerbird.storage.records import Turn
from tests.personalization.training.samples import SYSTEM, an_example, some_examples

RECIPE = TrainRecipe(epochs=3, min_steps=0, batch_size=2, learning_rate=5e-3, max_tokens=256)


@pytest.fixture(scope="module")
def base(tiny_model_dir: Path) -> SharedBase:
    return SharedBase(str(tiny_model_dir), dtype="float32")


def train(
    base: SharedBase, recipe: TrainRecipe = RECIPE, amount: int = 4
) -> tuple[trainer.Trained, dict[str, torch.Tensor], list[float]]:
    """What happened, the adapter's weights, and each reply's log-ratio afterwards."""
    neutral = base.neutral((SYSTEM,))
    rows = trainer.rows_of(base, some_examples(amount), recipe.max_tokens)
    mismatches = trainer.mismatches_of(base, rows, neutral)
    with base.adapters(count=1, rank=recipe.rank, targets=recipe.targets) as slots:
        trained = trainer.train(
            base, 0, rows, neutral, recipe, mismatches, lambda done, total: None
        )
        weights = {"slot": slots.values[0].detach().clone()}
        with torch.no_grad():
            ratios = [float(base.token_logprobs(r.encoded, 0).sum()) - r.reference for r in rows]
    return trained, weights, ratios


def test_liked_replies_gain_on_disliked_ones(base: SharedBase) -> None:
    trained, _, ratios = train(base)
    assert trained.is_finite
    assert len(trained.losses) == 6
    liked, disliked = ratios[0::2], ratios[1::2]
    assert sum(liked) / 2 > sum(disliked) / 2 + 0.5


def test_the_same_seed_gives_the_same_adapter_and_another_seed_another(base: SharedBase) -> None:
    _, first, _ = train(base)
    _, again, _ = train(base)
    _, other, _ = train(base, replace(RECIPE, seed=1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_the_base_is_untouched_by_a_training(base: SharedBase) -> None:
    row = trainer.rows_of(base, some_examples(1), 256)[0]
    train(base)
    (after,) = trainer.rows_of(base, some_examples(1), 256)
    assert after.reference == row.reference
    assert not any("lora" in name for name, _ in base.model.named_parameters())


def test_the_anchor_holds_the_adapter_near_the_base(base: SharedBase) -> None:
    free, _, _ = train(base, replace(RECIPE, kl_weight=0.0, epochs=6))
    held, _, _ = train(base, replace(RECIPE, kl_weight=20.0, epochs=6))
    assert held.anchor_kl[-1] < free.anchor_kl[-1] / 2


def test_few_examples_are_seen_more_often(base: SharedBase) -> None:
    trained, _, _ = train(base, replace(RECIPE, min_steps=9))
    assert len(trained.losses) == 10  # 5 epochs of 2 batches
    trained, _, _ = train(base, replace(RECIPE, min_steps=100, max_epochs=4))
    assert len(trained.losses) == 8


def test_numbers_out_of_hand_end_the_training(base: SharedBase) -> None:
    trained, _, _ = train(base, replace(RECIPE, beta=float("inf")))
    assert not trained.is_finite


def test_replies_too_long_for_the_model_are_left_out(base: SharedBase) -> None:
    examples = [an_example(reply="word " * 400), an_example(1)]
    assert len(trainer.rows_of(base, examples, 256)) == 1
    neutral = base.neutral((SYSTEM,))
    with pytest.raises(TrainingError, match="fits"):
        trainer.train(base, 0, [], neutral, RECIPE, [], lambda done, total: None)


def test_z0_never_pairs_a_reply_with_its_own_question(base: SharedBase) -> None:
    same = [an_example(1, reply="One."), an_example(1, reply="Two.", is_liked=False)]
    rows = trainer.rows_of(base, [*same, an_example(2)], 256)
    own = [row.encoded.ids for row in rows]
    mismatches = trainer.mismatches_of(base, rows, base.neutral((SYSTEM,)))
    assert all(pair.encoded.ids not in own for pair in mismatches)
    alone = trainer.rows_of(base, same, 256)
    (neutral_question,) = {
        pair.encoded.turns for pair in trainer.mismatches_of(base, alone, base.neutral((SYSTEM,)))
    }
    assert neutral_question[-1].text != "What is 1?"


def test_what_the_base_says_is_computed_once_for_a_system_prompt(base: SharedBase) -> None:
    first = base.neutral((SYSTEM,))
    assert base.neutral((SYSTEM,)) is first
    assert base.neutral((Turn("system", "Be brief."),)) is not first


def test_samples_are_repeatable_and_end_at_the_end(base: SharedBase) -> None:
    prompts = [base.prompt((SYSTEM, Turn("user", text))) for text in ("Hi", "What is a bower?")]
    replies = base.sample(prompts, seed=4)
    assert replies == base.sample(prompts, seed=4)
    assert replies != base.sample(prompts, seed=5)
    assert all(base.end_id not in reply[:-1] for reply in replies)
    assert base.sample([], seed=0) == []
