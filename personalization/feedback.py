"""What a person thinks of replies, and their say over what is kept: votes, consent, forgetting.

Contract (DESIGN §4): nothing of a person who has not said yes reaches the store. The recent
exchanges of somebody who has not answered the offer wait here, in memory, for an hour at most: a
yes keeps them, a no drops them. Other people's words are stored only if those people said yes too.
Feedback may arrive before the reply it is about, and a deletion or an edit as well; both are
applied when the reply comes. Knows no Discord: emoji are strings, ids are integers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Protocol

from bowerbird.personalization.errors import ConsentError, PersonalizationError
from bowerbird.personalization.generation.backend import GenerationBackend
from bowerbird.personalization.recent import RecentChanges, RecentExchanges, RecentReaders
from bowerbird.personalization.types import ReplyDraft
from bowerbird.storage.records import (
    Consent,
    Erased,
    Feedback,
    FeedbackKind,
    NewReply,
    Origin,
    Turn,
)
from bowerbird.storage.store import Store, StoreError

_log = logging.getLogger(__name__)

_GATHERING = timedelta(seconds=5)  # reading the conversation took place before the draft's clock


class Given(Enum):
    """What became of somebody's feedback."""

    KEPT = "kept"
    DROPPED = "dropped"
    OFFER = "offer"
    """It waits, and this person is to be offered consent: claimed, for this caller alone."""
    UNKNOWN = "unknown"
    """It waits, but whether the reply was made for this person is not known (yet, or any more)."""


VOTES = (FeedbackKind.LIKE, FeedbackKind.DISLIKE)


class Weights(Protocol):
    """The one thing needed of `AdapterLibrary`."""

    async def delete(self, pairs: Iterable[tuple[int, int]]) -> None: ...


class Training(Protocol):
    """The two things needed of `Nightly`."""

    async def cancel(self, user_id: int, scope_id: int | None = None) -> None: ...

    async def look_back(self, scope_id: int, user_id: int) -> None: ...


