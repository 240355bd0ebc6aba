"""How much is evaluated: the sizes of a full run and of a quick one.

Contract: everything that changes a figure is in a ``Plan`` or a ``Subject``, so that their
``fingerprint`` says which finished work may be used again. Knows no file and no model.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Final

from bowerbird.personalization.training.executor import TrainRecipe
from bowerbird.personalization.types import Sampling

VERSION: Final = 4
"""Raised when finished cells mean something else, so that they are made anew."""

ADDED: Final = ("is_quick", "curve", "curve_people", "nights", "control_people")
"""How much there is besides, which changes nothing in the rest."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is evaluated: a model as it is served and trained.

    ``model_path`` is where it lies and thus no part of the fingerprint; ``base_model`` is its name.
    """

    model_path: str
    base_model: str
    system_prompt: str
    sampling: Sampling
    recipe: TrainRecipe
    candidates: int = 4

    def as_dict(self) -> dict[str, Any]:
        told = _as_json(asdict(self))
        del told["model_path"]
        return told


@dataclass(frozen=True, slots=True)
class Plan:
    """``people`` is even: they come in couples. Each votes 👍 or 👎 on ``votes`` replies.

    ``pool_questions`` are voted on and ``questions`` judged by; ``pool_samples`` and
    ``base_samples`` are the base's replies to each of them, ``arm_samples`` an arm's to the latter.
    ``others``: how many strangers' adapters each person tries. ``curve``: numbers of votes, for
    ``curve_people``. ``nights`` in a row for ``night_people``, before each of which they ask
    ``night_asked`` questions; from ``flip_night`` on they want the opposite. ``side_questions``:
    how many of the questions judge curve and nights. ``control_people``: of either control and
    of each other objective.
    """

    is_quick: bool
    people: int
    votes: int
    pool_questions: int
    pool_samples: int
    questions: int
    base_samples: int
    arm_samples: int
    others: int
    curve: tuple[int, ...]
    curve_people: int
    nights: int
    night_people: int
    night_asked: int
    flip_night: int
    control_people: int
    side_questions: int
    max_new_tokens: int = 160
    seed: int = 0

    def as_dict(self) -> dict[str, Any]:
        return _as_json(asdict(self))


def _as_json(value: dict[str, Any]) -> dict[str, Any]:
    """As it reads when it comes back: JSON has no tuples."""
    back: dict[str, Any] = json.loads(json.dumps(value))
    return back


FULL: Final = Plan(
    is_quick=False,
    people=16,
    votes=50,
    pool_questions=80,
    pool_samples=4,
    questions=24,
    base_samples=8,
    arm_samples=1,
    others=2,
    curve=(10, 20, 50, 100, 200),
    curve_people=6,
    nights=30,
    night_people=2,
    night_asked=8,
    flip_night=15,
    control_people=4,
    side_questions=12,
)

QUICK: Final = Plan(
    is_quick=True,
    people=4,
    votes=24,
    pool_questions=24,
    pool_samples=2,
    questions=6,
    base_samples=8,
    arm_samples=1,
    others=2,
    curve=(),
    curve_people=0,
    nights=0,
    night_people=0,
    night_asked=0,
    flip_night=0,
    control_people=1,
    side_questions=6,
)
"""For a look at whether all of it works; its intervals are wide."""


def fingerprint(plan: Plan, subject: Subject) -> str:
    """Equal where finished work may be used again: parts can be added to a plan, or made longer."""
    told = plan.as_dict()
    for name in ADDED:
        del told[name]
    return _digest(told, subject.as_dict())


def base_fingerprint(plan: Plan, subject: Subject) -> str:
    """Equal where the base model says the same: another recipe or plan changes nothing in that."""
    told = subject.as_dict()
    del told["recipe"], told["candidates"]
    return _digest({"seed": plan.seed, "max_new_tokens": plan.max_new_tokens}, told)


def _digest(*told: dict[str, Any]) -> str:
    text = json.dumps([VERSION, *told], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
