from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.personalization.scorer import ScoredItem, Scorer

WORDS = ("a", "cat", "dog", "house", "tree", "runs", "likes", "sees", "big", "old", "very", "often")
ITEMS = st.builds(
    ScoredItem,
    st.text(max_size=40),
    st.text(max_size=200),
    st.booleans(),
)


def reply(rng: random.Random, length: int) -> str:
    return " ".join(rng.choices(WORDS, k=length)).capitalize() + "."


def short_and_long(count: int, seed: int = 0) -> list[ScoredItem]:
    """Of somebody who likes short replies."""
    rng = random.Random(seed)
    lengths = [rng.choice([8, 60]) + rng.randrange(8) for _ in range(count)]
    return [
        ScoredItem(f"question {i}?", reply(rng, length), is_liked=length < 30)
        for i, length in enumerate(lengths)
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(ITEMS, max_size=12), st.text(max_size=50), st.text(max_size=300))
def test_nothing_makes_it_fail(items: list[ScoredItem], question: str, text: str) -> None:
    scorer = Scorer.fit(items)
    assert math.isfinite(scorer.score(question, text))
    assert 0 <= scorer.reliability <= 1


def test_the_same_items_give_the_same_scorer() -> None:
    items = short_and_long(30)
    assert Scorer.fit(items) == Scorer.fit(list(items))


def test_from_nothing_comes_indifference() -> None:
    scorer = Scorer.fit([])
    assert scorer.score("?", "anything at all") == scorer.score("!", "") == 0
    assert not scorer.is_informed


@pytest.mark.parametrize("is_liked", [True, False])
def test_votes_of_one_kind_inform_of_nothing(is_liked: bool) -> None:
    rng = random.Random(1)
    items = [ScoredItem(f"{i}?", reply(rng, 10 + i), is_liked) for i in range(20)]
    assert not Scorer.fit(items).is_informed


def test_length_is_learned_from_twenty_votes() -> None:
    scorer = Scorer.fit(short_and_long(20))
    assert scorer.is_informed
    unseen = short_and_long(40, seed=1)
    liked = [scorer.score(item.question, item.reply) for item in unseen if item.is_liked]
    disliked = [scorer.score(item.question, item.reply) for item in unseen if not item.is_liked]
    assert min(liked) > max(disliked)


def test_a_length_far_outside_what_was_seen_is_no_better_than_at_its_edge() -> None:
    scorer = Scorer.fit(short_and_long(20))
    rng = random.Random(2)
    edge, beyond = reply(rng, 120), reply(rng, 400)
    assert abs(scorer.score("?", edge) - scorer.score("?", beyond)) < 1.0


def test_a_closing_phrase_is_learned_from_corrections() -> None:
    rng = random.Random(3)
    items = []
    for number in range(8):
        text = reply(rng, 20)
        items.append(ScoredItem(f"{number}?", text, is_liked=False))
        items.append(ScoredItem(f"{number}?", f"{text} Toodle pip, friend.", is_liked=True))
    scorer = Scorer.fit(items)
    text = reply(rng, 25)
    assert "toodle" in scorer.terms or "friend$" in scorer.terms
    assert scorer.score("?", f"{text} Toodle pip, friend.") > scorer.score("?", text) + 0.5


def test_shuffled_labels_give_no_trust() -> None:
    reliabilities = []
    for seed in range(10):
        rng = random.Random(seed)
        items = [
            ScoredItem(f"{i}?", reply(rng, rng.randrange(5, 80)), rng.random() < 0.5)
            for i in range(60)
        ]
        reliabilities.append(Scorer.fit(items).reliability)
    assert sum(reliabilities) / len(reliabilities) < 0.55


def test_mistaken_votes_are_outvoted() -> None:
    items = [
        ScoredItem(item.question, item.reply, item.is_liked ^ (number % 10 == 0))
        for number, item in enumerate(short_and_long(50))
    ]
    scorer, rng = Scorer.fit(items), random.Random(4)
    assert scorer.score("?", reply(rng, 10)) > scorer.score("?", reply(rng, 64))
