"""What counts as sense: within the base's own range, whatever is wished for on the surface."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given

from bowerbird.personalization.evaluation.coherence import Bounds, Look, plain
from bowerbird.personalization.evaluation.people import draw_people
from tests.personalization.evaluation.test_traits import replies

RNG = random.Random(0)
BASE = [
    Look(tuple(RNG.gauss(1.2, 0.3) for _ in range(40)), RNG.uniform(0.9, 1), RNG.uniform(0.4, 0.9))
    for _ in range(200)
]
BOUNDS = Bounds.of(BASE)
USUAL = Look((1.2,) * 40, 0.97, 0.6)


def test_nearly_all_of_the_base_is_within_its_own_range() -> None:
    assert 0.94 < sum(map(BOUNDS.admit, BASE)) / len(BASE) < 1


@pytest.mark.parametrize(
    "look",
    [
        replace(USUAL, nll=(5.0,) * 40),
        replace(USUAL, nll=()),
        replace(USUAL, distinct=0.3),
        replace(USUAL, relevance=0.05),
    ],
    ids=["nonsense", "empty", "repetitive", "beside the point"],
)
def test_what_the_base_would_not_say_is_not_coherent(look: Look) -> None:
    assert BOUNDS.admit(USUAL)
    assert not BOUNDS.admit(look)


def test_beginnings_are_compared_with_beginnings() -> None:
    """A short reply is all beginning, which is harder to predict."""
    means = (3.0,) * 4 + (0.5,) * 60
    rising = [Look(tuple(RNG.gauss(mean, 0.1) for mean in means), 1, None) for _ in range(50)]
    bounds = Bounds.of(rising)
    assert bounds.admit(Look((3.0,) * 4, 1, None))
    assert not bounds.admit(Look((3.0,) * 64, 1, None))


def test_relevance_is_not_asked_for_where_it_was_not_measured() -> None:
    bounds = Bounds.of([replace(look, relevance=None) for look in BASE])
    assert bounds.relevance is None
    assert bounds.admit(replace(USUAL, relevance=None))


def test_a_handful_of_replies_is_no_range() -> None:
    with pytest.raises(ValueError, match="too few"):
        Bounds.of(BASE[:3])


def test_a_look_survives_the_ledger() -> None:
    assert Look.of(USUAL.as_dict()) == USUAL


@given(replies)
def test_plain_is_about_the_same_reply_whatever_was_wished_for(reply: str) -> None:
    assert plain(plain(reply)) == plain(reply)
    assert plain(reply) == "" or any(map(str.isalnum, plain(reply)))


def test_wishes_on_the_surface_leave_no_trace() -> None:
    said = "Cats purr when they rest. They also purr when they eat."
    surface = {"emoji", "case", "closing", "asking", "address", "list", "word", "contractions"}
    for person in draw_people(60, seed=1):
        if not {trait.axis for trait in person.traits} <= surface:
            continue
        taught = person.correction("Why do cats purr?", said, random.Random(0))
        assert plain(taught) == said, [trait.name for trait in person.traits]


def test_a_closing_alone_says_nothing() -> None:
    assert plain("Have a lovely day! 🙂") == ""
    assert plain("Hey friend! Nice question! Stay curious!") == ""
