"""From what a person thought of replies to what a trainer reads.

Contract: pure and deterministic; the same feedback gives the same examples. What is held out
follows from the id of the reply that said it first, so that no words judge and train at once, and
what judged one adapter does not train the next. Every bound is a constant here. Knows no torch, no
database, no file; preferences between replies are ``pairs``'.

What counts as a label:

- The later of 👍 and 👎; of contradictory labels of one text under one question, the latest.
- A correction: the corrected text is liked, the reply it corrects disliked (unless the person voted
  👍, which says that the reply was fine and the correction better still).
- ↻ alone is *no* label: people press it out of curiosity as well, its meaning lies in the pair of
  replies, and pushing replies down is what destroys a small model (docs/LOG.md). It stays stored.
- What the person said next, where nothing of the above is there: weakly (``sentiment``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from bowerbird.personalization.training.executor import TrainExample
from bowerbird.personalization.training.sentiment import sentiment_of
from bowerbird.personalization.types import FinishReason
from bowerbird.storage.records import LabelledReply, Reply, Turn

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

MAX_WEAK_WEIGHT: Final = 0.3
"""Weight of what is read from the person's next words when those are as strong as can be."""

HELD_OUT_SHARE: Final = 0.2
MIN_HELD_OUT: Final = 10
"""Below so many held-out items a preference cannot be measured; all of them are trained on then."""

Words = tuple[object, ...]
"""A reply and all that was said before it."""


def build_examples(
    labelled: Sequence[LabelledReply], *, with_sentiment: bool = True
) -> tuple[TrainExample, ...]:
    """Examples to train on and, if there are enough, held-out ones; oldest first.

    ``labelled`` oldest first. Empty if there is nothing to learn from: weak examples alone are not
    enough to train on.
    """
    kept = _kept(labelled)
    if not kept:
        return ()
    held_out = _held_out(kept)
    training = [example for _, example in kept if _words_of(example) not in held_out]
    liked, disliked = label_weights(
        sum(example.is_liked for example in training),
        sum(not example.is_liked for example in training),
    )
    found = [
        replace(
            example,
            weight=liked if example.is_liked else disliked,
            is_held_out=_words_of(example) in held_out,
        )
        for _, example in kept
    ]
    if with_sentiment:
        room = MAX_EXAMPLES - len(found)
        weak = [example for example in _weak(labelled) if _words_of(example) not in held_out]
        found += weak[-room:] if room else []
    return tuple(found)


def held_out_words(labelled: Sequence[LabelledReply]) -> frozenset[Words]:
    """What is held out: none of it may be trained on, whichever reply it is from."""
    return _held_out(_kept(labelled))


def words_of(turns: Sequence[Turn], reply: str) -> Words:
    """To compare: the same words may be in different messages."""
    return (*((turn.role, turn.text) for turn in turns), reply)


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
    """Whether every text in ``examples`` is still there: nothing was deleted or edited since; a
    vote that was taken back took no text along."""
    present = {(example.turns, example.reply) for item in labelled for _, example in _labels(item)}
    present |= {(example.turns, example.reply) for example in _weak(labelled)}
    voted_on = present | {(item.reply.turns, text_of(item.reply)[0]) for item in labelled}
    return all(
        (example.turns, example.reply) in (voted_on if example.kind == "vote" else present)
        for example in examples
    )


def count_replies(examples: Iterable[TrainExample]) -> int:
    """How many replies a person said something of that is trained on: a correction and a vote on
    what it corrects are of one."""
    taught = (one for one in examples if not one.is_held_out and one.kind != "weak")
    return len({(one.turns, one.corrects or one.reply) for one in taught})


def is_question(reply: Reply) -> bool:
    """Whether there is a question to learn an answer to."""
    return (
        bool(reply.turns) and reply.turns[-1].role == "user" and bool(reply.turns[-1].text.strip())
    )


