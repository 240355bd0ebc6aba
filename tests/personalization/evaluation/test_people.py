"""People are balanced, teach what they want, and vote as people would."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations, product
from statistics import fmean

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bowerbird.personalization.evaluation.people import (
    FLIPPED_SHARE,
    Person,
    contrary,
    draw_people,
)
from bowerbird.personalization.evaluation.prompts import TEST, TRAIN
from bowerbird.personalization.training.neutral import ANCHOR_QUESTIONS, GATE_QUESTIONS
from bowerbird.storage.records import FeedbackKind
from tests.personalization.evaluation.test_traits import PROSE, REPLY, replies, spoken

PEOPLE = draw_people(60, seed=0)
people = st.sampled_from(PEOPLE)


@given(replies, people)
def test_no_reply_pleases_more_than_half_of_a_couple(reply: str, person: Person) -> None:
    other = contrary(person, PEOPLE)
    assert person.satisfaction("?", reply) + other.satisfaction("?", reply) <= 1


def test_everybody_has_something_to_teach_and_an_opposite() -> None:
    for person in PEOPLE:
        other = contrary(person, PEOPLE)
        assert [trait.axis for trait in person.traits] == [trait.axis for trait in other.traits]
        assert all(
            mine.is_rare != theirs.is_rare
            for mine, theirs in zip(person.traits, other.traits, strict=True)
        )
        assert any(trait.is_rare for trait in person.traits)
        assert 2 <= len(person.traits) <= 3


def test_a_seed_draws_the_same_people() -> None:
    def names(seed: int) -> list[list[str]]:
        return [[trait.name for trait in person.traits] for person in draw_people(8, seed)]

    assert names(3) == names(3) != names(4)


@pytest.mark.parametrize("count", [0, 1, 7])
def test_people_come_in_couples(count: int) -> None:
    with pytest.raises(ValueError, match="even number"):
        draw_people(count, 0)


@settings(max_examples=300)
@given(spoken, people, st.integers(0, 9))
@example("A𝛢", PEOPLE[1], 0)  # a capital letter without a small one
def test_a_correction_meets_every_wish(reply: str, person: Person, seed: int) -> None:
    taught = person.correction("?", reply, random.Random(seed))
    assert person.satisfaction("?", taught) == 1


def likes(person: Person, reply: str, times: int = 600) -> Counter[FeedbackKind | None]:
    rng = random.Random(0)
    return Counter(person.vote("?", reply, rng) for _ in range(times))


def test_the_better_a_reply_the_likelier_a_like() -> None:
    for person in PEOPLE[:6]:
        taught = person.correction("?", PROSE, random.Random(0))
        opposite = contrary(person, PEOPLE).correction("?", PROSE, random.Random(0))
        good, bad = likes(person, taught), likes(person, opposite)
        like, dislike = FeedbackKind.LIKE, FeedbackKind.DISLIKE
        assert good[like] / (good[like] + good[dislike]) > 0.8
        assert bad[like] / (bad[like] + bad[dislike]) < 0.25
        assert good[dislike] > 0  # mistakes are made even about the best
        assert good[None] > 0


def test_a_tenth_of_the_votes_on_the_best_replies_are_mistakes() -> None:
    person = PEOPLE[0]
    taught = person.correction("?", PROSE, random.Random(0))
    votes = likes(person, taught, times=8000)
    wrong = votes[FeedbackKind.DISLIKE] / (8000 - votes[None])
    # 10 % of those meant as 👍, and a few that were meant as 👎
    assert wrong == pytest.approx(FLIPPED_SHARE + 0.03, abs=0.02)


def test_about_one_feedback_in_eight_is_a_correction() -> None:
    rng = random.Random(0)
    given_votes = corrected = 0
    for person in PEOPLE:
        for reply in (REPLY, PROSE) * 20:
            vote = person.vote("?", reply, rng)
            given_votes += vote is not None
            corrected += person.corrects(vote, rng)
    assert 1 / 12 < corrected / given_votes < 1 / 5


def test_questions_are_disjoint_and_do_not_repeat_each_other() -> None:
    def content(question: str) -> set[str]:
        return {word for word in question.lower().strip("?.").split() if len(word) > 3}

    every = [*TRAIN, *TEST]
    trained_with = [*ANCHOR_QUESTIONS, *GATE_QUESTIONS]  # or judged by, also in an evaluation
    assert len(TRAIN) == 80
    assert len(TEST) == 48
    assert len({question.lower() for question in every}) == len(every)
    for one, other in [*combinations(every, 2), *product(TEST, trained_with)]:
        shared, either = content(one) & content(other), content(one) | content(other)
        assert len(shared) < 0.5 * len(either), (one, other)


def test_every_wish_occurs_about_as_often_as_its_opposite() -> None:
    counts = Counter(trait.is_rare for person in PEOPLE for trait in person.traits)
    assert counts[True] == counts[False]
    assert fmean(len(person.traits) for person in PEOPLE) > 2
