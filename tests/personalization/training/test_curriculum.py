"""What of a person's feedback is taught."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bowerbird.personalization.training.curriculum import lesson
from bowerbird.personalization.training.executor import TrainPair, TrainRecipe
from bowerbird.personalization.training.rows import PersonData
from tests.personalization.training.samples import an_example, some_examples

CORRECTION = an_example(9, reply="Nine, friend.", kind="correction", corrects="Nine.")
RECIPE = TrainRecipe()
PAIR = TrainPair(an_example().turns, "better", "worse")


def test_corrections_are_taught_where_there_are_any() -> None:
    taught = lesson((*some_examples(4), CORRECTION), (PAIR,), RECIPE)
    assert taught.examples == (CORRECTION,)
    assert not taught.pairs


def test_votes_and_pairs_are_taught_where_nothing_was_corrected() -> None:
    taught = lesson(some_examples(4), (PAIR,), RECIPE)
    assert taught.examples == some_examples(4)
    assert taught.pairs == (PAIR,)


def test_a_correction_that_is_too_long_does_not_take_the_votes_away() -> None:
    long = an_example(7, reply="Seven, " * 99, kind="correction", corrects="Seven.")
    examples = (*some_examples(4), long, CORRECTION)
    assert lesson(examples, (PAIR,), RECIPE, fits=lambda one: one is not long).examples == (
        CORRECTION,
    )
    taught = lesson(examples, (PAIR,), RECIPE, fits=lambda _: False)
    assert (taught.examples, taught.pairs) == (examples, (PAIR,))


@pytest.mark.parametrize("changes", [{"objective": "reinforce"}, {"teach_weight": 0.0}])
def test_an_objective_without_corrections_learns_from_all_there_is(changes: Any) -> None:
    examples = (*some_examples(4), CORRECTION)
    taught = lesson(examples, (PAIR,), replace(RECIPE, **changes))
    assert (taught.examples, taught.pairs) == (examples, (PAIR,))


def test_nothing_held_out_is_taught() -> None:
    held_out = an_example(8, reply="Eight.", kind="correction", is_held_out=True)
    taught = lesson((*some_examples(2), held_out), (PAIR, replace(PAIR, is_held_out=True)), RECIPE)
    assert taught == PersonData(some_examples(2), (PAIR,))
