"""What the console shows while something takes long: bars on a terminal, plain lines elsewhere.

All of it goes to stderr, so that a command's result can be piped. Knows how progress looks, not
what makes it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
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


class Report(Protocol):
    """``report(what, done, total)``; a ``total`` of 0 is not known yet. Any thread may call it."""

    def __call__(self, what: str, done: int, total: int, note: str = "") -> None: ...

    def end(self, what: str) -> None:
        """No bar of it is to stay."""


def stderr() -> Console:
    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def progress_bars(console: Console | None = None) -> Iterator[Report]:
    """One bar for each ``what`` that is reported."""
    console = console or stderr()
    if not console.is_terminal:
        yield _Lines(console)
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        console=console,
    ) as bars:
        yield _Bars(bars)


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


class _Bars:
    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, what: str, done: int, total: int, note: str = "") -> None:
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=None, note="")
        self._bars.update(self._tasks[what], completed=done, total=total or None, note=note)

    def end(self, what: str) -> None:
        if (task := self._tasks.pop(what, None)) is not None:
            self._bars.remove_task(task)


class _Lines:
    """A line now and then while something changes, and one at the end of each ``what``."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said: dict[str, tuple[float, int]] = {}

    def __call__(self, what: str, done: int, total: int, note: str = "") -> None:
        now, is_over = time.monotonic(), 0 < total <= done
        if (said := self._said.get(what)) is not None:
            said_at, done_then = said
            if done == done_then or (now - said_at < PLAIN_EVERY_S and not is_over):
                return
        self._said[what] = now, done
        share = f" {done * 100 // total} %" if total else ""
        self._console.print(f"{what}{share}{', ' if note else ''}{note}")

    def end(self, what: str) -> None:
        self._said.pop(what, None)
