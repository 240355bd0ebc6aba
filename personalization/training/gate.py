"""The gate: may this candidate speak for the person? Decided on what it says, not on its loss.

Contract: pure, from measurements (``gate_measures``) to a verdict whose reasons a member of a
server understands. Whatever is not a finite number means no. Every bound is a constant here, with
the figure it comes from in docs/LOG.md. Knows neither models nor files.

Safety, always: no drift where votes say nothing (KL, ordinary text), and fresh replies that are
text the base finds likely, that fit their questions, and are neither empty, cut off, repetitive
nor of another length. A taste may ask for some of it, so each bound but that on emptiness is taken
from the base's own replies or from those the person liked and wrote, whichever lies further; how
much surprise a taste can excuse has a bound of its own.

Preference, as far as there are votes: the person's scorer must not clearly prefer the fresh replies
of the incumbent (of the base, without one); and where enough votes are held out, they decide.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Final

from bowerbird.personalization.training.dataset import HELD_OUT_SHARE, MIN_HELD_OUT
from bowerbird.personalization.training.executor import Verdict

KL_CAP: Final = 0.3
"""Nats that one token counts at most: a style may be certain of a few (``losses.anchor_kl``)."""
MAX_KL_PER_TOKEN: Final = 0.15
MAX_GENERAL_NLL_CHANGE: Final = 0.01
MAX_NLL_RISE: Final = 0.3
MAX_EXCUSED_NLL_RISE: Final = 0.7
"""So much more surprise the person's liked and taught replies can excuse, however odd they are."""
MAX_RELEVANCE_LOSS: Final = 0.2
MAX_EMPTY_RISE: Final = 0.1
MAX_CUT_OFF_RISE: Final = 0.35
MIN_DISTINCT_SHARE: Final = 0.85
LENGTH_BOUNDS: Final = (0.5, 2.0)
LIKED_LENGTH_BOUNDS: Final = (0.3, 2.0)
"""Wider below: who likes short replies minds little if they become shorter still."""

CLEARLY_BELOW_Z: Final = 1.645
"""Standard errors below one half from which on fewer wins are no accident (one-sided 5 %)."""

VOTES_TO_MEASURE: Final = round(MIN_HELD_OUT / HELD_OUT_SHARE)
"""About so many votes it takes until enough are held out."""


@dataclass(frozen=True, slots=True)
class Taste:
    """Fresh replies against those of the incumbent, or of the base, in the scorer's eyes.

    ``wins``: chance that the candidate's reply scores higher, ties count half; ``error``: its
    standard error; ``reliability``: how well the scorer tells replies it has not seen.
    """

    wins: float
    error: float
    reliability: float


@dataclass(frozen=True, slots=True)
class Sample:
    """What replies are like, over several. NLL in nats per token, lengths in tokens.

    ``nll_rise``: the base's NLL of them above that of its own, over as many tokens as both have.
    ``relevance``: how often their own question makes them more likely than another one does.
    ``distinct_bigrams``: share of bigrams new within their reply.
    """

    nll_rise: float
    relevance: float
    empty_share: float
    cut_off_share: float
    distinct_bigrams: float
    length: float


@dataclass(frozen=True, slots=True)
class Measurements:
    """What the gate looks at.

    ``auc``: the chance that a held-out liked reply gained more than a disliked one; ``None`` where
    there are too few. ``taste``: ``None`` where votes are too few to tell. ``liked``: what the
    person liked or wrote; ``None`` where that is too little.
    """

    is_finite: bool
    votes: int
    held_out: int
    auc: float | None
    incumbent_auc: float | None
    auc_error: float
    taste: Taste | None
    kl_per_token: float
    general_nll_change: float
    fresh: Sample
    own: Sample
    liked: Sample | None


def judge(found: Measurements) -> Verdict:
    """The verdict on these measurements."""
    measurements = asdict(found)
    if not (found.is_finite and _is_all_finite(measurements)):
        reason = (
            "The training got out of hand (numbers that are not finite), so it was thrown away."
        )
        return Verdict(False, (reason,), _without_nonfinite(measurements))
    against = [
        *_against_preference(found),
        *_against_taste(found),
        *_against_drift(found),
        *_against_sense(found),
        *_against_form(found),
    ]
    if against:
        return Verdict(False, tuple(against), measurements)
    return Verdict(True, tuple(_in_favour(found)), measurements)


def is_only_odd(found: Measurements) -> bool:
    """Whether nothing but the surprise of its replies speaks against it: less of it might pass."""
    calm = replace(found, fresh=replace(found.fresh, nll_rise=0.0))
    return judge(calm).is_accepted and not judge(found).is_accepted