class FeedbackService:
    """Records replies and feedback as consent allows. One instance, on the event loop."""

    def __init__(
        self,
        store: Store,
        adapters: Weights,
        nightly: Training,
        backend: GenerationBackend,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._adapters = adapters
        self._nightly = nightly
        self._backend = backend
        self._now = now
        self._recent = RecentExchanges(now)
        # Events come as tasks of their own; what is added and taken back must stay in order.
        self._order = asyncio.Lock()
        self._changes = RecentChanges(now)
        self._readers = RecentReaders()

    # --- replies --------------------------------------------------------------------------------

    def reading(self, scope_id: int, user_id: int, message_ids: Iterable[int]) -> None:
        """The text of these messages is about to go into a prompt for this person."""
        self._readers.add(scope_id, user_id, message_ids)

    async def record_reply(
        self,
        draft: ReplyDraft,
        *,
        channel_id: int,
        question_id: int | None,
        message_ids: Sequence[int],
        origin: Origin,
        regenerates: int | None = None,
    ) -> bool:
        """Keep a reply: in the store with consent, in memory while undecided, else not at all.

        True if its asker gave feedback before it was recorded and should be offered consent now.
        """
        made = NewReply(
            scope_id=draft.scope_id,
            user_id=draft.user_id,
            channel_id=channel_id,
            question_id=question_id,
            message_ids=tuple(message_ids),
            turns=draft.turns,
            text=draft.text,
            base_model=draft.base_model,
            adapter_version=draft.adapter_version,
            sampling=draft.sampling.as_dict()
            | {
                "finish_reason": str(draft.finish_reason),
                "retrieved": list(draft.retrieved),
                "candidates": draft.candidates,
            },
            origin=origin,
            created_at=self._now(),
            regenerates=regenerates,
        )
        said = (turn.message_id for turn in draft.turns if turn.message_id is not None)
        read = (*said, *draft.read_messages, *message_ids)
        self.reading(draft.scope_id, draft.user_id, read)
        started_at = made.created_at - timedelta(seconds=draft.seconds) - _GATHERING
        async with self._order:
            reply = self._changes.applied(made, started_at)
            return reply is not None and await self._record(reply)

    async def _record(self, reply: NewReply) -> bool:
        person = await self._store.person(reply.scope_id, reply.user_id)
        if person.consent is Consent.ON:
            await self._store.add_reply(await self._storable(reply))
        elif person.consent is not Consent.OFF:
            self._recent.add_reply(reply)
            if self._recent.has_feedback(reply):
                return await self._store.offer_consent(reply.scope_id, reply.user_id)
        return False

    async def reply_of(self, message_id: int) -> NewReply | None:
        """The reply any part of which is this message, if it is kept anywhere."""
        return self._recent.reply_of(message_id) or await self._store.reply_of_message(message_id)

    # --- feedback -------------------------------------------------------------------------------

    async def give(
        self,
        scope_id: int,
        message_id: int,
        user_id: int,
        kind: FeedbackKind,
        *,
        origin: Origin = "message",
        text: str | None = None,
    ) -> Given:
        """Keep one person's feedback on one message; again is no error."""
        feedback = Feedback(scope_id, message_id, user_id, kind, origin, self._now(), text)
        async with self._order:
            given = await self._give(feedback)
        await self._look_back(feedback, given)
        return given

    async def _give(self, feedback: Feedback) -> Given:
        scope_id, user_id = feedback.scope_id, feedback.user_id
        if await self._store.put_feedback(feedback):
            return Given.KEPT
        person = await self._store.person(scope_id, user_id)
        if person.consent in {Consent.ON, Consent.OFF}:
            return Given.DROPPED
        reply = await self.reply_of(feedback.message_id)
        if reply is not None and reply.user_id != user_id:
            return Given.DROPPED  # a bystander: counted only if they said yes
        self._recent.add_feedback(feedback)
        if reply is None:
            return Given.UNKNOWN
        is_first = await self._store.offer_consent(scope_id, user_id)
        return Given.OFFER if is_first else Given.KEPT

    async def correct(self, scope_id: int, message_id: int, user_id: int, text: str) -> Given:
        """Keep what the person would have wanted to read (from a modal).

        Raises ``ConsentError`` if it cannot be kept, with a sentence that says why.
        """
        await self.require_teachable(scope_id, message_id, user_id)
        kind = FeedbackKind.CORRECTION
        return await self.give(scope_id, message_id, user_id, kind, origin="modal", text=text)

    async def require_teachable(self, scope_id: int, message_id: int, user_id: int) -> NewReply:
        """The reply, if this person may correct it. Raises ``ConsentError``."""
        reply = await self.reply_of(message_id)
        if reply is not None and reply.user_id != user_id:
            raise ConsentError("only the person I answered can teach me a better reply")
        if (await self._store.person(scope_id, user_id)).consent is Consent.OFF:
            raise ConsentError("I keep nothing of you; turn on `/my personalization` first")
        if reply is None:
            raise ConsentError(
                "I do not remember this exchange; with `/my personalization` on, I keep new ones"
            )
        return reply

    async def toggle(
        self, scope_id: int, message_id: int, user_id: int, kind: FeedbackKind
    ) -> Given | None:
        """A vote by button replaces the opposite one; the same again is taken back (``None``)."""
        feedback = Feedback(scope_id, message_id, user_id, kind, "message", self._now())
        async with self._order:
            if await self._remove(message_id, user_id, (kind,)):
                return None
            given = await self._give(feedback)
            await self._remove(message_id, user_id, [vote for vote in VOTES if vote is not kind])
        await self._look_back(feedback, given)
        return given

    async def _look_back(self, feedback: Feedback, given: Given) -> None:
        """A 👎 may be one too many for a new version. Whatever comes of it, the vote is kept."""
        if feedback.kind is not FeedbackKind.DISLIKE or given is not Given.KEPT:
            return
        try:
            await self._nightly.look_back(feedback.scope_id, feedback.user_id)
        except (StoreError, PersonalizationError) as error:
            _log.warning("whether to take a version back could not be decided: %s", error)

    async def take_back(self, message_id: int, user_id: int, kind: FeedbackKind) -> None:
        """A vote was withdrawn. ↻ and corrections are acts, not votes: they stay."""
        if kind in VOTES:
            async with self._order:
                await self._remove(message_id, user_id, (kind,))

    async def _remove(self, message_id: int, user_id: int, kinds: Sequence[FeedbackKind]) -> bool:
        """Whether there was any."""
        was_waiting = self._recent.remove_feedback(message_id, kinds, user_id)
        return bool(await self._store.remove_feedback(message_id, kinds, user_id)) or was_waiting

    async def clear(self, message_id: int, kinds: Sequence[FeedbackKind] = VOTES) -> None:
        """Somebody cleared everyone's reactions (of these kinds) from a message."""
        votes = tuple(kind for kind in kinds if kind in VOTES)
        if votes:
            async with self._order:
                self._recent.remove_feedback(message_id, votes)
                await self._store.remove_feedback(message_id, votes)

    # --- consent and leaving --------------------------------------------------------------------

    async def consent(self, scope_id: int, user_id: int) -> Consent:
        return (await self._store.person(scope_id, user_id)).consent

    async def offer(self, scope_id: int, user_id: int) -> bool:
        """Claim the one offer a person ever gets; true for one caller."""
        return await self._store.offer_consent(scope_id, user_id)

    async def withdraw_offer(self, scope_id: int, user_id: int) -> None:
        """The offer that was claimed could not be posted: another occasion may come."""
        await self._store.withdraw_offer(scope_id, user_id)

    async def opt_in(self, scope_id: int, user_id: int) -> int:
        """Keep from now on, and the exchanges that waited. Returns how many replies those were."""
        async with self._order:
            await self._store.set_consent(scope_id, user_id, Consent.ON)
            replies, feedback = self._recent.take(user_id, scope_id)
            for reply in replies:
                await self._store.add_reply(await self._storable(reply))
            for item in feedback:
                await self._store.put_feedback(item)
            return len(replies)

    async def opt_out(self, scope_id: int, user_id: int) -> Erased:
        """Keep nothing any more, and delete what there is in this scope."""
        await self._store.set_consent(scope_id, user_id, Consent.OFF)
        return await self.forget(user_id, scope_id)

    async def forget(self, user_id: int, scope_id: int | None = None) -> Erased:
        """Delete rows, weights, jobs and memory, in one scope or everywhere. Leaves a no."""
        await self._nightly.cancel(user_id, scope_id)
        # Rows first: weights without a row are swept at the next start, the reverse is an error.
        async with self._order:
            erased = await self._store.forget(user_id, scope_id)
            self._recent.take(user_id, scope_id)
        # The engine may remember words also of a person who has no weights.
        here = () if scope_id is None else ((scope_id, user_id),)
        await self._delete_weights({*here, *erased.people})
        return erased

    async def reset(self, scope_id: int, user_id: int, *, keep_feedback: bool) -> Erased:
        """Back to the base model; feedback and replies go too unless kept. Consent stays."""
        await self._nightly.cancel(user_id, scope_id)
        erased = await self._store.reset(scope_id, user_id, keep_feedback=keep_feedback)
        await self._delete_weights({(scope_id, user_id), *erased.people})
        if not keep_feedback:
            self._recent.take(user_id, scope_id)
        return erased

    async def _delete_weights(self, people: Iterable[tuple[int, int]]) -> None:
        pairs = sorted(people)
        try:
            await self._adapters.delete(pairs)
        finally:  # not before: a reply that begins now must find no file to load
            await self._unload(pairs)

    async def _unload(self, people: Iterable[tuple[int, int]]) -> None:
        """The engine remembers prompts for a while, so that the next turn begins at once."""
        for scope_id, user_id in people:
            await self._backend.unload(scope_id, user_id)

    # --- messages that change -------------------------------------------------------------------

    async def message_edited(self, message_id: int, text: str) -> None:
        """A person edited a message: only the new text may remain. Blank means unreadable."""
        if not text.strip():
            await self.messages_deleted((message_id,))
            return
        async with self._order:
            self._changes.edited(message_id, text)
            self._recent.replace_text(message_id, text)
            await self._store.replace_text(message_id, text)
        await self._unload(self._readers.take((message_id,)))

    async def messages_deleted(self, message_ids: Sequence[int]) -> None:
        """Messages were deleted: their text goes, and a reply with any of its parts."""
        async with self._order:
            # All of them at once: a channel that is deleted may have held thousands.
            parts = await self._store.parts_beside(message_ids)
            gone = {*message_ids, *parts}  # later prompts quote a split reply under its first part
            self._changes.deleted(gone)
            self._recent.erase(gone)
            await self._store.erase_messages(sorted(gone))
        await self._unload(self._readers.take(gone).union(parts.values()))

    async def channel_deleted(self, channel_id: int) -> None:
        """All its messages went with it, and nobody tells of them one by one."""
        gone = self._recent.messages_in(channel_id).union(await self._store.messages_in(channel_id))
        if gone:
            await self.messages_deleted(sorted(gone))

    # --- inside ---------------------------------------------------------------------------------

    async def _storable(self, reply: NewReply) -> NewReply:
        """Without the words of people who have not said yes, and without our replies to them,
        which may repeat those words."""
        said_yes = {reply.user_id: True}
        kept: list[Turn] = []
        is_ours_to_keep: bool | None = None  # unknown before the first thing that somebody said
        for turn in reply.turns:
            author_id = turn.author_id
            if author_id is not None:
                if author_id not in said_yes:
                    person = await self._store.person(reply.scope_id, author_id)
                    said_yes[author_id] = person.consent is Consent.ON
                is_ours_to_keep = said_yes[author_id]
            if turn.role != "assistant":
                is_kept = author_id is None or said_yes[author_id]
            elif is_ours_to_keep is None:
                is_kept = turn.message_id is not None and await self._is_stored(turn.message_id)
            else:
                is_kept = is_ours_to_keep
            if is_kept:
                kept.append(turn)
        is_whole = len(kept) == len(reply.turns)
        return replace(reply, turns=tuple(kept), is_exact=reply.is_exact and is_whole)

    async def _is_stored(self, message_id: int) -> bool:
        """Whether this is a reply to somebody who said yes: only those are stored."""
        return await self._store.reply_of_message(message_id) is not None
