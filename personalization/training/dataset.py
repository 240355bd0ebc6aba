"""From what a person thought of replies to what a trainer reads.

Contract: pure and deterministic; the same feedback gives the same examples, and which items are
held out follows from their replies' ids, so that what judged one adapter does not train the next.
Every bound is a constant here. Knows no torch, no database, no file.

What counts as a label:

- The later of 👍 and 👎.
- A correction: the corrected text is liked, the reply it corrects disliked (unless the person voted
  👍, which says that the reply was fine and the correction better still).
- ↻ alone is *no* label: people press it out of curiosity as well, its meaning lies in the pair of
  replies, and pushing replies down is what destroys a small model (docs/LOG.md). It stays stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from bowerbird.personalization.training.executor import TrainExample
from bowerbird.personalization.types import FinishReason
from bowerbird.storage.records import LabelledReply

MAX_EXAMPLES: Final = 256
"""The newest so many labels are used: a night has an end, and tastes change."""

MAX_REPLY_CHARS: Final = 4_000
"""Of a reply only the beginning is learned from; more is an essay, or somebody's paste."""

CUT_OFF: Final = frozenset({FinishReason.LENGTH, FinishReason.STOPPED})
"""Replies that ended so have no end to learn."""

MAX_WEIGHT: Final = 4.0
"""No label counts more than this, however rare it is."""

MAX_UNANSWERED_DISLIKE: Final = 0.25
"""Weight of a 👎 where there is no 👍 at all: nothing says where to go instead."""

HELD_OUT_SHARE: Final = 0.2
MIN_HELD_OUT: Final = 10
"""Below so many held-out items a preference cannot be measured; all of them are trained on then."""


def build_examples(labelled: Sequence[LabelledReply]) -> tuple[TrainExample, ...]:
    """Examples to train on and, if there are enough, held-out ones; oldest first.

    Empty if there is nothing to learn from.
    """
    kept = [item for reply in labelled for item in _labels(reply)][-MAX_EXAMPLES:]
    held_out = _held_out(kept)
    training = [example for reply_id, example in kept if reply_id not in held_out]
    liked, disliked = label_weights(
        sum(example.is_liked for example in training),
        sum(not example.is_liked for example in training),
    )
    return tuple(
        replace(
            example,
            weight=liked if example.is_liked else disliked,
            is_held_out=reply_id in held_out,
        )
        for reply_id, example in kept
    )


def label_weights(liked: int, disliked: int) -> tuple[float, float]:
    """(λ_D, λ_U) with λ_D·n_D : λ_U·n_U within 1:1–4:3 (KTO, Ethayarajh et al. 2024, eq. 8).

    The rarer label is raised, to ``MAX_WEIGHT`` at most; if that is not enough, the other sinks.
    """
    if not liked:
        return 1.0, MAX_UNANSWERED_DISLIKE
    if not disliked:
        return 1.0, 1.0
    ratio = liked / disliked
    if ratio < 1:
        weight = min(1 / ratio, MAX_WEIGHT)
        return weight, min(1.0, weight * ratio)
    if ratio > 4 / 3:
        weight = min(ratio * 3 / 4, MAX_WEIGHT)
        return min(1.0, weight * (4 / 3) / ratio), weight
    return 1.0, 1.0


def is_covered(examples: Iterable[TrainExample], labelled: Sequence[LabelledReply]) -> bool:
    """Whether every text in ``examples`` is still there: nothing was deleted or edited since."""
    present = {(example.turns, example.reply) for item in labelled for _, example in _labels(item)}
    return all((example.turns, example.reply) in present for example in examples)


def _labels(item: LabelledReply) -> Iterable[tuple[int, TrainExample]]:
    reply = item.reply
    if not reply.turns or reply.turns[-1].role != "user" or not reply.turns[-1].text.strip():
        return
    text = reply.text.strip()[:MAX_REPLY_CHARS]
    correction = (item.correction or "").strip()[:MAX_REPLY_CHARS]
    is_liked = item.is_liked
    if correction and correction != text:
        yield reply.reply_id, TrainExample(reply.turns, correction, is_liked=True)
        is_liked = bool(is_liked)
    if text and is_liked is not None:
        reason = reply.sampling.get("finish_reason")
        is_cut_off = reason in CUT_OFF or text != reply.text.strip()
        yield (
            reply.reply_id,
            TrainExample(reply.turns, text, is_liked=is_liked, is_complete=not is_cut_off),
        )


def _held_out(items: Sequence[tuple[int, TrainExample]]) -> frozenset[int]:
    """Reply ids to keep from training; none unless they are enough and hold both labels."""
    chosen = frozenset(reply_id for reply_id, _ in items if _draw(reply_id) < HELD_OUT_SHARE)
    labels = [example.is_liked for reply_id, example in items if reply_id in chosen]
    if len(labels) < MIN_HELD_OUT or len(set(labels)) < 2:
        return frozenset()
    return chosen


def _draw(reply_id: int) -> float:
    """Uniform in [0, 1), the same for an id on every machine."""
    digest = hashlib.blake2b(str(reply_id).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
