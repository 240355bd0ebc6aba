"""What the gate looks at, measured on the model: fresh replies above all.

Contract: the candidate, the incumbent and the base answer the same questions with the same seeds,
so that only adapters make a difference; deterministic for a seed. The scorer
is learned from the replies the candidate was trained on, and trusted as far as held-out replies
bear it out where there are enough. Knows no bounds and no verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, product
from statistics import fmean
from typing import TYPE_CHECKING, Final

import torch

from bowerbird.personalization.errors import PromptTooLongError
from bowerbird.personalization.prompting import Encoded
from bowerbird.personalization.scorer import MIN_RELIABILITY, ScoredItem, Scorer
from bowerbird.personalization.training import gate
from bowerbird.personalization.training.dataset import MIN_HELD_OUT
from bowerbird.personalization.training.executor import TrainExample
from bowerbird.personalization.training.gate import Measurements, Sample, Taste
from bowerbird.personalization.training.sampler import seeds_for
from bowerbird.personalization.training.shared_base import (
    GATE_SEED,
    SAMPLING,
    Neutral,
    SharedBase,
    with_reply,
)
from bowerbird.personalization.types import Turn

if TYPE_CHECKING:
    from bowerbird.personalization.training.rows import Row

PERSONAL_QUESTIONS: Final = 6
MIN_LIKED: Final = 3
"""Of fewer liked replies nothing is learned about what the person asks for."""
MAX_LIKED: Final = 8
RELEVANCE_TOKENS: Final = 40
"""A reply's beginning tells which question it answers; the rest costs time."""

SURPRISE_CAP: Final = 4.0
"""Nats that one token counts at most: a style surprises by a few, nonsense by most."""

