"""Real training of a tiny model, in this process: many people at once, each as if alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from bowerbird.personalization.errors import TrainingError
from bowerbird.personalization.prompting import Encoded
from bowerbird.personalization.training.executor import (
    TrainExample,
    TrainPair,
    TrainRecipe,
    TrainRewards,
)
from bowerbird.personalization.training.rows import PersonData, RowWriter
from bowerbird.personalization.training.sampler import seeds_for
from bowerbird.personalization.training.shared_base import SharedBase
from bowerbird.personalization.training.trainer import Group, NotFiniteError, Trained
from bowerbird.storage.records import Turn
from tests.personalization.training.samples import SYSTEM, an_example, some_examples

RECIPE = TrainRecipe(
    teach_weight=0.0,
    pair_weight=0.0,
    weak_weight=0.0,
    kl_weight=0.5,
    epochs=3,
    min_steps=0,
    batch_size=2,
    learning_rate=5e-3,
    max_tokens=256,
)
"""Votes alone, so that each term is seen where a test asks for it."""


@pytest.fixture(scope="module")
def base(tiny_model_dir: Path) -> SharedBase:
    return SharedBase(str(tiny_model_dir), dtype="float32")


def train(
    base: SharedBase, *people: PersonData, recipe: TrainRecipe = RECIPE
) -> tuple[list[Trained], list[Tensor]]:
    """What happened to each, and their slots afterwards."""
    with Group(base, len(people), recipe) as group:
        trained = group.train(people)
        slots = base.required_slots().values
        return trained, [slots[person].detach().clone() for person in range(len(people))]


def voted(amount: int = 4) -> PersonData:
    return PersonData(some_examples(amount))


def gains(
    base: SharedBase, data: PersonData, replies: Sequence[TrainExample], recipe: TrainRecipe
) -> list[float]:
    """By how much each of ``replies`` became likelier."""
    rows = [base.row(example.turns, example.reply) for example in replies]
    with Group(base, 1, recipe) as group:
        group.train([data])
        return (base.logprobs_of(rows, 0) - base.logprobs_of(rows)).tolist()


def test_liked_replies_gain_on_disliked_ones(base: SharedBase) -> None:
    data = voted()
    ratios = gains(base, data, data.examples, RECIPE)
    liked, disliked = ratios[0::2], ratios[1::2]
    assert sum(liked) / 2 > sum(disliked) / 2 + 0.5


def test_together_is_each_alone(base: SharedBase) -> None:
    """Unequal in size, terms and end: ENGINE, "What must be shown" 6."""
    recipe = replace(
        RECIPE,
        learning_rate=5e-4,
        pair_weight=1,
        teach_weight=0.5,
        liked_nll_weight=0.3,
        norm_weight=0.1,
        weight_decay=0.1,
        min_steps=5,
    )
    correction = an_example(1, reply="One, of course.", kind="correction")
    pair = TrainPair(an_example(7).turns, "Seven.", "I would rather not say.", 0.5)
    people = [
        voted(9),
        PersonData((*some_examples(2), correction), (pair,)),
        PersonData((an_example(3, reply="A long reply " * 9),)),
    ]
    trained, together = train(base, *people, recipe=recipe)
    assert len({len(person.losses) for person in trained}) == 3
    for own, slot, data in zip(trained, together, people, strict=True):
        (alone,), (slot_alone,) = train(base, data, recipe=recipe)
        assert own.losses == pytest.approx(alone.losses, abs=1e-5)
        assert torch.allclose(slot, slot_alone, rtol=0, atol=1e-5)


def test_one_persons_overflow_is_nobody_elses(base: SharedBase) -> None:
    ruined = PersonData((replace(an_example(), weight=float("nan")), an_example(1)))
    trained, together = train(base, voted(), ruined, voted(6))
    assert isinstance(trained[1].error, NotFiniteError)
    assert [person.error for person in trained[::2]] == [None, None]
    _, (alone,) = train(base, voted(6))
    assert torch.allclose(together[2], alone, rtol=0, atol=1e-4)


def test_who_is_not_wanted_any_more_rests_and_the_others_go_on(base: SharedBase) -> None:
    def on_step(person: int, stage: str, done: int, total: int) -> None:
        if (person, stage, done) == (0, "training", 2):
            raise TrainingError("enough")

    with Group(base, 2, RECIPE) as group:
        stopped, other = group.train([voted(), voted()], on_step)
    assert (len(stopped.losses), str(stopped.error)) == (2, "enough")
    assert (len(other.losses), other.error) == (6, None)


def test_a_second_training_goes_on_from_the_first(base: SharedBase) -> None:
    (once,), _ = train(base, voted())
    with Group(base, 1, RECIPE) as group:
        group.train([voted()])
        (again,) = group.train([voted()])
    assert again.losses[0] < once.losses[0]


def test_the_same_seed_gives_the_same_adapter_and_another_seed_another(base: SharedBase) -> None:
    _, (first,) = train(base, voted())
    _, (again,) = train(base, voted())
    _, (other,) = train(base, voted(), recipe=replace(RECIPE, seed=1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_base_is_untouched_by_a_training(base: SharedBase) -> None:
    row = base.row((SYSTEM, Turn("user", "Hi")), "Hello!")
    before = base.token_logprobs(row)
    train(base, voted())
    assert torch.equal(base.token_logprobs(row), before)
    assert not any(parameter.requires_grad for parameter in base.model.parameters())


@pytest.mark.parametrize("term", ["kl_weight", "norm_weight"])
def test_what_pulls_to_the_base_keeps_the_adapter_near_it(base: SharedBase, term: str) -> None:
    def moved(weight: float) -> float:
        recipe = replace(RECIPE, **({"epochs": 6, "kl_weight": 0.0} | {term: weight}))  # type: ignore[arg-type]
        with Group(base, 1, recipe) as group, torch.no_grad():
            with torch.enable_grad():
                group.train([voted()])
            anchor = base.neutral((SYSTEM,)).said[0]
            (states,) = base.hidden([[anchor.row]], [0])
            return float(base.reader.kl(states, anchor.states).mean())

    assert moved(20.0) < moved(0.0) / 2


def test_corrections_are_taught_and_liked_replies_imitated(base: SharedBase) -> None:
    nothing = replace(RECIPE, kto_weight=0.0, kl_weight=0.0)
    examples = (an_example(0, reply="Eleven.", kind="correction"), an_example(1, reply="A dozen."))
    taught = gains(base, PersonData(examples), examples, replace(nothing, teach_weight=1.0))
    assert taught[0] > taught[1] + 1
    liked = gains(base, PersonData(examples), examples, replace(nothing, liked_nll_weight=1.0))
    assert liked[1] > liked[0] + 1


def test_the_base_is_asked_only_about_what_is_compared_with_it(base: SharedBase) -> None:
    correction = an_example(1, reply="One, of course.", kind="correction")
    stages: list[set[str]] = [set(), set()]
    with Group(base, 2, replace(RECIPE, teach_weight=1.0, kl_weight=0.0)) as group:
        group.train(
            [PersonData((correction,)), voted()],
            lambda person, stage, done, total: stages[person].add(stage),
        )
    assert stages == [{"training"}, {"loading", "training"}]


def test_pairs_pull_apart(base: SharedBase) -> None:
    better, worse = an_example(reply="Better."), an_example(reply="Worse.")
    data = PersonData(pairs=(TrainPair(better.turns, better.reply, worse.reply),))
    chosen, rejected = gains(base, data, [better, worse], replace(RECIPE, pair_weight=1.0))
    assert chosen > rejected + 0.5


def test_weak_examples_count_only_if_asked_for(base: SharedBase) -> None:
    weak = PersonData((an_example(kind="weak"),))
    (trained,), _ = train(base, weak)
    assert isinstance(trained.error, TrainingError)  # nothing to learn from
    (trained,), _ = train(base, weak, recipe=replace(RECIPE, weak_weight=1.0))
    assert trained.losses


def test_rewarded_replies_gain_on_the_others(base: SharedBase) -> None:
    recipe = replace(RECIPE, objective="reinforce", kl_weight=0.0, epochs=8)
    replies = [an_example(reply=text) for text in ("Yes.", "No.", "Who knows?")]
    texts = tuple(example.reply for example in replies)
    rewards = TrainRewards(replies[0].turns, texts, (1.0, 0.0, 0.0), (True,) * 3)
    best, *others = gains(base, PersonData(rewards=(rewards,)), replies, recipe)
    assert best > max(others) + 0.5


def test_votes_are_rewards_where_there_are_no_others(base: SharedBase) -> None:
    recipe = replace(RECIPE, objective="reinforce", kl_weight=0.0, epochs=8)
    liked, disliked = gains(base, voted(2), some_examples(2), recipe)
    assert liked > disliked + 0.5  # two questions, each other's baseline


def test_few_examples_are_seen_more_often(base: SharedBase) -> None:
    (trained,), _ = train(base, voted(), recipe=replace(RECIPE, min_steps=9))
    assert len(trained.losses) == 10  # 5 epochs of 2 batches
    (trained,), _ = train(base, voted(), recipe=replace(RECIPE, min_steps=100, max_epochs=4))
    assert len(trained.losses) == 8


def test_a_reply_written_anew_is_not_learned_by_heart_where_there_is_no_other(
    base: SharedBase,
) -> None:
    recipe = replace(RECIPE, teach_weight=1.0, min_steps=100, max_epochs=9)
    said = "There are many of them, as far as anybody knows."
    anew = an_example(1, reply="4711", kind="correction", corrects=said)
    edited = an_example(2, reply=f"Well. {said}", kind="correction", corrects=said)
    people = PersonData((anew,)), PersonData((edited,)), PersonData((anew, edited))
    trained, _ = train(base, *people, recipe=recipe)
    assert [len(one.losses) for one in trained] == [5, 9, 9]


def test_replies_too_long_for_the_model_are_left_out(base: SharedBase) -> None:
    enormous = an_example(reply="word " * 400)
    people = PersonData((enormous, an_example(1))), PersonData((enormous,)), PersonData()
    (trained, nothing, empty), _ = train(base, *people)
    assert len(trained.losses) == 3
    assert isinstance(nothing.error, TrainingError)
    assert "fits" in str(nothing.error)
    assert (empty.losses, empty.error) == ([], None)


def test_z0_never_pairs_a_reply_with_its_own_question(base: SharedBase) -> None:
    neutral = base.neutral((SYSTEM,)).gate_prompts[0]

    def mismatches(*examples: TrainExample) -> list[Encoded]:
        units = RowWriter(base.tokenizer, RECIPE).units(PersonData(examples), neutral)
        own = [row.ids for unit in units for row in unit.rows]
        found = [unit.mismatch for unit in units if unit.mismatch is not None]
        assert len(found) == len(examples)
        assert all(row.ids not in own for row in found)
        return found

    same = [an_example(1, reply="One."), an_example(1, reply="Two.", is_liked=False)]
    mismatches(*same, an_example(2))
    assert all(row.ids[: len(neutral.ids)] == neutral.ids for row in mismatches(*same))


def test_what_the_base_says_is_computed_once_for_a_system_prompt(base: SharedBase) -> None:
    first = base.neutral((SYSTEM,))
    assert base.neutral((SYSTEM,)) is first
    assert base.neutral((Turn("system", "Be brief."),)) is not first


def test_samples_are_repeatable_and_end_at_the_end(base: SharedBase) -> None:
    prompts = [base.prompt((SYSTEM, Turn("user", text))) for text in ("Hi", "What is a bower?")]

    def said(seed: int) -> list[tuple[int, ...]]:
        return base.sample(prompts, [None, None], seeds=seeds_for(seed, 2))

    replies = said(4)
    assert replies == said(4)
    assert replies != said(5)
    assert all(base.end_id not in reply[:-1] for reply in replies)
    assert base.sample([], [], seeds=[]) == []
