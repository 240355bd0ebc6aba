"""The gate: may this candidate speak for the person? Decided on what it says, not on its loss.

Contract: ``judge`` is pure, from measurements to a verdict whose reasons a member of a server
understands; ``measure`` gets the measurements from the model. Whatever is not a finite number means
no. Every bound is a constant here, with the figure it comes from in docs/LOG.md. Knows no files.

Compared with the *base* on the same questions: fresh replies must stay text that the base finds
likely (its NLL of them, over as many tokens as both have, because beginnings are harder to predict
than continuations), neither empty nor cut off nor repetitive more often, nor of another length,
unless that is what the person liked. Compared with the *incumbent*: which one better tells the
held-out liked replies from the disliked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise, product
from statistics import fmean
from typing import Final, Literal

import torch

from bowerbird.personalization.prompting import Encoded
from bowerbird.personalization.training.dataset import MIN_HELD_OUT
from bowerbird.personalization.training.executor import TrainExample, Verdict
from bowerbird.personalization.training.losses import anchor_kl
from bowerbird.personalization.training.shared_base import (
    GATE_SEED,
    SAMPLING,
    Neutral,
    SharedBase,
    with_reply,
)
from bowerbird.personalization.training.trainer import Row

MAX_KL_PER_TOKEN: Final = 0.15
MAX_GENERAL_NLL_CHANGE: Final = 0.01
MAX_FRESH_NLL_RISE: Final = 0.3
MAX_EMPTY_RISE: Final = 0.1
MAX_CUT_OFF_RISE: Final = 0.35
MIN_DISTINCT_SHARE: Final = 0.85
LENGTH_BOUNDS: Final = (0.5, 2.0)
LIKED_LENGTH_BOUNDS: Final = (0.15, 6.0)
AUC_TOLERANCE: Final = 0.05
"""Of an incumbent's AUC; against the base (0.5 by definition) there is none."""

PERSONAL_QUESTIONS: Final = 4
_MIN_TO_SEE_A_LENGTH: Final = 3
_LENGTH_MARGIN: Final = 1.2

Direction = Literal["shorter", "longer"]


@dataclass(frozen=True, slots=True)
class Measurements:
    """What the gate looks at. NLL and KL in nats per token, lengths in tokens.

    ``auc``: the chance that a held-out liked reply gained more than a disliked one; ``None`` where
    there are too few. Pairs of values are (candidate, base).
    """

    is_finite: bool
    held_out: int
    auc: float | None
    incumbent_auc: float | None
    kl_per_token: float
    general_nll_change: float
    fresh_nll: tuple[float, float]
    empty_share: tuple[float, float]
    cut_off_share: tuple[float, float]
    distinct_bigrams: tuple[float, float]
    length: tuple[float, float]
    liked_direction: Direction | None


def judge(found: Measurements) -> Verdict:
    """The verdict on these measurements."""
    measurements = asdict(found)
    if not (found.is_finite and _is_all_finite(measurements)):
        reason = (
            "The training got out of hand (numbers that are not finite), so it was thrown away."
        )
        return Verdict(False, (reason,), _without_nonfinite(measurements))
    against = [*_against_preference(found), *_against_drift(found), *_against_samples(found)]
    if against:
        return Verdict(False, tuple(against), measurements)
    return Verdict(True, tuple(_in_favour(found)), measurements)


