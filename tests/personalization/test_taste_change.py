"""When a person has come to want something else."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.personalization.evaluation.asking import Said
from bowerbird.personalization.evaluation.opinions import Opinion, labelled_replies
from bowerbird.personalization.scorer import MAX_ITEMS
from bowerbird.personalization.taste_change import NEWER, current
from bowerbird.storage.records import LabelledReply

SHORT = "Yes, it is so."
LONG = "It is a long story, and I will tell you all of it: " + "first this and then that, " * 12


def votes(wants: list[bool], *, mistakes: float = 0.0, seed: int = 0) -> list[Opinion]:
    """Votes on short and long replies by turns; ``wants`` short at each, or long."""
    rng = random.Random(seed)
    found = []
    for number, short in enumerate(wants):
        is_short = bool(rng.randrange(2))
        is_liked = (is_short is short) is not (rng.random() < mistakes)
        text = SHORT if is_short else LONG
        said = Said(f"Is thing {number} so?", text, len(text.split()), is_cut_off=False)
        found.append(Opinion(said, is_liked, None))
    return found


def labelled(opinions: list[Opinion]) -> tuple[LabelledReply, ...]:
    return labelled_replies(1, opinions, system_prompt="Be kind.", base_model="tiny")


@pytest.mark.parametrize("after", [12, 24, 100])
def test_what_the_opposite_was_said_of_counts_no_longer(after: int) -> None:
    everything = labelled(votes([True] * 40 + [False] * after))
    left = current(everything)
    assert everything[-len(left) :] == left
    assert after - 4 <= len(left) <= after + 12


@pytest.mark.parametrize("seed", range(10))
def test_mistakes_are_no_change(seed: int) -> None:
    everything = labelled(votes([True] * 60, mistakes=0.1, seed=seed))
    assert current(everything) == everything


def test_a_change_stays_one_when_the_bot_has_followed_and_is_liked_again() -> None:
    said = [Said(f"And thing {n}?", SHORT, 4, is_cut_off=False) for n in range(30)]
    opinions = votes([True] * 40)
    opinions += [Opinion(one, is_liked=False, correction=None) for one in said[:8]]
    opinions += [Opinion(replace(one, text=LONG), is_liked=True, correction=None) for one in said]
    everything = labelled(opinions)
    assert len(current(everything)) <= 48


def test_liking_less_of_what_became_worse_is_no_change() -> None:
    opinions = votes([True] * 40)
    for number, opinion in enumerate(votes([True] * 24, seed=1)):
        # All of it is disliked more often than not, in the old order: short before long.
        is_liked = opinion.is_liked and number % 3 == 0
        opinions.append(replace(opinion, is_liked=is_liked))
    everything = labelled(opinions)
    assert current(everything) == everything


def test_two_mistakes_where_nearly_all_is_liked_are_no_change() -> None:
    """Going by the order of these alone they would be."""
    opinions = votes([True] * 40)
    medium = Said("And this?", f"{SHORT} And it has been for as long as I know.", 14, False)
    opinions += [Opinion(medium, is_liked=True, correction=None)] * 10
    opinions += [Opinion(replace(medium, text=SHORT), is_liked=False, correction=None)] * 2
    everything = labelled(opinions)
    assert current(everything) == everything


def test_a_correction_or_two_are_no_change() -> None:
    opinions = votes([True] * 40)
    said = Said("And this?", SHORT, 4, is_cut_off=False)
    opinions.append(Opinion(said, is_liked=False, correction=LONG))
    everything = labelled(opinions)
    assert current(everything) == everything


def test_going_back_counts_as_a_change_as_well() -> None:
    everything = labelled(votes([True] * 30 + [False] * 60 + [True] * 30))
    assert len(current(everything)) < 45


def test_what_changed_long_ago_is_not_looked_for() -> None:
    everything = labelled(votes([False] * MAX_ITEMS + [True] * MAX_ITEMS))
    assert current(everything) == everything


def test_only_dislikes_are_no_change() -> None:
    opinions = [*votes([True] * 40)]
    said = Said("And this?", SHORT, 4, is_cut_off=False)
    opinions += [Opinion(said, is_liked=False, correction=None)] * 20
    everything = labelled(opinions)
    assert current(everything) == everything


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=40), st.sampled_from([True, False, None])), max_size=40))
def test_any_labels_leave_the_newest(said: list[tuple[str, bool | None]]) -> None:
    opinions = [
        Opinion(Said("Why?", text, 1, is_cut_off=False), is_liked, None) for text, is_liked in said
    ]
    everything = labelled(opinions)
    left = current(everything)
    assert everything[len(everything) - len(left) :] == left
    assert len(left) >= min(len(everything), min(NEWER) // 2)
