"""Two trainings that must fail, or the evaluation itself is wrong.

The degenerate recipe (docs/LOG.md) pushes away from 👎 alone, hard and without an anchor: its
replies are nonsense, which the measure must call a loss and the gate must stop. Shuffled votes hold
no wish, so learning from them must gain nothing.

Contract: as the arms', with students of these kinds. What is expected is stated here as numbers.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any, Final

from bowerbird.personalization.evaluation.arms import Answers, Arm, Arms, Student
from bowerbird.personalization.evaluation.asking import Said
from bowerbird.personalization.evaluation.learning import Lesson, School, Trained
from bowerbird.personalization.evaluation.metrics import interval
from bowerbird.personalization.evaluation.opinions import (
    Opinion,
    all_disliked,
    counting_labels,
    shuffled,
)
from bowerbird.personalization.evaluation.outcomes import Case, Outcome, rounded
from bowerbird.personalization.evaluation.people import Person
from bowerbird.personalization.evaluation.plan import Plan, Subject
from bowerbird.personalization.training.executor import ALL_LINEAR, TrainRecipe

DISLIKED: Final = 20
MAX_SHUFFLED_GAIN: Final = 0.03
"""Mean gain in satisfaction that is put down to chance, if the interval does not include 0."""

MIN_PEOPLE: Final = 3
"""Of fewer an interval says nothing, and one person's few replies may gain by chance."""


@dataclass(frozen=True, slots=True)
class Taught:
    """A person, what they think of the pool's replies, and how they are judged."""

    case: Case
    opinions: tuple[Opinion, ...]

    @property
    def person(self) -> Person:
        return self.case.person

    def outcome(self, answers: Mapping[int, Answers]) -> Outcome:
        """Of ``answers``, by person, theirs."""
        return self.case.outcome(answers[self.person.person_id])


class Controls:
    """``disliked``: base replies for the degenerate recipe. ``questions``: judged by."""

    def __init__(
        self,
        plan: Plan,
        subject: Subject,
        arms: Arms,
        school: School,
        questions: Sequence[str],
    ) -> None:
        self._plan = plan
        self._subject = subject
        self._arms = arms
        self._school = school
        self._questions = questions

    def lessons(self, taught: Sequence[Taught], disliked: Sequence[Said]) -> list[Lesson]:
        """What must be trained before ``run``."""
        degenerate = [self._degenerate(one, disliked) for one in taught]
        if len(taught) < MIN_PEOPLE:
            return degenerate
        return degenerate + [self._shuffled(one) for one in taught]

    async def run(
        self,
        taught: Sequence[Taught],
        disliked: Sequence[Said],
        base: Mapping[int, Outcome],
        trained: Mapping[str, Trained],
        on_reply: Callable[[int, int], None],
    ) -> dict[str, Any]:
        """The controls' figures, each with ``is_as_expected``; votes are shuffled only where there
        are ``MIN_PEOPLE``."""
        if not taught:
            return {}
        told = {"degenerate": await self._nonsense(taught, disliked, trained, on_reply)}
        if len(taught) >= MIN_PEOPLE:
            told["shuffled"] = await self._nothing(taught, base, trained, on_reply)
        return told

    async def _nonsense(
        self,
        taught: Sequence[Taught],
        disliked: Sequence[Said],
        trained: Mapping[str, Trained],
        on_reply: Callable[[int, int], None],
    ) -> dict[str, Any]:
        degenerate = [trained[self._degenerate(one, disliked).name] for one in taught]
        students = [
            Student(one.person, (), ended.kept)
            for one, ended in zip(taught, degenerate, strict=True)
        ]
        nonsense = await self._outcomes("degenerate", "adapter", taught, students, on_reply)
        wins = interval([one.win_rate for one in nonsense])
        stopped = fmean(not ended.is_accepted for ended in degenerate)
        return {
            "stopped_by_gate_share": stopped,
            "reasons": sorted({reason for ended in degenerate for reason in ended.reasons}),
            "win_rate": rounded(wins),
            "satisfaction": rounded(interval([one.satisfaction for one in nonsense])),
            "surface_satisfaction": rounded(
                interval([one.surface_satisfaction for one in nonsense])
            ),
            "coherent_share": round(fmean(one.coherent_share for one in nonsense), 4),
            "is_as_expected": stopped == 1 and wins[0] < 0.5,
        }

    async def _nothing(
        self,
        taught: Sequence[Taught],
        base: Mapping[int, Outcome],
        trained: Mapping[str, Trained],
        on_reply: Callable[[int, int], None],
    ) -> dict[str, Any]:
        lessons = [self._shuffled(one) for one in taught]
        ended = [trained[lesson.name] for lesson in lessons]
        students = [
            Student(one.person, lesson.labelled, end.adapter)
            for one, lesson, end in zip(taught, lessons, ended, strict=True)
        ]
        # Without a scorer the first of several is sent, which may by chance be a good one.
        unknown = [Student(one.person, ()) for one in taught]
        before: dict[Arm, Sequence[Outcome]] = {
            "adapter": [base[one.person.person_id] for one in taught],
            "rerank": await self._outcomes("unscored", "rerank", taught, unknown, on_reply),
        }
        gains = {}
        for arm, then in before.items():
            now = await self._outcomes("shuffled", arm, taught, students, on_reply)
            gains[arm] = interval(
                [new.satisfaction - old.satisfaction for new, old in zip(now, then, strict=True)]
            )
        return {
            # What the gate stopped gains nothing, whatever the votes.
            "accepted_share": fmean(end.is_accepted for end in ended),
            "gain": rounded(gains["adapter"]),
            "rerank_gain": rounded(gains["rerank"]),
            "is_as_expected": all(
                mean <= MAX_SHUFFLED_GAIN or low <= 0 for mean, low, _ in gains.values()
            ),
        }

    async def _outcomes(
        self,
        part: str,
        arm: Arm,
        taught: Sequence[Taught],
        students: Sequence[Student],
        on_reply: Callable[[int, int], None],
    ) -> list[Outcome]:
        answers = await self._arms.answers(
            arm, students, self._questions, part=part, on_reply=on_reply
        )
        return [one.outcome(answers) for one in taught]

    def _degenerate(self, one: Taught, disliked: Sequence[Said]) -> Lesson:
        return Lesson(
            f"degenerate-{one.person.person_id}",
            one.person.person_id,
            counting_labels(one.person, all_disliked(disliked[:DISLIKED]), self._subject),
            recipe=degenerate(self._subject.recipe),
            weight=1.0,
            keeps_rejected=True,
        )

    def _shuffled(self, one: Taught) -> Lesson:
        return Lesson(
            f"shuffled-{one.person.person_id}",
            one.person.person_id,
            counting_labels(one.person, shuffled_votes(self._plan, one), self._subject),
        )


def degenerate(recipe: TrainRecipe) -> TrainRecipe:
    """All linear layers, a tenfold step, KTO alone, nothing that holds it back."""
    return replace(
        recipe,
        objective="preference",
        kto_weight=1.0,
        pair_weight=0.0,
        teach_weight=0.0,
        liked_nll_weight=0.0,
        weak_weight=0.0,
        norm_weight=0.0,
        targets=ALL_LINEAR,
        learning_rate=2e-3,
        min_steps=20,
        batch_size=2,
        kl_weight=0.0,
        weight_decay=0.0,
        clip_norm=1e6,
    )


def shuffled_votes(plan: Plan, one: Taught) -> tuple[Opinion, ...]:
    rng = random.Random(f"{plan.seed} shuffled {one.person.person_id}")  # noqa: S311
    return shuffled(one.opinions, rng)
