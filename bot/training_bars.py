"""Trainings on the console: a bar for each person at it and one for all, with times to go.

Contract: as `progress_bars`. Whoever is through leaves no bar behind. Knows what is said of
trainings, not how it looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console

from bowerbird.bot.catalogue import english
from bowerbird.bot.night_reports import duration
from bowerbird.bot.progress_bars import progress_bars
from bowerbird.bot.training_watch import Step, TrainingWatch
from bowerbird.personalization.training.executor import TrainProgress

OnProgress = Callable[[int, int, TrainProgress], None]

ALL: Final = "People"
_STAGES: Final = {
    "loading": "loading the model",
    "training": "training",
    "gate": "checking the result",
}


@contextmanager
def training_bars(console: Console | None = None) -> Iterator[OnProgress]:
    """To be given to `Nightly` as ``on_progress``."""
    watch = TrainingWatch()
    shown: set[str] = set()
    with progress_bars(console) as report:

        def show(scope_id: int, user_id: int, event: TrainProgress) -> None:
            watch.note(scope_id, user_id, event)
            report(ALL, watch.over, watch.people, _left(watch.left_s))
            steps = {_who(step): step for step in watch.steps}
            for gone in shown - steps.keys():
                report.end(gone)
            shown.clear()
            for what, step in steps.items():
                report(what, step.done, step.total, _left(step.left_s))
                shown.add(what)

        yield show


def _who(step: Step) -> str:
    return f"{step.user_id} in {step.scope_id}: {_STAGES.get(step.stage, step.stage)}"


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f"about {duration(english(), seconds)} left"
