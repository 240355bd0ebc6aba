"""What a simulated person thinks of replies, in the form that the store gives to training.

Contract: follows from the person, the replies and the seed. A vote, a correction or a ↻ makes a
reply labelled; what the person says nothing about is left out, as the store leaves it out. Knows no
model.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bowerbird.personalization import taste_change
from bowerbird.personalization.evaluation.asking import Said
from bowerbird.personalization.evaluation.people import Person
from bowerbird.personalization.evaluation.plan import Subject
from bowerbird.personalization.types import FinishReason, Turn
from bowerbird.storage.records import FeedbackKind, LabelledReply, Reply

_START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_IDS_A_PERSON: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Opinion:
    """One reply and what was thought of it. ``earlier``: number of the opinion it is a ↻ of."""

    said: Said
    is_liked: bool | None
    correction: str | None
    was_regenerated: bool = False
    earlier: int | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "said": self.said.as_dict(),
            "is_liked": self.is_liked,
            "correction": self.correction,
            "was_regenerated": self.was_regenerated,
            "earlier": self.earlier,
        }

    @classmethod
    def of(cls, known: Mapping[str, Any]) -> Opinion:
        return cls(Said(**known["said"]), *(known[name] for name in cls.__slots__[1:]))


def think(person: Person, said: Said, rng: random.Random) -> Opinion:
    """The person's opinion of one reply."""
    vote = person.vote(said.question, said.text, rng)
    is_liked = None if vote is None else vote is FeedbackKind.LIKE
    correction = None
    if said.text.strip() and person.corrects(vote, rng):
        correction = person.correction(said.question, said.text, rng)
        correction = None if correction == said.text else correction
    return Opinion(said, is_liked, correction, person.regenerates(vote, rng))


def vote_on(
    person: Person, pool: Sequence[Sequence[Said]], votes: int, rng: random.Random
) -> tuple[Opinion, ...]:
    """Opinions on ``pool`` (by question, several replies each) until there are ``votes`` 👍 and 👎.

    Questions come in an order of the person's own; ↻ brings the next reply to the same one. Fewer
    votes if the pool is too small.
    """
    opinions: list[Opinion] = []
    given = 0
    for number, said in _in_turn(pool, rng, lambda: opinions[-1].was_regenerated):
        opinion = replace(think(person, said, rng), earlier=number)
        opinions.append(opinion)
        given += opinion.is_liked is not None
        if given == votes:
            break
    return _numbered(opinions)


def shuffled(opinions: Sequence[Opinion], rng: random.Random) -> tuple[Opinion, ...]:
    """The same votes on the wrong replies, and no corrections: nothing to be learned from."""
    votes = [opinion.is_liked for opinion in opinions]
    rng.shuffle(votes)
    return tuple(
        Opinion(opinion.said, vote, None) for opinion, vote in zip(opinions, votes, strict=True)
    )


def all_disliked(said: Iterable[Said]) -> tuple[Opinion, ...]:
    """👎 on everything: what destroys a model that is only pushed away (docs/LOG.md)."""
    return tuple(Opinion(one, is_liked=False, correction=None) for one in said)


def counting_labels(
    person: Person, opinions: Sequence[Opinion], subject: Subject
) -> tuple[LabelledReply, ...]:
    """``labelled_replies`` that training and serving go by."""
    every = labelled_replies(
        person.person_id,
        opinions,
        system_prompt=subject.system_prompt,
        base_model=subject.base_model,
    )
    return tuple(taste_change.current(every))


def labelled_replies(
    person_id: int, opinions: Sequence[Opinion], *, system_prompt: str, base_model: str
) -> tuple[LabelledReply, ...]:
    """As ``Store.labelled_replies`` gives them, oldest first."""
    first_id = person_id * _IDS_A_PERSON
    made = []
    for number, opinion in enumerate(opinions):
        if opinion.is_liked is None and not opinion.correction and not opinion.was_regenerated:
            continue
        at = _START + timedelta(minutes=number)
        reason = FinishReason.LENGTH if opinion.said.is_cut_off else FinishReason.STOP
        reply = Reply(
            scope_id=1,
            user_id=person_id,
            channel_id=1,
            question_id=None,
            message_ids=(first_id + number,),
            turns=(Turn("system", system_prompt), Turn("user", opinion.said.question)),
            text=opinion.said.text,
            base_model=base_model,
            adapter_version=None,
            sampling={"finish_reason": reason},
            origin="message",
            created_at=at,
            reply_id=first_id + number,
        )
        made.append(
            LabelledReply(
                reply=reply,
                is_liked=opinion.is_liked,
                correction=opinion.correction,
                correction_origin="modal" if opinion.correction else None,
                was_regenerated=opinion.was_regenerated,
                replaces=None if opinion.earlier is None else first_id + opinion.earlier,
                labelled_at=at,
            )
        )
    return tuple(made)


def _in_turn(
    pool: Sequence[Sequence[Said]], rng: random.Random, is_regenerated: Callable[[], bool]
) -> Iterator[tuple[int | None, Said]]:
    """All replies once, each with the position of the one it replaces, if any.

    First a reply to each question, then a second to each. After a ↻ the next to the same question
    comes at once.
    """
    left = [list(replies) for replies in pool]
    order = list(range(len(pool)))
    position = 0
    while any(left):
        rng.shuffle(order)
        for index in order:
            if not left[index]:
                continue
            yield None, left[index].pop(0)
            position += 1
            while left[index] and is_regenerated():
                yield position - 1, left[index].pop(0)
                position += 1


def _numbered(opinions: Sequence[Opinion]) -> tuple[Opinion, ...]:
    """↻ that was never answered is none, since there is no second reply to compare."""
    answered = {opinion.earlier for opinion in opinions}
    return tuple(
        replace(opinion, was_regenerated=number in answered)
        for number, opinion in enumerate(opinions)
    )
