"""How long a night may last.

Contract: a batch is begun only if it can be expected to end in time, which is judged by the longest
one so far; the first always is, so that a short night still brings somebody on. What is running
is never broken off. Knows neither people nor trainings.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class NightBudget:
    """``seconds`` from now on; ``None``: as long as it takes. ``clock`` counts seconds."""

    def __init__(
        self, seconds: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._ends_at = None if seconds is None else clock() + seconds
        self._longest_s: float | None = None

    @property
    def has_room(self) -> bool:
        """Whether another batch may begin."""
        if self._ends_at is None or self._longest_s is None:
            return True
        return self._clock() + self._longest_s <= self._ends_at

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Around each batch."""
        began_at = self._clock()
        try:
            yield
        finally:
            self._longest_s = max(self._longest_s or 0.0, self._clock() - began_at)