Ids = tuple[int, ...]
Nll = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Answers:
    """Replies to ``prompts`` in one voice."""

    prompts: tuple[Encoded, ...]
    replies: tuple[Ids, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """Answers and how likely the base finds each token but the end's, in nats: ``nll``, and
    ``elsewhere`` of the replies' beginnings as answers to another question; ``None`` where there is
    only one question."""

    answers: _Answers
    nll: tuple[Nll, ...]
    elsewhere: tuple[Nll, ...] | None


def measure(
    base: SharedBase,
    candidate: int,
    *,
    examples: Sequence[TrainExample],
    held_out: Sequence[Row],
    neutral: Neutral,
    incumbent: int | None,
    is_finite: bool,
    seed: int,
    on_step: Callable[[int, int], None],
) -> Measurements:
    """Everything ``judge`` wants to know of the adapter in slot ``candidate``.

    ``examples``: all of the person's, held out or not; ``held_out``: as rows.
    """
    total = 5
    on_step(0, total)
    voted = [example for example in examples if example.kind != "weak"]
    training = [example for example in voted if not example.is_held_out]
    personal = _personal_prompts(base, training)
    is_finite = is_finite and base.is_finite(candidate)
    voices = [candidate] if is_finite else []
    voices += [incumbent] if incumbent is not None else []
    own, *others = _answers(base, neutral, personal, voices, seed)
    fresh = others[0] if is_finite else own
    before = others[-1] if incumbent is not None else own
    on_step(1, total)
    liked = _liked(base, training)
    asked = [own, fresh, *([liked] if liked is not None else [])]
    own_read, fresh_read, *liked_read = _read(base, asked)
    on_step(2, total)
    is_enough = len(held_out) >= MIN_HELD_OUT and len({row.is_liked for row in held_out}) == 2
    ratios = _log_ratios(base, candidate, held_out) if is_enough else None
    incumbent_ratios = None
    if is_enough and incumbent is not None:
        incumbent_ratios = _log_ratios(base, incumbent, held_out)
    on_step(3, total)
    kl, change = drift(base, candidate, neutral)
    on_step(4, total)
    found = Measurements(
        is_finite=is_finite,
        votes=len(voted),
        held_out=len(held_out),
        auc=_auc(held_out, ratios) if ratios is not None else None,
        auc_error=_auc_error(held_out) if is_enough else 0.0,
        incumbent_auc=_auc(held_out, incumbent_ratios) if incumbent_ratios is not None else None,
        taste=_taste(base, voted, fresh, before),
        kl_per_token=kl,
        general_nll_change=change,
        fresh=_sample(base, fresh_read, own_read),
        own=_sample(base, own_read, own_read),
        liked=_liked_sample(base, liked_read[0], own_read) if liked_read else None,
    )
    on_step(total, total)
    return found


def _personal_prompts(base: SharedBase, examples: Sequence[TrainExample]) -> tuple[Encoded, ...]:
    """The newest of the person's own questions, but for the enormous."""
    newest = dict.fromkeys(example.turns for example in reversed(examples))
    prompts = (_prompt(base, turns) for turns in newest)
    return tuple(islice((prompt for prompt in prompts if prompt is not None), PERSONAL_QUESTIONS))


def _prompt(base: SharedBase, turns: Sequence[Turn]) -> Encoded | None:
    try:
        return base.prompt(turns)
    except PromptTooLongError:
        return None


def _answers(
    base: SharedBase,
    neutral: Neutral,
    personal: Sequence[Encoded],
    voices: Sequence[int],
    seed: int,
) -> list[_Answers]:
    """What the base says, and what is said through each of the slots ``voices``."""
    prompts = (*neutral.gate_prompts, *personal)
    asked_first = len(neutral.gate_prompts)
    seeds = [*seeds_for(GATE_SEED, asked_first), *seeds_for(seed, len(personal))]
    # All at once, and of the base only what is not known yet.
    replies = base.sample(
        [*personal, *prompts * len(voices)],
        [*[None] * len(personal), *(slot for slot in voices for _ in prompts)],
        seeds=[*seeds[asked_first:], *seeds * len(voices)],
    )
    said = [(*neutral.gate_replies, *replies[: len(personal)])]
    starts = range(len(personal), len(replies), len(prompts))
    said += [tuple(replies[start : start + len(prompts)]) for start in starts]
    return [_Answers(prompts, every) for every in said]


# --- preference -------------------------------------------------------------------------------


def _log_ratios(base: SharedBase, slot: int, rows: Sequence[Row]) -> list[float]:
    now = base.logprobs_of([row.encoded for row in rows], slot).tolist()
    return [logprob - row.reference for logprob, row in zip(now, rows, strict=True)]


def drift(base: SharedBase, slot: int, neutral: Neutral) -> tuple[float, float]:
    """What changed where nobody asked for it: KL per token on the base's replies to neutral
    questions, in nats, and the relative change of the NLL of ordinary text."""
    return _kl(base, slot, neutral), base.general_nll(slot) / base.general_nll() - 1


def _auc_error(rows: Sequence[Row]) -> float:
    """Standard error of an AUC that is no better than chance (Mann & Whitney 1947)."""
    liked = sum(row.is_liked for row in rows)
    disliked = len(rows) - liked
    return float(((liked + disliked + 1) / (12 * liked * disliked)) ** 0.5)


def _auc(rows: Sequence[Row], ratios: Sequence[float]) -> float:
    """Area under the ROC curve: P(liked gained more than disliked), ties count half."""
    liked = [ratio for row, ratio in zip(rows, ratios, strict=True) if row.is_liked]
    disliked = [ratio for row, ratio in zip(rows, ratios, strict=True) if not row.is_liked]
    return _wins(liked, disliked)


def _wins(a: Sequence[float], b: Sequence[float]) -> float:
    """P(one of ``a`` exceeds one of ``b``), ties count half (Mann and Whitney 1947)."""
    return fmean((x > y) + 0.5 * (x == y) for x, y in product(a, b))


def _taste(
    base: SharedBase, voted: Sequence[TrainExample], fresh: _Answers, before: _Answers
) -> Taste | None:
    """``None`` where the votes do not say enough to compare replies by."""
    held_out = [example for example in voted if example.is_held_out]
    scorer = Scorer.fit([_item(example) for example in voted if not example.is_held_out])
    reliability = scorer.reliability
    if held_out:  # enough of both labels, or none would be held out
        liked, disliked = (
            [
                scorer.score(_question(example.turns), example.reply)
                for example in held_out
                if example.is_liked is is_liked
            ]
            for is_liked in (True, False)
        )
        reliability = _wins(liked, disliked)
    if not scorer.is_informed or reliability < MIN_RELIABILITY:
        return None
    scores, scores_before = (
        [
            scorer.score(_question(prompt.turns), _text(base, reply))
            for prompt, reply in zip(answers.prompts, answers.replies, strict=True)
        ]
        for answers in (fresh, before)
    )
    a, b = len(scores), len(scores_before)
    # Of the Mann-Whitney statistic where both are alike.
    error = ((a + b + 1) / (12 * a * b)) ** 0.5
    return Taste(_wins(scores, scores_before), error, reliability)


def _item(example: TrainExample) -> ScoredItem:
    return ScoredItem(_question(example.turns), example.reply, example.is_liked)


def _question(turns: Sequence[Turn]) -> str:
    return turns[-1].text if turns else ""


def _text(base: SharedBase, reply: Ids) -> str:
    text: str = base.tokenizer.decode(reply, skip_special_tokens=True)
    return text.strip()


# --- drift ------------------------------------------------------------------------------------


def _kl(base: SharedBase, slot: int, neutral: Neutral) -> float:
    """KL(candidate ‖ base) per token on the base's replies to the gate's own questions."""
    values = []
    with torch.no_grad():
        states = base.states_of([anchor.row for anchor in neutral.unseen], slot)
        for hidden, anchor in zip(states, neutral.unseen, strict=True):
            values.append(base.reader.kl(hidden, anchor.states, cap=gate.KL_CAP))
    return float(torch.cat(values).mean())


# --- what replies are like --------------------------------------------------------------------


def _read(base: SharedBase, asked: Sequence[_Answers]) -> list[_Read]:
    """What the base makes of all of it; read together, each question is read once or twice."""
    rows: list[tuple[Encoded, Ids]] = []
    mixed_up = [_mixed_up(answers.prompts) for answers in asked]
    for answers, others in zip(asked, mixed_up, strict=True):
        words = [_words(base, reply) for reply in answers.replies]
        rows += zip(answers.prompts, words, strict=True)
        rows += [
            (prompt, some[:RELEVANCE_TOKENS]) for prompt, some in zip(others, words, strict=False)
        ]
    nll = iter(_nll(base, rows))
    found = []
    for answers, others in zip(asked, mixed_up, strict=True):
        here = tuple(next(nll) for _ in answers.replies)
        elsewhere = tuple(next(nll) for _ in others)
        found.append(_Read(answers, here, elsewhere or None))
    return found


def _mixed_up(prompts: Sequence[Encoded]) -> list[Encoded]:
    """For each the next different one; none if all are the same."""
    found = []
    for i, prompt in enumerate(prompts):
        following = (prompts[(i + k) % len(prompts)] for k in range(1, len(prompts)))
        found.append(next((one for one in following if one.ids != prompt.ids), None))
    return [one for one in found if one is not None]


def _words(base: SharedBase, reply: Ids) -> Ids:
    """Without the end: when to stop is taste."""
    return tuple(token for token in reply if token != base.end_id)


def _nll(base: SharedBase, rows: Sequence[tuple[Encoded, Ids]]) -> list[Nll]:
    """The base's nats of each token, ``SURPRISE_CAP`` at most; none where there are no words."""
    found: list[Nll] = [()] * len(rows)
    spoken = [i for i, (_, words) in enumerate(rows) if words]
    logprobs = base.all_token_logprobs([with_reply(*rows[i]) for i in spoken])
    for i, values in zip(spoken, logprobs, strict=True):
        found[i] = tuple((-values).clamp(max=SURPRISE_CAP).tolist())
    return found


def _sample(base: SharedBase, read: _Read, own: _Read) -> Sample:
    """``own``: the base's replies, to compare with as far as both go, since beginnings are harder
    to predict than continuations."""
    rises = [
        fmean(nll[:shared]) - fmean(own_nll[:shared])
        for nll, own_nll in zip(read.nll, own.nll, strict=True)
        if (shared := min(len(nll), len(own_nll)))
    ]
    return _described(base, read, fmean(rises) if rises else 0.0)


def _liked(base: SharedBase, training: Sequence[TrainExample]) -> _Answers | None:
    """The newest replies that the person wrote and, where these are few, liked; ``None`` if both
    are too few."""
    wanted = [one for one in reversed(training) if one.is_liked]
    wanted.sort(key=lambda one: one.kind != "correction")  # those are what is learned from
    newest = ((_prompt(base, one.turns), one) for one in wanted)
    liked = list(islice(((p, one) for p, one in newest if p is not None), MAX_LIKED))
    if len(liked) < MIN_LIKED:
        return None
    return _Answers(tuple(p for p, _ in liked), tuple(_ids(base, one) for _, one in liked))


def _liked_sample(base: SharedBase, read: _Read, own: _Read) -> Sample:
    rises = [
        fmean(nll[:shared]) - _typical(own, shared)
        for nll in read.nll
        if (shared := min(len(nll), max(map(len, own.nll))))
    ]
    return _described(base, read, fmean(rises) if rises else 0.0)


def _ids(base: SharedBase, example: TrainExample) -> Ids:
    """The reply's tokens, with the end where it is known, cut off as a fresh reply would be."""
    words = base.tokenizer(example.reply, add_special_tokens=False)["input_ids"]
    ids = (*words, base.end_id) if example.is_complete else tuple(words)
    return ids[: SAMPLING.max_new_tokens]


def _typical(own: _Read, tokens: int) -> float:
    """The base's NLL of its own replies' first so many tokens."""
    return fmean(fmean(nll[:tokens]) for nll in own.nll if nll)


def _described(base: SharedBase, read: _Read, nll_rise: float) -> Sample:
    replies = read.answers.replies
    return Sample(
        nll_rise=nll_rise,
        relevance=_relevance(read),
        empty_share=fmean(not _text(base, reply) for reply in replies),
        cut_off_share=fmean(
            len(reply) >= SAMPLING.max_new_tokens and reply[-1] != base.end_id for reply in replies
        ),
        distinct_bigrams=_distinct_bigrams(replies),
        length=fmean(map(len, replies)),
    )


def _relevance(read: _Read) -> float:
    """How often a reply is likelier under its own question than under the next different one.

    The sign of the pointwise mutual information of question and reply, so that neither style nor
    length counts, only which question is answered. 1 where there is only one question.
    """
    if read.elsewhere is None:
        return 1.0
    here = (sum(nll[:RELEVANCE_TOKENS]) for nll in read.nll)
    elsewhere = map(sum, read.elsewhere)
    return fmean((b > a) + 0.5 * (b == a) for a, b in zip(here, elsewhere, strict=True))


def _distinct_bigrams(replies: Sequence[Ids]) -> float:
    """Share of bigrams that are new within their reply (distinct-2, Li et al. 2016); 1 is best."""
    shares = [len(set(pairwise(r))) / (len(r) - 1) for r in replies if len(r) > 1]
    return fmean(shares) if shares else 1.0
