"""Every wish can be judged and taught, and no reply meets a wish and its opposite."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.personalization.evaluation.traits import MET, Trait, axes

REPLY = (
    "Sure, here's a plan:\n\n1. Don't panic. It's fine!\n2. Drink water, and can't you rest?\n"
    "Honestly, my friend, I'm happy to help 🎉. Let me know"
)
PROSE = (
    "A cat purrs because it is content. The dog's bowl is empty, which is why it barks so loudly."
)

pieces = st.sampled_from(
    [*REPLY.split(" "), *PROSE.split(" "), "\n", "- one", "?", "Stay curious!", "maybe", "ß", "🙂"]
)
replies = st.one_of(st.text(max_size=80), st.lists(pieces, max_size=120).map(" ".join))
spoken = replies.filter(lambda text: any(char.isascii() and char.isalpha() for char in text))


def every_axis() -> list[tuple[Trait, Trait]]:
    """All axes, with every closing, word and name once at least."""
    drawn = {
        tuple(trait.name for trait in axis): axis
        for seed in range(40)
        for axis in axes(random.Random(seed)).values()
    }
    return list(drawn.values())


AXES = every_axis()
TRAITS = [trait for axis in AXES for trait in axis]


@given(replies, st.sampled_from(TRAITS))
def test_a_score_is_between_0_and_1(reply: str, trait: Trait) -> None:
    assert 0 <= trait.score("?", reply) <= MET


@given(replies, st.sampled_from(AXES))
def test_nothing_meets_both_poles(reply: str, axis: tuple[Trait, Trait]) -> None:
    assert not (axis[0].is_met("?", reply) and axis[1].is_met("?", reply))


@given(spoken, st.sampled_from(TRAITS), st.integers(0, 9))
def test_a_rewritten_reply_meets_the_wish(reply: str, trait: Trait, seed: int) -> None:
    assert trait.is_met("?", trait.rewrite(reply, random.Random(seed)))


@pytest.mark.parametrize("trait", TRAITS, ids=lambda trait: trait.name)
def test_what_meets_the_wish_is_left_alone(trait: Trait) -> None:
    once = trait.rewrite(REPLY, random.Random(0))
    assert trait.rewrite(once, random.Random(1)) == once


@pytest.mark.parametrize("trait", TRAITS, ids=lambda trait: trait.name)
def test_saying_nothing_meets_no_wish(trait: Trait) -> None:
    assert trait.score("?", " \n") == 0


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("short", "Yes, it is.", "word " * 41),
        ("long", "word " * 60, "Yes, it is."),
        ("list", "Two ways:\n- this\n- that", "1. this"),
        ("prose", "It is 3. Or 4.", "- this\n- that"),
        ("emoji", "Yes 🌿", "Yes :)"),
        ("no emoji", "Yes — 5 € ©", "Yes 🙂"),
        ("lowercase", "i think so. me too.", "i think so. Me too."),
        ("normal case", "I think so", "i think so"),
        ("asks", "Fine. And you? 🙂", "And you? Fine."),
        ("never asks", "Fine.", "And you?"),
        ("formal", "The dog's bowl is not full.", "It's not full."),
        ("casual", "It's full.", "The dog's bowl is full."),
        ("no closing", "That is all.", "That is all. Let me know if you need more!"),
    ],
)
def test_what_meets_a_wish_and_what_does_not(name: str, good: str, bad: str) -> None:
    trait = next(trait for trait in TRAITS if trait.name == name)
    assert trait.is_met("?", good)
    assert not trait.is_met("?", bad)


def test_a_name_counts_where_somebody_is_called_by_it() -> None:
    rare = next(trait for trait in TRAITS if trait.name == "calls me friend")
    assert rare.is_met("?", "Well, friend, that is easy.")
    assert rare.is_met("?", "That is easy, my friend!")
    assert not rare.is_met("?", "Tell a friend about it.")