def _against_preference(found: Measurements) -> list[str]:
    if found.auc is None:
        return []
    bar = 0.5
    if found.incumbent_auc is not None:
        bar = max(bar, found.incumbent_auc - AUC_TOLERANCE)
    if found.auc >= bar:
        return []
    reason = (
        "On votes it had not seen, it told liked replies from disliked ones less well than the "
        f"current version ({found.auc:.0%} of pairs right, needed {bar:.0%})."
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


def _against_samples(found: Measurements) -> list[str]:
    reasons = []
    nll, base_nll = found.fresh_nll
    if nll > base_nll + MAX_FRESH_NLL_RISE:
        reasons.append(
            "Its fresh replies made too little sense "
            f"(surprise {nll:.2f} per word piece, the base model's own {base_nll:.2f})."
        )
    empty, base_empty = found.empty_share
    if empty > base_empty + MAX_EMPTY_RISE:
        reasons.append(f"Too many of its fresh replies were empty ({empty:.0%}).")
    cut_off, base_cut_off = found.cut_off_share
    if cut_off > base_cut_off + MAX_CUT_OFF_RISE and found.liked_direction != "longer":
        reasons.append(f"Too many of its fresh replies came to no end ({cut_off:.0%}).")
    distinct, base_distinct = found.distinct_bigrams
    if distinct < base_distinct * MIN_DISTINCT_SHARE:
        reasons.append("Its fresh replies repeated themselves.")
    length, base_length = found.length
    low, high = LENGTH_BOUNDS
    low = LIKED_LENGTH_BOUNDS[0] if found.liked_direction == "shorter" else low
    high = LIKED_LENGTH_BOUNDS[1] if found.liked_direction == "longer" else high
    ratio = length / max(base_length, 1.0)
    if not low <= ratio <= high:
        word = "shorter" if ratio < low else "longer"
        reasons.append(f"Its replies became much {word} ({ratio:.1f} times the usual length).")
    return reasons


def _in_favour(found: Measurements) -> list[str]:
    reasons = ["Its fresh replies make as much sense as before."]
    if found.auc is not None:
        reasons.append(f"On votes it had not seen, it got {found.auc:.0%} of pairs right.")
    else:
        reasons.append(
            "There are too few votes yet to measure its taste, so only safety was checked."
        )
    return reasons


# --- measuring --------------------------------------------------------------------------------


def measure(
    base: SharedBase,
    candidate: int,
    *,
    training: Sequence[TrainExample],
    held_out: Sequence[Row],
    neutral: Neutral,
    incumbent: int | None,
    is_finite: bool,
    seed: int,
    on_step: Callable[[int, int], None],
) -> Measurements:
    """Everything ``judge`` wants to know of the adapter in slot ``candidate``."""
    total = 5
    on_step(0, total)
    general = base.general_nll()
    personal = _personal_prompts(base, training)
    prompts = (*neutral.gate_prompts, *personal)
    own = [*neutral.gate_replies, *base.sample(personal, seed=seed)]
    own_nll = [_nll(base, prompt, reply) for prompt, reply in zip(prompts, own, strict=True)]
    on_step(1, total)
    is_finite = is_finite and base.is_finite(candidate)
    fresh = own
    if is_finite:  # the same batches and seeds, so that only the adapter makes a difference
        fresh = base.sample(neutral.gate_prompts, candidate, seed=GATE_SEED)
        fresh += base.sample(personal, candidate, seed=seed)
    on_step(2, total)
    change = base.general_nll(candidate) / general - 1
    ratios = _log_ratios(base, candidate, held_out)
    on_step(3, total)
    incumbent_ratios = None
    if incumbent is not None and _is_enough(held_out):
        incumbent_ratios = _log_ratios(base, incumbent, held_out)
    kl = _kl(base, candidate, neutral)
    on_step(4, total)
    fresh_nll = [_nll(base, prompt, reply) for prompt, reply in zip(prompts, fresh, strict=True)]
    on_step(total, total)
    pairs = [_over_common_length(a, b) for a, b in zip(fresh_nll, own_nll, strict=True)]
    common = [pair for pair in pairs if pair is not None]
    return Measurements(
        is_finite=is_finite,
        held_out=len(held_out),
        auc=_auc(held_out, ratios) if _is_enough(held_out) else None,
        incumbent_auc=_auc(held_out, incumbent_ratios) if incumbent_ratios else None,
        kl_per_token=kl,
        general_nll_change=change,
        fresh_nll=(fmean(a for a, _ in common), fmean(b for _, b in common)) if common else (0, 0),
        empty_share=(_empty_share(base, fresh), _empty_share(base, own)),
        cut_off_share=(_cut_off_share(base, fresh), _cut_off_share(base, own)),
        distinct_bigrams=(_distinct_bigrams(fresh), _distinct_bigrams(own)),
        length=(fmean(map(len, fresh)), fmean(map(len, own))),
        liked_direction=liked_direction(training),
    )


def liked_direction(examples: Sequence[TrainExample]) -> Direction | None:
    """Whether the liked replies are clearly shorter or longer than the disliked ones."""
    liked = [len(example.reply) for example in examples if example.is_liked]
    disliked = [len(example.reply) for example in examples if not example.is_liked]
    if min(len(liked), len(disliked)) < _MIN_TO_SEE_A_LENGTH:
        return None
    if fmean(liked) * _LENGTH_MARGIN < fmean(disliked):
        return "shorter"
    if fmean(disliked) * _LENGTH_MARGIN < fmean(liked):
        return "longer"
    return None


def _personal_prompts(base: SharedBase, examples: Sequence[TrainExample]) -> list[Encoded]:
    """The newest of the person's own questions."""
    newest = dict.fromkeys(example.turns for example in reversed(examples))
    return [base.prompt(turns) for turns in list(newest)[:PERSONAL_QUESTIONS]]


def _is_enough(held_out: Sequence[Row]) -> bool:
    return len(held_out) >= MIN_HELD_OUT and len({row.is_liked for row in held_out}) == 2


def _log_ratios(base: SharedBase, slot: int, rows: Sequence[Row]) -> list[float]:
    with torch.inference_mode():
        now = [float(base.token_logprobs(row.encoded, slot).sum()) for row in rows]
    return [logprob - row.reference for logprob, row in zip(now, rows, strict=True)]


def _auc(rows: Sequence[Row], ratios: Sequence[float]) -> float:
    """Area under the ROC curve: P(liked gained more than disliked), ties count half."""
    liked = [ratio for row, ratio in zip(rows, ratios, strict=True) if row.is_liked]
    disliked = [ratio for row, ratio in zip(rows, ratios, strict=True) if not row.is_liked]
    return fmean((a > b) + 0.5 * (a == b) for a, b in product(liked, disliked))


def _kl(base: SharedBase, slot: int, neutral: Neutral) -> float:
    """KL(candidate ‖ base) per token on the base's replies to the gate's own questions."""
    values = []
    for prompt, reply in zip(neutral.gate_prompts, neutral.gate_replies, strict=True):
        row = with_reply(prompt, reply or (base.end_id,))
        with torch.inference_mode():
            reference = base.logits(row).log_softmax(-1)
            values.append(anchor_kl(base.logits(row, slot).log_softmax(-1), reference))
    return float(torch.cat(values).mean())


def _nll(base: SharedBase, prompt: Encoded, reply: tuple[int, ...]) -> list[float]:
    """Nats of each token of a reply; its end is not counted, since when to stop is taste."""
    words = [token for token in reply if token != base.end_id]
    if not words:
        return []
    with torch.inference_mode():
        return [-value for value in base.token_logprobs(with_reply(prompt, words)).tolist()]


def _over_common_length(a: list[float], b: list[float]) -> tuple[float, float] | None:
    shared = min(len(a), len(b))
    return (fmean(a[:shared]), fmean(b[:shared])) if shared else None


def _empty_share(base: SharedBase, replies: Sequence[tuple[int, ...]]) -> float:
    return fmean(not base.tokenizer.decode(r, skip_special_tokens=True).strip() for r in replies)


def _cut_off_share(base: SharedBase, replies: Sequence[tuple[int, ...]]) -> float:
    return fmean(len(r) >= SAMPLING.max_new_tokens and r[-1] != base.end_id for r in replies)


def _distinct_bigrams(replies: Sequence[tuple[int, ...]]) -> float:
    """Share of bigrams that are new within their reply (distinct-2, Li et al. 2016); 1 is best."""
    shares = [len(set(pairwise(r))) / (len(r) - 1) for r in replies if len(r) > 1]
    return fmean(shares) if shares else 1.0


def _is_all_finite(values: dict[str, object]) -> bool:
    return all(math.isfinite(number) for value in values.values() for number in _numbers(value))


def _numbers(value: object) -> list[float]:
    if isinstance(value, (tuple, list)):
        return [number for item in value for number in _numbers(item)]
    return [float(value)] if isinstance(value, (int, float)) else []


def _without_nonfinite(values: dict[str, object]) -> dict[str, object]:
    """JSON has no NaN."""
    return {
        key: value if all(math.isfinite(number) for number in _numbers(value)) else None
        for key, value in values.items()
    }
