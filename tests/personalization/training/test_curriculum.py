"""What of a person's feedback is taught."""

from __future__ import annotations

from bowerbird.personalization.training.curriculum import lesson
from bowerbird.personalization.training.executor import TrainPair
from tests.personalization.training.samples import an_example, some_examples

CORRECTION = an_example(9, reply="Nine, friend.", kind="correction", corrects="Nine.")
PAIR = TrainPair(an_example().turns, "better", "worse")


def test_corrections_are_taught_where_there_are_any() -> None:
    taught = lesson((*some_examples(4), CORRECTION), (PAIR,))
    assert taught.examples == (CORRECTION,)
    assert not taught.pairs


def test_votes_and_pairs_are_taught_where_nothing_was_corrected() -> None:
    taught = lesson(some_examples(4), (PAIR,))
    assert taught.examples == some_examples(4)
    assert taught.pairs == (PAIR,)


def test_nothing_held_out_is_taught() -> None:
    held_out = an_example(8, reply="Eight.", kind="correction", is_held_out=True)
    assert lesson((*some_examples(2), held_out), ()).examples[:2] == some_examples(2)
