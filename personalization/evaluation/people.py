"""Simulated people: hidden wishes, and the feedback that such a person would give.

Contract: people come in couples who want the exact opposite on every axis they share, so that no
reply meets more than half of what a couple wants, and no shift that is the same for all can win.
Everything follows from the seed. What a person thinks is judged by programs, and 10 % of their
votes are mistakes. Knows no model.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from bowerbird.personalization.evaluation.traits import Trait, are_compatible, axes
from bowerbird.storage.records import FeedbackKind

FLIPPED_SHARE: Final = 0.1
_STEEPNESS: Final = 8.0
_PLEASED_AT: Final = 0.6  # how well the wishes are met where 👍 and 👎 are equally likely
_INDIFFERENT: Final = 0.15
_SILENT: Final = 0.15
_SILENT_IF_INDIFFERENT: Final = 0.4
_CORRECTS_AFTER_DISLIKE: Final = 0.2
_CORRECTS_OTHERWISE: Final = 0.02
_REGENERATES_AFTER_DISLIKE: Final = 0.15
_REGENERATES_OTHERWISE: Final = 0.03
_MAX_PASSES: Final = 4


@dataclass(frozen=True, slots=True)
class Person:
    """``person_id`` counts from 1; ``partner_id`` wants the opposite of each trait."""

    person_id: int
    partner_id: int
    traits: tuple[Trait, ...]

    @property
    def instruction(self) -> str:
        """The hidden wishes, said outright: what the oracle arm puts in the prompt."""
        return " ".join(trait.instruction for trait in self.traits)

    def satisfaction(self, question: str, reply: str) -> float:
        """Share of the wishes that are met; coherence is judged elsewhere."""
        return fmean(trait.is_met(question, reply) for trait in self.traits)

    def score(self, question: str, reply: str) -> float:
        """The finer measure: how nearly the wishes are met, in [0, 1]."""
        return fmean(trait.score(question, reply) for trait in self.traits)

    def vote(self, question: str, reply: str, rng: random.Random) -> FeedbackKind | None:
        """👍, 👎 or nothing; the better the wishes are met the likelier 👍, sometimes mistaken."""
        pleased = self._pleased(question, reply)
        is_indifferent = abs(pleased - _PLEASED_AT) < _INDIFFERENT
        if rng.random() < (_SILENT_IF_INDIFFERENT if is_indifferent else _SILENT):
            return None
        likes = rng.random() < 1 / (1 + math.exp(-_STEEPNESS * (pleased - _PLEASED_AT)))
        if rng.random() < FLIPPED_SHARE:
            likes = not likes
        return FeedbackKind.LIKE if likes else FeedbackKind.DISLIKE

    def regenerates(self, vote: FeedbackKind | None, rng: random.Random) -> bool:
        """Whether ↻ is pressed: mostly after a 👎, now and then out of curiosity."""
        is_unhappy = vote is FeedbackKind.DISLIKE
        return rng.random() < (_REGENERATES_AFTER_DISLIKE if is_unhappy else _REGENERATES_OTHERWISE)

    def corrects(self, vote: FeedbackKind | None, rng: random.Random) -> bool:
        """Whether a better reply is taught: about one feedback in eight, mostly after 👎."""
        is_unhappy = vote is FeedbackKind.DISLIKE
        return rng.random() < (_CORRECTS_AFTER_DISLIKE if is_unhappy else _CORRECTS_OTHERWISE)

    def correction(self, question: str, reply: str, rng: random.Random) -> str:
        """The reply as this person would have written it: edited by rule to meet every wish."""
        for _ in range(_MAX_PASSES):
            for trait in sorted(self.traits, key=lambda one: one.order):
                reply = trait.rewrite(reply, rng)
            if self.satisfaction(question, reply) == 1.0:
                break
        return reply

    def _pleased(self, question: str, reply: str) -> float:
        """Half by what is met, half by what nearly is: people see an effort."""
        return (self.satisfaction(question, reply) + self.score(question, reply)) / 2


def draw_people(count: int, seed: int) -> tuple[Person, ...]:
    """``count`` people (an even number), couples side by side, 2 or 3 traits each.

    On each axis of a couple one wants what the base seldom does and the other what it mostly does;
    both get at least one of the former, so that everybody has something to teach.
    """
    if count < 2 or count % 2:
        raise ValueError(f"people come in couples: give an even number, not {count}")
    rng = random.Random(f"people {seed}")  # noqa: S311
    people: list[Person] = []
    for first in range(1, count, 2):
        one, other = _draw_couple(rng)
        people += [Person(first, first + 1, one), Person(first + 1, first, other)]
    return tuple(people)


def contrary(person: Person, people: Sequence[Person]) -> Person:
    """The partner: who wants the opposite."""
    return next(one for one in people if one.person_id == person.partner_id)


def _draw_couple(rng: random.Random) -> tuple[tuple[Trait, ...], tuple[Trait, ...]]:
    while True:
        every = axes(rng)
        chosen = [every[name] for name in rng.sample(sorted(every), rng.choice((2, 3)))]
        sides = [rng.randrange(2) for _ in chosen]
        if len(set(sides)) == 1:
            continue  # one of the two would have nothing to teach
        one = tuple(axis[side] for axis, side in zip(chosen, sides, strict=True))
        other = tuple(axis[1 - side] for axis, side in zip(chosen, sides, strict=True))
        if are_compatible(one) and are_compatible(other):
            return one, other
