"""Which of two replies to one question the person prefers: what DPO reads.

Contract: as ``dataset``'s, whose bounds and held-out replies hold here too. A pair never
contradicts a vote, two equal texts are no pair, and of two sources of one pair the clearer counts:

- a correction over the reply it corrects,
- a 👍 reply over a 👎 reply to the same question,
- what ↻ gave over what it replaced: people press it out of curiosity too, so it weighs little
  unless a vote says the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice, product
from typing import Final

from bowerbird.personalization.training.dataset import (
    correction_of,
    held_out_words,
    is_question,
    text_of,
    words_of,
)
from bowerbird.personalization.training.executor import TrainPair
from bowerbird.storage.records import LabelledReply, Reply, Turn

MAX_PAIRS: Final = 128
MAX_PAIRS_PER_QUESTION: Final = 4
REGENERATED_WEIGHT: Final = 0.1
REGENERATED_AND_VOTED_WEIGHT: Final = 0.5


def build_pairs(labelled: Sequence[LabelledReply]) -> tuple[TrainPair, ...]:
    """``MAX_PAIRS`` at most, held out if either reply is; ``labelled`` oldest first. Of each kind
    the newest, but votes over everything else where that is too many."""
    clearest: dict[tuple[object, ...], TrainPair] = {}
    for pair in _all(labelled):
        key = _question(pair.turns), pair.chosen, pair.rejected
        if key not in clearest or clearest[key].weight < pair.weight:
            clearest[key] = pair
    held_out = held_out_words(labelled)

    def is_held_out(pair: TrainPair) -> bool:
        return any(words_of(pair.turns, text) in held_out for text in (pair.chosen, pair.rejected))

    newest = list(clearest.values())[-MAX_PAIRS:]
    return tuple(replace(pair, is_held_out=is_held_out(pair)) for pair in newest)


def are_covered(pairs: Iterable[TrainPair], labelled: Sequence[LabelledReply]) -> bool:
    """Whether every text in ``pairs`` is still there: nothing was deleted or edited since."""
    present = set()
    for item in labelled:
        question = _question(item.reply.turns)
        present |= {(question, text_of(item.reply)[0]), (question, correction_of(item))}
    return all(
        (_question(pair.turns), text) in present
        for pair in pairs
        for text in (pair.chosen, pair.rejected)
    )


def _all(labelled: Sequence[LabelledReply]) -> Iterable[TrainPair]:
    items = [item for item in labelled if is_question(item.reply)]
    by_id = {item.reply.reply_id: item for item in items}
    by_question: dict[object, list[LabelledReply]] = {}
    for item in items:
        by_question.setdefault(_question(item.reply.turns), []).append(item)
        yield from _pair((correction_of(item), True), item.reply, 1.0)
        if item.replaces is not None and (earlier := by_id.get(item.replaces)) is not None:
            yield from _regenerated(item, earlier)
    for siblings in by_question.values():
        liked = [item.reply for item in reversed(siblings) if item.is_liked is True]
        disliked = [item.reply for item in reversed(siblings) if item.is_liked is False]
        for chosen, rejected in islice(product(liked, disliked), MAX_PAIRS_PER_QUESTION):
            yield from _pair(text_of(chosen), rejected, 1.0)


def _regenerated(later: LabelledReply, earlier: LabelledReply) -> Iterable[TrainPair]:
    is_contradicted = earlier.is_liked is True or later.is_liked is False
    if is_contradicted or _question(later.reply.turns) != _question(earlier.reply.turns):
        return
    is_voted = later.is_liked is True or earlier.is_liked is False
    weight = REGENERATED_AND_VOTED_WEIGHT if is_voted else REGENERATED_WEIGHT
    yield from _pair(text_of(later.reply), earlier.reply, weight)


def _pair(chosen: tuple[str, bool], rejected: Reply, weight: float) -> Iterable[TrainPair]:
    """Under the rejected reply's question; none if there are not two texts."""
    (better, better_ends), (worse, worse_ends) = chosen, text_of(rejected)
    if better and worse and better != worse:
        yield TrainPair(
            rejected.turns,
            better,
            worse,
            weight,
            chosen_is_complete=better_ends,
            rejected_is_complete=worse_ends,
        )


def _question(turns: Sequence[Turn]) -> tuple[tuple[str, str], ...]:
    """What was said and asked, to compare: the same words may be in different messages."""
    return tuple((turn.role, turn.text) for turn in turns)