def _against_preference(found: Measurements) -> list[str]:
    if found.auc is None:
        return []
    bar = 0.5
    if found.incumbent_auc is not None:
        bar = max(bar, found.incumbent_auc)
    needed = bar - CLEARLY_BELOW_Z * found.auc_error
    if found.auc >= needed:
        return []
    reason = (
        "On votes it had not seen, it told liked replies from disliked ones less well than the "
        f"current version ({found.auc:.0%} of pairs right, needed {needed:.0%})."
    )
    return [reason]


def _against_taste(found: Measurements) -> list[str]:
    taste = found.taste
    if taste is None:
        return []
    needed = 0.5 - CLEARLY_BELOW_Z * taste.error
    if taste.wins >= needed:
        return []
    reason = (
        "Going by your votes, its fresh replies please less than those before "
        f"({taste.wins:.0%} of comparisons won, needed {needed:.0%})."
    )
    return [reason]


def _against_drift(found: Measurements) -> list[str]:
    reasons = []
    if found.kl_per_token > MAX_KL_PER_TOKEN:
        reasons.append(
            "It changed too much where your votes say nothing "
            f"({found.kl_per_token:.2f} per word piece, at most {MAX_KL_PER_TOKEN:.2f})."
        )
    if found.general_nll_change > MAX_GENERAL_NLL_CHANGE:
        reasons.append(
            f"It became {found.general_nll_change:.1%} worse at ordinary text "
            f"(at most {MAX_GENERAL_NLL_CHANGE:.0%})."
        )
    return reasons


def _against_sense(found: Measurements) -> list[str]:
    fresh, own, liked = found.fresh, found.own, found.liked or found.own
    reasons = []
    excused = min(max(liked.nll_rise, 0.0), MAX_EXCUSED_NLL_RISE)
    most = MAX_NLL_RISE + excused
    if fresh.nll_rise > most:
        reasons.append(
            "Its fresh replies made too little sense "
            f"(surprise {fresh.nll_rise:.2f} per word piece above the usual, at most {most:.2f})."
        )
    needed = min(own.relevance, liked.relevance) - MAX_RELEVANCE_LOSS
    if fresh.relevance < needed:
        reasons.append(
            "Too few of its fresh replies fit their questions "
            f"({fresh.relevance:.0%}, needed {needed:.0%})."
        )
    return reasons


def _against_form(found: Measurements) -> list[str]:
    fresh, own, liked = found.fresh, found.own, found.liked or found.own
    reasons = []
    if fresh.empty_share > own.empty_share + MAX_EMPTY_RISE:
        reasons.append(f"Too many of its fresh replies were empty ({fresh.empty_share:.0%}).")
    if fresh.cut_off_share > max(own.cut_off_share, liked.cut_off_share) + MAX_CUT_OFF_RISE:
        reasons.append(f"Too many of its fresh replies came to no end ({fresh.cut_off_share:.0%}).")
    distinct = min(own.distinct_bigrams, liked.distinct_bigrams)
    if fresh.distinct_bigrams < distinct * MIN_DISTINCT_SHARE:
        reasons.append("Its fresh replies repeated themselves.")
    low, high = (own.length * bound for bound in LENGTH_BOUNDS)
    liked_low, liked_high = (liked.length * bound for bound in LIKED_LENGTH_BOUNDS)
    if found.liked is not None:
        low, high = min(low, liked_low), max(high, liked_high)
    if not low <= fresh.length <= high:
        word = "shorter" if fresh.length < low else "longer"
        ratio = fresh.length / max(own.length, 1.0)
        reasons.append(f"Its replies became much {word} ({ratio:.1f} times the usual length).")
    return reasons


def _in_favour(found: Measurements) -> list[str]:
    reasons = ["Its fresh replies make as much sense as before."]
    if found.taste is not None:
        reasons.append(
            "Going by your votes, its fresh replies won "
            f"{found.taste.wins:.0%} of comparisons with those before."
        )
    if found.auc is not None:
        reasons.append(f"On votes it had not seen, it got {found.auc:.0%} of pairs right.")
        return reasons
    if found.taste is None:
        reasons.append(
            "There are too few votes yet to measure its taste, so only safety was checked."
        )
    reasons.append(
        f"With about {VOTES_TO_MEASURE} votes, some are kept to judge by, which is more precise."
    )
    return reasons


def _is_all_finite(values: dict[str, object]) -> bool:
    return all(math.isfinite(number) for number in _numbers(values))


def _numbers(value: object) -> list[float]:
    if isinstance(value, dict):
        return [number for item in value.values() for number in _numbers(item)]
    return [float(value)] if isinstance(value, (int, float)) else []


def _without_nonfinite(values: dict[str, object]) -> dict[str, object]:
    """JSON has no NaN."""

    def cleaned(value: object) -> object:
        if isinstance(value, dict):
            return {key: cleaned(item) for key, item in value.items()}
        return value if all(map(math.isfinite, _numbers(value))) else None

    return {key: cleaned(value) for key, value in values.items()}
