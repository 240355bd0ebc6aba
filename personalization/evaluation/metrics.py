"""Figures about replies, and how sure they are: means over people with bootstrap intervals.

Contract: pure and deterministic. People are what is drawn again, not replies: a figure is about
people not yet seen, and one person's replies are alike. Knows no person and no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean
from typing import Final

import numpy as np

DRAWS: Final = 4000
CONFIDENCE: Final = 0.95

Interval = tuple[float, float, float]
"""(mean, low, high)"""

Worth = tuple[float, float]
"""How good a reply is to a person: share of wishes met, then how nearly; both 0 if incoherent."""


def interval(values: Sequence[float], seed: int = 0) -> Interval:
    """The mean of one value per person, with its percentile bootstrap interval (Efron 1979)."""
    if not values:
        raise ValueError("no values: nobody was evaluated")
    each = np.asarray(values, dtype=np.float64)
    means = each[_draws(len(each), seed)].mean(axis=1)
    return float(each.mean()), *_percentiles(means)


def recovery(
    arm: Sequence[float], base: Sequence[float], ceiling: Sequence[float], seed: int = 0
) -> Interval | None:
    """(arm − base) / (ceiling − base), ratio of means over people; ``None`` without headroom."""
    a, b, c = (np.asarray(values, dtype=np.float64) for values in (arm, base, ceiling))
    if c.mean() <= b.mean():
        return None
    chosen = _draws(len(a), seed)
    headroom = c[chosen].mean(axis=1) - b[chosen].mean(axis=1)
    has_any = headroom > 0
    ratios = (a[chosen].mean(axis=1) - b[chosen].mean(axis=1))[has_any] / headroom[has_any]
    mean = float((a.mean() - b.mean()) / (c.mean() - b.mean()))
    return mean, *_percentiles(ratios)


def win_rate(replies: Sequence[Worth], base: Sequence[Worth]) -> float:
    """Share of pairs (reply, base reply to the same question) that the reply wins; ties count ½."""
    if not replies or not base:
        raise ValueError("nothing to compare")
    return fmean((one > other) + 0.5 * (one == other) for one in replies for other in base)


def distinct_bigrams(text: str) -> float:
    """Share of a text's word bigrams that are new in it (distinct-2, Li et al. 2016)."""
    pairs = list(pairwise(text.lower().split()))
    return len(set(pairs)) / len(pairs) if pairs else 1.0


def distinct_ngrams(texts: Sequence[str], n: int = 2) -> float:
    """Distinct word n-grams of all texts together, by their number: variety between replies."""
    found: list[tuple[str, ...]] = []
    for text in texts:
        words = text.lower().split()
        found += [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    return len(set(found)) / len(found) if found else 1.0


def _draws(people: int, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    return np.random.default_rng(seed).integers(0, people, size=(DRAWS, people))


def _percentiles(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[float, float]:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)
