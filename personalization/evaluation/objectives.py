"""The same people taught by other objectives, which is what the default was chosen over.

Contract: as the controls', but nothing is expected of these: they are there to be compared. What
the gate rejected is looked at none the less.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any, Final

from bowerbird.personalization.evaluation.arms import Arms, Student
from bowerbird.personalization.evaluation.controls import Taught
from bowerbird.personalization.evaluation.learning import Lesson, Trained
from bowerbird.personalization.evaluation.metrics import interval
from bowerbird.personalization.evaluation.outcomes import Outcome, rounded
from bowerbird.personalization.training.executor import TrainRecipe

DEFAULT: Final = "default"
OTHERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "kto_and_dpo": {"teach_weight": 0.0},
    "rloo": {"objective": "reinforce"},
}
"""By name, what is different in the recipe: no corrections learned word by word; votes as rewards,
a correction's +1 and that of what it corrects -1."""

MIN_PEOPLE: Final = 2
"""One person's few replies compare nothing."""


class Objectives:
    """``lesson`` makes one of its name's first part and a person; ``questions``: judged by. Without
    ``MIN_PEOPLE`` there is nothing to do."""

    def __init__(
        self,
        recipe: TrainRecipe,
        arms: Arms,
        lesson: Callable[[str, Taught], Lesson],
        questions: Sequence[str],
    ) -> None:
        self._recipe = recipe
        self._arms = arms
        self._lesson = lesson
        self._questions = questions

    def lessons(self, taught: Sequence[Taught]) -> list[Lesson]:
        """What must be trained before ``run``."""
        if len(taught) < MIN_PEOPLE:
            return []
        return [self._taught_by(name, one) for name in OTHERS for one in taught]

    async def run(
        self,
        taught: Sequence[Taught],
        default: Mapping[int, Outcome],
        trained: Mapping[str, Trained],
        on_reply: Callable[[int, int], None],
    ) -> dict[str, Any]:
        """Figures by objective, the default's (``default``, by person) first."""
        if len(taught) < MIN_PEOPLE:
            return {}
        told = {DEFAULT: _summed_up([default[one.person.person_id] for one in taught])}
        for name in OTHERS:
            ended = [trained[self._taught_by(name, one).name] for one in taught]
            students = [
                Student(one.person, (), end.kept) for one, end in zip(taught, ended, strict=True)
            ]
            answers = await self._arms.answers(
                "adapter", students, self._questions, part=name, on_reply=on_reply
            )
            told[name] = _summed_up([one.outcome(answers) for one in taught])
            told[name]["accepted_share"] = fmean(end.is_accepted for end in ended)
        return told

    def _taught_by(self, name: str, one: Taught) -> Lesson:
        recipe = replace(self._recipe, **OTHERS[name])
        return replace(self._lesson(name, one), recipe=recipe, keeps_rejected=True)


def _summed_up(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "people": len(outcomes),
        "satisfaction": rounded(interval([one.satisfaction for one in outcomes])),
        "win_rate": rounded(interval([one.win_rate for one in outcomes])),
        "coherent_share": round(fmean(one.coherent_share for one in outcomes), 4),
    }
