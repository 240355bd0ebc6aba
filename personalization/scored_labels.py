"""Labels as the scorer reads them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bowerbird.personalization.scorer import ScoredItem
from bowerbird.personalization.training.dataset import correction_of, is_question, text_of
from bowerbird.storage.records import LabelledReply


def scored_items(labelled: Iterable[LabelledReply]) -> tuple[ScoredItem, ...]:
    """Labels as training reads them: a correction is liked, and what it corrects disliked unless
    it was voted 👍."""
    return tuple(item for one in labelled for item in _items(one))


def _items(one: LabelledReply) -> Iterator[ScoredItem]:
    if not is_question(one.reply):
        return
    question = one.reply.turns[-1].text
    correction, (text, _) = correction_of(one), text_of(one.reply)
    is_liked = one.is_liked
    if correction:
        yield ScoredItem(question, correction, is_liked=True)
        is_liked = bool(is_liked)
    if text and is_liked is not None:
        yield ScoredItem(question, text, is_liked=is_liked)
