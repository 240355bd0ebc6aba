"""One person's taste while serving: what they thought of replies, read afresh for each reply.

Contract: what was forgotten, reset, taken back or deleted is not used by the next reply, because
nothing is kept between two of them. Only people who said yes have a taste, and only their own
replies make it. Knows the store as one method, and neither prompts nor the model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

from bowerbird.personalization import taste_change
from bowerbird.personalization.scored_labels import scored_items
from bowerbird.personalization.scorer import MIN_EACH, Scorer
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
        """What this person says of replies as of now, oldest first; none without consent, nor what
        they have come to say the opposite of (``taste_change``).

        Raises ``StoreError``.
        """
        if not self.has_retrieval and self.candidates < 2:
            return ()
        if (await self._store.person(scope_id, user_id)).consent is not Consent.ON:
            return ()
        found = await self._store.labelled_replies(
            scope_id, user_id, interactions_only=self._interactions_only, newest=MAX_LABELLED
        )
        return tuple(await asyncio.to_thread(taste_change.current, found))


def learn_scorer(labelled: Sequence[LabelledReply]) -> Scorer | None:
    """Their scorer, if it may choose for them. Takes a while: not for the event loop."""
    items = scored_items(labelled)
    likes = sum(item.is_liked for item in items)
    if min(likes, len(items) - likes) < MIN_EACH:
        return None
    scorer = Scorer.fit(items)
    return scorer if scorer.is_informed else None
