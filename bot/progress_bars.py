"""What the console shows while something takes long: bars on a terminal, plain lines elsewhere.

All of it goes to stderr, so that a command's result can be piped. Knows how progress looks, not
what makes it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

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

PLAIN_EVERY_S: Final = 2.0
Report = Callable[[str, int, int], None]
"""``report(what, done, total)``; a ``total`` of 0 is not known yet. Any thread may call it."""


def stderr() -> Console:
    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def progress_bars() -> Iterator[Report]:
    """One bar for each ``what`` that is reported."""
    console = stderr()
    if not console.is_terminal:
        yield plain_lines(console)
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    ) as bars:
        tasks: dict[str, TaskID] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=None)
            bars.update(tasks[what], completed=done, total=total or None)

        yield report


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """For work of unknown length: a spinner, or a line before it."""
    console = stderr()
    if console.is_terminal:
        with console.status(f"{what} …"):
            yield
    else:
        console.print(f"{what} …")
        yield


class PlainReport(Protocol):
    """A `Report` that may add a word."""

    def __call__(self, what: str, done: int, total: int, note: str = "") -> None: ...


def plain_lines(console: Console) -> PlainReport:
    """A line now and then, and one at the end of each ``what``."""
    spoken: dict[str, float] = {}

    def report(what: str, done: int, total: int, note: str = "") -> None:
        now = time.monotonic()
        is_over = total > 0 and done >= total
        if what in spoken and not is_over and now - spoken[what] < PLAIN_EVERY_S:
            return
        spoken[what] = now
        share = f" {done * 100 // total} %" if total else ""
        console.print(f"{what}{share}{', ' if note else ''}{note}")

    return report
