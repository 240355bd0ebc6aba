"""Trainings on the console: a bar for each person at it and one for all, with times to go.

Contract: as `progress_bars`: bars on a terminal, plain lines elsewhere, all of it to stderr.
Whoever is through leaves no bar behind. Knows how it looks, not what makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from bowerbird.bot.catalogue import english
from bowerbird.bot.night_reports import duration
from bowerbird.bot.progress_bars import plain_lines, stderr
from bowerbird.bot.training_watch import TrainingWatch
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
    console = console or stderr()
    watch = TrainingWatch()
    if not console.is_terminal:
        yield _lines(console, watch)
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        console=console,
    ) as bars:
        tasks: dict[tuple[int, int], TaskID] = {}
        everybody = bars.add_task(ALL, total=None, left="")

        def show(scope_id: int, user_id: int, event: TrainProgress) -> None:
            watch.note(scope_id, user_id, event)
            bars.update(
                everybody, completed=watch.over, total=watch.people, left=_left(watch.left_s)
            )
            steps = {(step.scope_id, step.user_id): step for step in watch.steps}
            for key in tasks.keys() - steps.keys():
                bars.remove_task(tasks.pop(key))
            for key, step in steps.items():
                if key not in tasks:
                    tasks[key] = bars.add_task("", total=None, left="")
                bars.update(
                    tasks[key],
                    description=_who(*key, step.stage),
                    completed=step.done,
                    total=step.total or None,
                    left=_left(step.left_s),
                )

        yield show


def _lines(console: Console, watch: TrainingWatch) -> OnProgress:
    report = plain_lines(console)

    def show(scope_id: int, user_id: int, event: TrainProgress) -> None:
        watch.note(scope_id, user_id, event)
        if event.stage == "over":
            report(ALL, watch.over, watch.people, _left(watch.left_s))
        for step in watch.steps:
            if (step.scope_id, step.user_id) == (scope_id, user_id):
                what = _who(scope_id, user_id, step.stage)
                report(what, step.done, step.total, _left(step.left_s))

    return show


def _who(scope_id: int, user_id: int, stage: str) -> str:
    return f"{user_id} in {scope_id}: {_STAGES.get(stage, stage)}"


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f"about {duration(english(), seconds)} left"
