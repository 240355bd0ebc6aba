"""One person's taste while serving: what they thought of replies, read afresh for each reply.

Contract: what was forgotten, reset, taken back or deleted is not used by the next reply, because
nothing is kept between two of them. Only people who said yes have a taste, and only their own
replies make it. Knows the store as one method, and neither prompts nor the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Protocol

from bowerbird.personalization.scorer import MIN_EACH, ScoredItem, Scorer
from bowerbird.personalization.training.dataset import correction_of, is_question, text_of
from bowerbird.storage.records import Consent, LabelledReply, Person

MAX_LABELLED: Final = 256
"""The newest so many: tastes change, and a reply must begin at once."""


class Labels(Protocol):
    """The two things needed of the store."""

    async def person(self, scope_id: int, user_id: int) -> Person: ...

    async def labelled_replies(
        self,
        scope_id: int,
        user_id: int,
        *,
        interactions_only: bool = False,
        newest: int | None = None,
    ) -> list[LabelledReply]: ...


class Taste:
    """Whose labels are used, and for what: ``has_retrieval`` puts liked replies into the prompt; of
    ``candidates`` replies the best is sent, 1 being off. ``interactions_only``: only from text that
    was given by slash command or modal."""

    def __init__(
        self,
        store: Labels,
        *,
        has_retrieval: bool = True,
        candidates: int = 1,
        interactions_only: bool = False,
    ) -> None:
        self.has_retrieval = has_retrieval
        self.candidates = candidates
        self._store = store
        self._interactions_only = interactions_only

    async def labelled(self, scope_id: int, user_id: int) -> tuple[LabelledReply, ...]:
        """This person's labelled replies as of now, oldest first; none without consent.

        Raises ``StoreError``.
        """
        if not self.has_retrieval and self.candidates < 2:
            return ()
        if (await self._store.person(scope_id, user_id)).consent is not Consent.ON:
            return ()
        found = await self._store.labelled_replies(
            scope_id, user_id, interactions_only=self._interactions_only, newest=MAX_LABELLED
        )
        return tuple(found)


def scored_items(labelled: Iterable[LabelledReply]) -> tuple[ScoredItem, ...]:
    """Labels as training reads them: a correction is liked, and what it corrects disliked unless
    it was voted 👍."""
    return tuple(item for one in labelled for item in _items(one))


def learn_scorer(labelled: Sequence[LabelledReply]) -> Scorer | None:
    """Their scorer, if it may choose for them. Takes a while: not for the event loop."""
    items = scored_items(labelled)
    likes = sum(item.is_liked for item in items)
    if min(likes, len(items) - likes) < MIN_EACH:
        return None
    scorer = Scorer.fit(items)
    return scorer if scorer.is_informed else None


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
