"""A small model of one person's wish, learned from few votes: which of two replies they would like.

Contract: pure and deterministic, no torch; a fit on 256 items takes about 30 ms, a score 0.1 ms.
Logistic regression on features that can be read (`reply_features`), with a Gaussian prior on every
weight, so that five votes move it little and it never needs tuning. It says how far it is to be
trusted: ``reliability``, from votes it had not seen. What it holds are words of a person's replies
and thus as private as the replies: it is made afresh each time and stored nowhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bowerbird.personalization import reply_features

Array = NDArray[np.float64]

MAX_ITEMS: Final = 512
"""The newest so many are learned from."""
STYLE_VARIANCE: Final = 0.05
"""Prior variance of the weight of a feature of which one standard deviation is 1."""
TERM_VARIANCE: Final = 0.02
BIAS_VARIANCE: Final = 4.0
MAX_TERMS: Final = 12
MIN_TERM_Z: Final = 1.3
"""A term is looked at only where liked and disliked replies differ by so many standard errors."""
TERM_PRIOR: Final = 4.0
"""Imagined replies on either side that use words like all replies together (Monroe et al. 2008)."""
SCALE_PRIOR: Final = 10.0
"""Imagined items whose features are spread as ``reply_features.FEATURES`` says."""
CLIP_MARGIN: Final = 0.5
"""Standard deviations by which a feature may lie outside what was seen before it is clipped."""
FOLDS: Final = 5
SHRINKAGE: Final = 6.0
"""Imagined liked and disliked items on which the scorer was no better than chance."""
MIN_RELIABILITY: Final = 0.55
MIN_EACH: Final = 3
"""Liked and disliked items needed at least, before a scorer may choose for a person."""


@dataclass(frozen=True, slots=True)
class ScoredItem:
    """A reply and what the person thought of it. Of a correction: one item for either half."""

    question: str
    reply: str
    is_liked: bool


@dataclass(frozen=True, slots=True)
class Scorer:
    """``style``: (weight, centre, scale, low, high) by feature; ``terms``: weight by term.

    ``reliability``: the chance that it puts a liked reply above a disliked one, of those it has not
    seen, by cross-validation and shrunk towards ½; ``likes`` and ``dislikes`` it was learned from.
    """

    bias: float
    style: Mapping[str, tuple[float, float, float, float, float]]
    terms: Mapping[str, float]
    reliability: float
    likes: int
    dislikes: int

    @classmethod
    def fit(cls, items: Sequence[ScoredItem]) -> Scorer:
        """Learn from ``items``, oldest first. Never fails; from nothing comes indifference."""
        return _fit(Table.of(items[-MAX_ITEMS:]))

    def score(self, question: str, reply: str) -> float:
        """Log-odds that this person likes the reply; only comparisons should matter."""
        measured = reply_features.measure(question, reply)
        total = self.bias
        for name, value in zip(reply_features.NAMES, measured.values, strict=True):
            weight, centre, scale, low, high = self.style.get(name, (0.0, 0.0, 1.0, 0.0, 0.0))
            total += weight * (min(max(value, low), high) - centre) / scale
        return total + sum(w for term, w in self.terms.items() if term in measured.terms)

    @property
    def is_informed(self) -> bool:
        """Whether it may choose for the person: enough votes of both kinds, and better than
        chance on those it had not seen."""
        return min(self.likes, self.dislikes) >= MIN_EACH and self.reliability >= MIN_RELIABILITY


@dataclass(frozen=True, slots=True)
class Table:
    """The items as numbers. ``has_term``: which item uses which of ``vocabulary``."""

    style: Array  # [items, features]
    has_term: Array  # [items, terms] 0 or 1
    vocabulary: tuple[str, ...]
    is_liked: Array  # [items] 0 or 1
    question: NDArray[np.int64]  # [items] equal where the questions are
    spread: Array  # [features] standard deviation

    @classmethod
    def of(cls, items: Sequence[ScoredItem]) -> Table:
        measured = [reply_features.measure(item.question, item.reply) for item in items]
        style = _stacked(measured)
        used = [found.terms for found in measured]
        often = Counter(chain.from_iterable(used))
        # What one reply alone says, or every reply says, tells nothing.
        vocabulary = tuple(sorted(t for t, n in often.items() if 2 <= n < len(items)))
        index = {term: i for i, term in enumerate(vocabulary)}
        has_term = np.zeros((len(items), len(vocabulary)))
        for row, found in enumerate(used):
            has_term[row, [index[term] for term in found if term in index]] = 1.0
        numbers: dict[str, int] = {}
        question = [numbers.setdefault(item.question, len(numbers)) for item in items]
        typical = np.array([scale for _, scale in reply_features.FEATURES])
        squares = ((style - style.mean(0)) ** 2).sum(0) if len(style) else 0.0
        spread = np.sqrt((squares + SCALE_PRIOR * typical**2) / (len(style) + SCALE_PRIOR))
        return cls(
            style,
            has_term,
            vocabulary,
            np.array([float(item.is_liked) for item in items]),
            np.array(question, dtype=np.int64),
            spread,
        )

    def rows(self, chosen: NDArray[np.bool_]) -> Table:
        return Table(
            self.style[chosen],
            self.has_term[chosen],
            self.vocabulary,
            self.is_liked[chosen],
            self.question[chosen],
            self.spread,
        )


@dataclass(frozen=True, slots=True)
class _Weights:
    bias: float
    style: Array  # [features]
    centre: Array  # [features]
    low: Array
    high: Array
    term_columns: NDArray[np.int64]
    terms: Array  # [chosen terms]

    def scores(self, table: Table) -> Array:
        style = (np.clip(table.style, self.low, self.high) - self.centre) / table.spread
        scores: Array = (
            self.bias + style @ self.style + table.has_term[:, self.term_columns] @ self.terms
        )
        return scores


def _stacked(measured: Sequence[reply_features.Measured]) -> Array:
    values = [found.values for found in measured]
    return np.array(values, dtype=np.float64).reshape(len(values), len(reply_features.NAMES))


def _fit(table: Table) -> Scorer:
    weights = learned(table)
    style = {
        name: (
            float(weights.style[i]),
            float(weights.centre[i]),
            float(table.spread[i]),
            float(weights.low[i]),
            float(weights.high[i]),
        )
        for i, name in enumerate(reply_features.NAMES)
    }
    terms = {
        table.vocabulary[column]: float(weight)
        for column, weight in zip(weights.term_columns, weights.terms, strict=True)
    }
    likes = int(table.is_liked.sum())
    dislikes = len(table.is_liked) - likes
    return Scorer(weights.bias, style, terms, _reliability(table), likes, dislikes)


def learned(table: Table) -> _Weights:
    """The most probable weights (MAP) given the items."""
    if not len(table.is_liked):
        zeros = np.zeros(len(reply_features.NAMES))
        return _Weights(0.0, zeros, zeros, zeros, zeros, np.zeros(0, np.int64), np.zeros(0))
    centre = table.style.mean(0)
    columns = _telling(table)
    style = (table.style - centre) / table.spread
    used = table.has_term[:, columns]
    x = np.concatenate([np.ones((len(style), 1)), style, used], axis=1)
    variance = np.concatenate(
        [
            [BIAS_VARIANCE],
            np.full(style.shape[1], STYLE_VARIANCE),
            np.full(len(columns), TERM_VARIANCE),
        ]
    )
    found = _map_estimate(x, table.is_liked, variance)
    features = style.shape[1]
    margin = CLIP_MARGIN * table.spread
    return _Weights(
        float(found[0]),
        found[1 : features + 1],
        centre,
        table.style.min(0) - margin,
        table.style.max(0) + margin,
        columns,
        found[features + 1 :],
    )


def _telling(table: Table) -> NDArray[np.int64]:
    """Columns of the terms that tell liked from disliked replies best, best first.

    Log-odds ratio with an informative Dirichlet prior, in standard errors (Monroe, Colaresi and
    Quinn 2008, "Fightin' Words", eq. 16–22), over replies that use a term instead of over words.
    """
    liked, disliked = table.is_liked, 1 - table.is_liked
    if not len(table.vocabulary) or not liked.any() or not disliked.any():
        return np.zeros(0, np.int64)
    share = (table.has_term.sum(0) + 0.5) / (len(table.has_term) + 1.0)
    prior = TERM_PRIOR * share

    def odds(chosen: Array) -> tuple[Array, Array]:
        with_term = chosen @ table.has_term + prior
        without = chosen.sum() - chosen @ table.has_term + TERM_PRIOR - prior
        return np.log(with_term / without), 1 / with_term + 1 / without

    (log_liked, var_liked), (log_disliked, var_disliked) = odds(liked), odds(disliked)
    z = np.abs(log_liked - log_disliked) / np.sqrt(var_liked + var_disliked)
    order = np.argsort(-z, kind="stable")[:MAX_TERMS]
    columns: NDArray[np.int64] = order[z[order] >= MIN_TERM_Z]
    return columns


def _map_estimate(x: Array, y: Array, variance: Array) -> Array:
    """Newton's method on the log-likelihood plus the log of a Gaussian prior.

    Strictly concave, so there is one maximum; steps are halved where one would overshoot it.
    """
    beta = np.zeros(x.shape[1])

    def loss(at: Array) -> float:
        z = x @ at
        return float((np.logaddexp(0, z) - y * z).sum() + (at * at / variance).sum() / 2)

    current = loss(beta)
    for _ in range(30):
        p = 0.5 * (1 + np.tanh(x @ beta / 2))
        gradient = x.T @ (p - y) + beta / variance
        hessian = (x.T * (p * (1 - p))) @ x + np.diag(1 / variance)
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while size > 1e-4 and loss(beta - size * step) > current:
            size /= 2
        beta = beta - size * step
        before, current = current, loss(beta)
        if before - current < 1e-7:
            break
    return beta


def _reliability(table: Table) -> float:
    """Area under the ROC curve of items whose question was left out, shrunk towards ½."""
    likes = int(table.is_liked.sum())
    rarer = min(likes, len(table.is_liked) - likes)
    if rarer < 2:
        return 0.5
    scores = np.zeros(len(table.is_liked))
    # Questions in turn, those of liked replies first, so that every fold has both kinds.
    questions = dict.fromkeys(map(int, table.question))
    liked_first = sorted(questions, key=lambda q: -table.is_liked[table.question == q].mean())
    fold_of = {question: i % FOLDS for i, question in enumerate(liked_first)}
    fold = np.array([fold_of[int(q)] for q in table.question])
    for left_out in range(FOLDS):
        is_out = fold == left_out
        if is_out.any() and not is_out.all():
            scores[is_out] = learned(table.rows(~is_out)).scores(table.rows(is_out))
    liked, disliked = scores[table.is_liked == 1], scores[table.is_liked == 0]
    margin = liked[:, None] - disliked[None, :]
    auc = float((margin > 0).mean() + (margin == 0).mean() / 2)
    return 0.5 + (auc - 0.5) * rarer / (rarer + SHRINKAGE)
