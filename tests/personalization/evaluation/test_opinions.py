"""What people think of replies is what the store would hand to training."""

from __future__ import annotations

import random

from bowerbird.personalization.evaluation.asking import Said
from bowerbird.personalization.evaluation.opinions import (
    Opinion,
    all_disliked,
    labelled_replies,
    shuffled,
    vote_on,
)
from bowerbird.personalization.evaluation.people import Person, draw_people
from bowerbird.personalization.training.dataset import build_examples
from bowerbird.personalization.training.pairs import build_pairs
from bowerbird.storage.records import LabelledReply
from tests.personalization.evaluation.test_traits import PROSE, REPLY

PEOPLE = draw_people(8, seed=0)
POOL = [
    [Said(f"Question {q}?", f"{text} Number {q}.", 40, is_cut_off=False) for text in (REPLY, PROSE)]
    for q in range(40)
]


def votes(person: Person, count: int) -> tuple[Opinion, ...]:
    return vote_on(person, POOL, count, random.Random(person.person_id))


def labelled(opinions: tuple[Opinion, ...]) -> tuple[LabelledReply, ...]:
    return labelled_replies(7, opinions, system_prompt="Be kind.", base_model="tiny")


def test_people_vote_as_often_as_they_are_asked_to() -> None:
    for person in PEOPLE:
        opinions = votes(person, 20)
        assert sum(opinion.is_liked is not None for opinion in opinions) == 20
        assert len({(one.said.question, one.said.text) for one in opinions}) == len(opinions)


def test_the_first_votes_are_the_same_however_many_follow() -> None:
    few, many = votes(PEOPLE[0], 10), votes(PEOPLE[0], 30)
    assert [one.is_liked for one in many[: len(few)]] == [one.is_liked for one in few]


def test_a_small_pool_gives_fewer_votes() -> None:
    opinions = vote_on(PEOPLE[0], POOL[:3], 50, random.Random(0))
    assert len(opinions) == 6


def test_a_regenerated_reply_is_followed_by_another_to_the_same_question() -> None:
    pairs = 0
    for person in PEOPLE:
        opinions = votes(person, 60)
        for opinion in opinions:
            if opinion.earlier is not None:
                pairs += 1
                earlier = opinions[opinion.earlier]
                assert earlier.said.question == opinion.said.question
                assert earlier.was_regenerated
    assert pairs > 5


def test_training_can_read_it() -> None:
    opinions = votes(PEOPLE[0], 30)
    found = labelled(opinions)
    corrections = sum(one.correction is not None for one in opinions)
    examples = build_examples(found, with_sentiment=False)
    assert sum(one.kind == "correction" for one in examples) == corrections > 0
    assert sum(one.kind == "vote" for one in examples) >= 30
    assert len(build_pairs(found)) >= corrections
    assert len({one.reply.reply_id for one in found}) == len(found)
    assert [one.labelled_at for one in found] == sorted(one.labelled_at for one in found)


def test_what_nobody_thinks_anything_of_is_not_labelled() -> None:
    said = POOL[0][0]
    assert labelled((Opinion(said, None, None),)) == ()
    assert len(labelled((Opinion(said, None, "Better."),))) == 1


def test_shuffled_votes_are_as_many_and_teach_nothing() -> None:
    opinions = votes(PEOPLE[0], 30)
    mixed = shuffled(opinions, random.Random(1))
    assert sorted(map(str, (one.is_liked for one in mixed))) == sorted(
        map(str, (one.is_liked for one in opinions))
    )
    assert [one.said for one in mixed] == [one.said for one in opinions]
    assert [one.is_liked for one in mixed] != [one.is_liked for one in opinions]
    assert all(one.correction is None for one in mixed)


def test_opinions_survive_as_json() -> None:
    assert all(Opinion.of(one.as_dict()) == one for one in votes(PEOPLE[1], 10))


def test_all_disliked() -> None:
    found = labelled(all_disliked(POOL[0]))
    assert [one.is_liked for one in found] == [False, False]
