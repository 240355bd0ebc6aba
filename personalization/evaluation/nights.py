"""Many nights in a row: people ask, vote on what they are answered, and are trained again.

Contract: as the bot does it: each night trains a fresh adapter on everything that was kept, against
the incumbent, and the gate decides which one answers the next day. From the flip on people want the
opposite of what they wanted. Everything that takes time is in cells of the ledger (`arms`,
`learning`), so nights that are over are gone through again in no time.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any, Final

from bowerbird.personalization.evaluation.arms import Arms, Student
from bowerbird.personalization.evaluation.learning import Lesson, School
from bowerbird.personalization.evaluation.opinions import Opinion, counting_labels, think
from bowerbird.personalization.evaluation.outcomes import Case
from bowerbird.personalization.evaluation.people import Person
from bowerbird.personalization.evaluation.plan import Plan, Subject
from bowerbird.personalization.types import AdapterRef
from bowerbird.storage.records import LabelledReply

OnNight = Callable[[int, int], None]

SETTLED_NIGHTS: Final = 3
"""The last nights before the flip, whose mean is what was reached."""

REGAINED_SHARE: Final = 0.9
"""A flipped preference is regained once satisfaction is again this share of what it was before."""


@dataclass(slots=True)
class _Life:
    """One person from night to night. ``wants`` is the partner after the flip."""

    person: Person
    wants: Person
    opinions: list[Opinion] = field(default_factory=list)
    adapter: AdapterRef | None = None


class Nights:
    """``cases`` has a case for each person and their partner."""

    def __init__(
        self,
        plan: Plan,
        subject: Subject,
        arms: Arms,
        school: School,
        cases: dict[int, Case],
    ) -> None:
        self._plan = plan
        self._subject = subject
        self._arms = arms
        self._school = school
        self._cases = cases

    async def run(
        self,
        people: Sequence[Person],
        asked: Sequence[str],
        judged: Sequence[str],
        on_night: OnNight,
    ) -> list[dict[str, Any]]:
        """A row for each night. People ask questions out of ``asked`` and are judged by ``judged``,
        which the base must have answered."""
        lives = [_Life(person, person) for person in people]
        rows = []
        for night in range(1, self._plan.nights + 1):
            if night == self._plan.flip_night:
                for life in lives:
                    life.wants = self._cases[life.person.partner_id].person
            rows.append(await self._night(night, lives, asked, judged))
            on_night(night, self._plan.nights)
        return rows

    async def _night(
        self, night: int, lives: Sequence[_Life], asked: Sequence[str], judged: Sequence[str]
    ) -> dict[str, Any]:
        await self._day(night, lives, asked)
        lessons = [
            Lesson(
                f"night-{night}-{life.person.person_id}",
                life.person.person_id,
                self._labelled(life),
                incumbent=life.adapter,
            )
            for life in lives
        ]
        trained = await self._school.train(lessons)
        for life, lesson in zip(lives, lessons, strict=True):
            life.adapter = trained[lesson.name].adapter or life.adapter
        part = f"after night {night}"
        answers = await self._arms.answers("both", self._students(lives), judged, part=part)
        outcomes = [
            self._cases[life.wants.person_id].outcome(answers[life.person.person_id])
            for life in lives
        ]
        return {
            "night": night,
            "satisfaction": round(fmean(one.satisfaction for one in outcomes), 4),
            "win_rate": round(fmean(one.win_rate for one in outcomes), 4),
            "coherent_share": round(fmean(one.coherent_share for one in outcomes), 4),
            "accepted_share": fmean(trained[lesson.name].is_accepted for lesson in lessons),
            "is_flipped": night >= self._plan.flip_night,
        }

    async def _day(self, night: int, lives: Sequence[_Life], asked: Sequence[str]) -> None:
        """Everybody asks and thinks something of the replies they get."""
        rng = random.Random(f"{self._plan.seed} night {night}")  # noqa: S311
        questions = rng.sample(list(asked), min(self._plan.night_asked, len(asked)))
        part = f"before night {night}"
        given = await self._arms.answers("both", self._students(lives), questions, part=part)
        for life in lives:
            answers = given[life.person.person_id]
            thoughts = [
                think(life.wants, answer.said, rng)
                for question in questions
                for answer in answers[question]
            ]
            life.opinions += [replace(thought, was_regenerated=False) for thought in thoughts]

    def _students(self, lives: Sequence[_Life]) -> list[Student]:
        return [Student(life.person, self._labelled(life), life.adapter) for life in lives]

    def _labelled(self, life: _Life) -> tuple[LabelledReply, ...]:
        return counting_labels(life.person, life.opinions, self._subject)


def nights_to_regain(rows: Sequence[Mapping[str, Any]]) -> int | None:
    """Nights from the flip until satisfaction is as good as before, about; ``None`` if never."""
    before = [row["satisfaction"] for row in rows if not row["is_flipped"]]
    after = [row["satisfaction"] for row in rows if row["is_flipped"]]
    if not before:
        return None
    wanted = REGAINED_SHARE * fmean(before[-SETTLED_NIGHTS:])
    return next((n for n, found in enumerate(after, 1) if found >= wanted), None)
