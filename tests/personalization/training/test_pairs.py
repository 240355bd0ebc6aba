from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bowerbird.personalization.training import pairs
from bowerbird.personalization.training.dataset import build_examples
from bowerbird.personalization.training.pairs import are_covered, build_pairs
from bowerbird.storage.records import LabelledReply
from tests.personalization.training.samples import labelled


def texts(*items: LabelledReply) -> list[tuple[str, str, float]]:
    return [(pair.chosen, pair.rejected, pair.weight) for pair in build_pairs(items)]


def regenerated(earlier: bool | None, later: bool | None) -> tuple[LabelledReply, LabelledReply]:
    first = labelled(1, is_liked=earlier, text="First.", was_regenerated=True)
    return first, replace(labelled(2, is_liked=later, text="Second."), replaces=1)


def test_a_correction_is_better_than_what_it_corrects() -> None:
    item = labelled(is_liked=None, text="A bird.", correction="A place to dance.")
    assert texts(item) == [("A place to dance.", "A bird.", 1.0)]


def test_of_two_replies_to_one_question_the_liked_one_is_better() -> None:
    liked, disliked = labelled(1, text="Good."), labelled(2, is_liked=False, text="Bad.")
    assert texts(liked, disliked) == texts(disliked, liked) == [("Good.", "Bad.", 1.0)]
    assert texts(liked, labelled(2, is_liked=False, text="Bad.", said="Else?")) == []
    assert texts(liked, labelled(2, is_liked=False, text="Good.")) == []


@pytest.mark.parametrize(
    ("earlier", "later", "weight"),
    [
        (None, None, pairs.REGENERATED_WEIGHT),
        (False, None, pairs.REGENERATED_AND_VOTED_WEIGHT),
        (None, True, pairs.REGENERATED_AND_VOTED_WEIGHT),
        (False, True, 1.0),  # two votes on one question
    ],
)
def test_a_second_reply_is_better_unless_votes_say_otherwise(
    earlier: bool | None, later: bool | None, weight: float
) -> None:
    assert texts(*regenerated(earlier, later)) == [("Second.", "First.", weight)]


@pytest.mark.parametrize(("earlier", "later"), [(True, None), (None, False), (True, True)])
def test_votes_against_it_make_no_pair_of_a_second_reply(
    earlier: bool | None, later: bool | None
) -> None:
    assert texts(*regenerated(earlier, later)) == []


def test_one_half_alone_is_no_pair() -> None:
    assert texts(regenerated(None, None)[1]) == []


@pytest.mark.parametrize("text", ["", "  "])
def test_nothing_is_no_better_than_something(text: str) -> None:
    assert texts(labelled(1, text=text), labelled(2, is_liked=False, text="Bad.")) == []
    assert texts(labelled(is_liked=None, text="A bird.", correction=text)) == []


def test_a_cut_off_side_has_no_end_to_learn() -> None:
    cut = labelled(1, text="And so on and")
    cut = replace(cut, reply=replace(cut.reply, sampling={"finish_reason": "length"}))
    (pair,) = build_pairs([cut, labelled(2, is_liked=False, text="Bad.")])
    assert (pair.chosen_is_complete, pair.rejected_is_complete) == (False, True)


def test_their_number_is_bounded() -> None:
    one_question = [labelled(n, is_liked=n % 2 == 0, text=f"{n}.") for n in range(1, 41)]
    assert len(build_pairs(one_question)) == pairs.MAX_PAIRS_PER_QUESTION
    many = [labelled(n, is_liked=None, text=f"{n}.", correction="Yes.") for n in range(1, 1001)]
    found = build_pairs(many)
    assert len(found) == pairs.MAX_PAIRS
    assert found[-1].rejected == "1000."


def test_a_pair_with_a_held_out_reply_is_held_out_and_no_correction_is() -> None:
    def an_item(number: int, **values: Any) -> LabelledReply:
        return labelled(number, text=f"Reply {number}.", **values)

    def asked_twice(number: int, *, is_liked: bool) -> LabelledReply:
        return an_item(number, said=f"What is {(number + 1) // 2}?", is_liked=is_liked)

    votes = [asked_twice(n, is_liked=n % 2 == 0) for n in range(1, 101)]
    taught = [an_item(n, said=f"{n}?", is_liked=None, correction="Yes.") for n in range(101, 151)]
    held_out = {e.reply for e in build_examples([*votes, *taught]) if e.is_held_out}
    assert held_out
    assert not held_out & {item.reply.text for item in taught}
    found = build_pairs([*votes, *taught])
    assert len(found) == len(votes) // 2 + len(taught)
    for pair in found:
        assert pair.is_held_out == bool({pair.chosen, pair.rejected} & held_out)


def test_a_pair_of_words_that_are_held_out_is_held_out_whichever_reply_they_come_from() -> None:
    votes = [labelled(n, is_liked=n % 2 == 0, text=f"Reply {n}.") for n in range(1, 101)]
    held_out = [e for e in build_examples(votes) if e.is_held_out]
    for number, example in enumerate(held_out):
        again = labelled(200 + 2 * number, is_liked=None, text=example.reply)
        instead = replace(
            labelled(201 + 2 * number, is_liked=None, text=f"Else {number}."),
            replaces=again.reply.reply_id,
        )
        votes += [replace(again, was_regenerated=True), instead]
    found = [pair for pair in build_pairs(votes) if pair.chosen.startswith("Else")]
    assert len(found) == len(held_out) > 0
    assert all(pair.is_held_out for pair in found)


def test_pairs_are_covered_until_a_text_goes_or_changes() -> None:
    taught = labelled(1, is_liked=None, text="A bird.", correction="A place.")
    liked, disliked = labelled(2, text="Good."), labelled(3, is_liked=False, text="Bad.")
    found = build_pairs([taught, liked, disliked])
    assert are_covered(found, [taught, liked, disliked])
    assert not are_covered(found, [taught, liked])
    assert not are_covered(found, [replace(taught, correction=None), liked, disliked])
    edited = replace(disliked, reply=replace(disliked.reply, text="Worse."))
    assert not are_covered(found, [taught, liked, edited])
