"""What an engine has done, as plain numbers. Whoever watches gives them names and units."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

TIME_BOUNDS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)


class Histogram:
    """Counts of values up to each of ``bounds``, and of those above the last."""

    def __init__(self, bounds: tuple[float, ...] = TIME_BOUNDS_S) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


@dataclass(frozen=True, slots=True)
class EngineStats:
    """Since the start, except ``waiting``, ``running``, ``adapters`` and ``prefix_bytes``: now.

    ``rows``: as many replies may run at once. ``row_steps``: rows in all decoding ``steps``
    together, so that their quotient is how full batches were. ``first_token_s``: from the request
    to its first token.
    """

    waiting: int
    running: int
    rows: int
    replies: int
    refused: int
    tokens: int
    steps: int
    row_steps: int
    longest_step_s: float
    adapters: int
    adapter_hits: int
    adapter_misses: int
    prefix_hits: int
    prefix_misses: int
    prefix_hit_tokens: int
    prefix_bytes: int
    first_token_s: Histogram