def text_of(reply: Reply) -> tuple[str, bool]:
    """What is learned of a reply, and whether that includes its end; empty: nothing."""
    text = reply.text.strip()[:MAX_REPLY_CHARS]
    is_cut_off = reply.sampling.get("finish_reason") in CUT_OFF
    return text, not is_cut_off and text == reply.text.strip()


def correction_of(item: LabelledReply) -> str:
    """What the person wrote instead; empty if nothing, or nothing else."""
    correction = (item.correction or "").strip()[:MAX_REPLY_CHARS]
    return correction if correction != text_of(item.reply)[0] else ""


def _kept(labelled: Sequence[LabelledReply]) -> list[tuple[int, TrainExample]]:
    """The newest labels with the ids of their replies, without those contradicted later."""
    found = [item for reply in labelled for item in _labels(reply)]
    latest = {_words_of(example): example.is_liked for _, example in found}
    agreed = [item for item in found if latest[_words_of(item[1])] == item[1].is_liked]
    return agreed[-MAX_EXAMPLES:]


def _words_of(example: TrainExample) -> Words:
    return words_of(example.turns, example.reply)


def _labels(item: LabelledReply) -> Iterable[tuple[int, TrainExample]]:
    reply = item.reply
    if not is_question(reply):
        return
    text, is_complete = text_of(reply)
    is_liked = item.is_liked
    if correction := correction_of(item):
        example = TrainExample(
            reply.turns, correction, is_liked=True, kind="correction", corrects=text or None
        )
        yield reply.reply_id, example
        is_liked = bool(is_liked)
    if text and is_liked is not None:
        example = TrainExample(reply.turns, text, is_liked=is_liked, is_complete=is_complete)
        yield reply.reply_id, example


def _weak(labelled: Sequence[LabelledReply]) -> list[TrainExample]:
    """Replies without a label that the person answered with a remark of theirs."""
    remarks = _next_remarks(labelled)
    found = []
    for item in labelled:
        reply = item.reply
        is_silent = item.is_liked is None and not item.correction and not item.was_regenerated
        text, is_complete = text_of(reply)
        if not is_silent or not text or not is_question(reply):
            continue
        strength = next((sentiment_of(remarks[m]) for m in reply.message_ids if m in remarks), 0.0)
        if strength:
            found.append(
                TrainExample(
                    reply.turns,
                    text,
                    is_liked=strength > 0,
                    weight=MAX_WEAK_WEIGHT * abs(strength),
                    is_complete=is_complete,
                    kind="weak",
                )
            )
    return found


def _next_remarks(labelled: Sequence[LabelledReply]) -> dict[int, str]:
    """Message id of one of our replies → what its asker said next, in any stored conversation."""
    remarks: dict[int, str] = {}
    for item in labelled:
        for ours, theirs in pairwise(item.reply.turns):
            if _is_answered(ours, theirs, item.reply.user_id) and ours.message_id is not None:
                remarks.setdefault(ours.message_id, theirs.text)
    return remarks


def _is_answered(ours: Turn, theirs: Turn, user_id: int) -> bool:
    return (ours.role, theirs.role, theirs.author_id) == ("assistant", "user", user_id)


def _held_out(items: Sequence[tuple[int, TrainExample]]) -> frozenset[Words]:
    """What to keep from training; nothing unless it is enough and holds both labels."""
    # Corrections are few, and say the most: they are all learned from.
    corrected = {reply_id for reply_id, example in items if example.kind == "correction"}
    taught = {_words_of(example) for reply_id, example in items if reply_id in corrected}
    first: dict[Words, int] = {}
    for reply_id, example in items:
        first.setdefault(_words_of(example), reply_id)
    chosen = frozenset(
        words
        for words, reply_id in first.items()
        if words not in taught and _draw(reply_id) < HELD_OUT_SHARE
    )
    labels = [example.is_liked for _, example in items if _words_of(example) in chosen]
    if len(labels) < MIN_HELD_OUT or len(set(labels)) < 2:
        return frozenset()
    return chosen


def _draw(reply_id: int) -> float:
    """Uniform in [0, 1), the same for an id on every machine."""
    digest = hashlib.blake2b(str(reply_id).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
