"""Memory for what must not be stored: exchanges of the undecided, changes that came early, and in
whose prompts a message was.

Contract: bounded in people, in exchanges per person and in time; nothing here touches a disk. Knows
neither the store nor why something waits.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bowerbird.storage.records import Feedback, FeedbackKind, NewReply, Turn

KEPT_FOR = timedelta(hours=1)
PEOPLE = 1000
PER_PERSON = 20
CHANGES = 2000
CHANGED_TEXT_KEPT_S = 15 * 60.0
"""As long as any reply should take, its time in the queue included."""
MESSAGES_READ = 20_000

Key = tuple[int, int]  # (scope, user)


@dataclass(slots=True)
class _Waiting:
    replies: list[NewReply] = field(default_factory=list)
    feedback: OrderedDict[tuple[int, FeedbackKind], Feedback] = field(default_factory=OrderedDict)

    def forget_before(self, moment: datetime) -> None:
        self.replies = [reply for reply in self.replies if reply.created_at >= moment]
        for key in [k for k, item in self.feedback.items() if item.created_at < moment]:
            del self.feedback[key]


class RecentExchanges:
    """Replies of people who have not answered the offer, with their feedback on them."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._people: OrderedDict[Key, _Waiting] = OrderedDict()

    def add_reply(self, reply: NewReply) -> None:
        waiting = self._of(reply.scope_id, reply.user_id)
        waiting.replies.append(reply)
        del waiting.replies[:-PER_PERSON]

    def add_feedback(self, feedback: Feedback) -> None:
        waiting = self._of(feedback.scope_id, feedback.user_id)
        key = (feedback.message_id, feedback.kind)
        waiting.feedback[key] = feedback
        waiting.feedback.move_to_end(key)
        while len(waiting.feedback) > 4 * PER_PERSON:
            waiting.feedback.popitem(last=False)

    def has_feedback(self, reply: NewReply) -> bool:
        """Whether the asker has given feedback on any part of this reply."""
        waiting = self._people.get((reply.scope_id, reply.user_id))
        return waiting is not None and any(
            message_id in reply.message_ids for message_id, _ in waiting.feedback
        )

    def reply_of(self, message_id: int) -> NewReply | None:
        self._expire()
        for waiting in self._people.values():
            for reply in waiting.replies:
                if message_id in reply.message_ids:
                    return reply
        return None

    def remove_feedback(
        self, message_id: int, kinds: Iterable[FeedbackKind], user_id: int | None = None
    ) -> bool:
        """Whether there was any."""
        gone = [
            waiting.feedback.pop((message_id, kind), None)
            for (_, owner_id), waiting in self._people.items()
            for kind in kinds
            if user_id is None or owner_id == user_id
        ]
        return any(gone)

    def take(
        self, user_id: int, scope_id: int | None = None
    ) -> tuple[list[NewReply], list[Feedback]]:
        """Everything that waited for this person (in one scope, or in all), which now is gone."""
        self._expire()
        replies: list[NewReply] = []
        feedback: list[Feedback] = []
        for key in list(self._people):
            if key[1] == user_id and scope_id in (None, key[0]):
                waiting = self._people.pop(key)
                replies += waiting.replies
                feedback += waiting.feedback.values()
        return replies, feedback

    def messages_in(self, channel_id: int) -> set[int]:
        """The questions and replies in this channel."""
        here = [
            reply
            for waiting in self._people.values()
            for reply in waiting.replies
            if reply.channel_id == channel_id
        ]
        questions = {reply.question_id for reply in here if reply.question_id is not None}
        return questions.union(*(reply.message_ids for reply in here))

    def replace_text(self, message_id: int, text: str) -> None:
        for waiting in self._people.values():
            waiting.replies = [_with_turns(reply, {message_id: text}) for reply in waiting.replies]

    def erase(self, message_ids: Collection[int]) -> None:
        gone: dict[int, str | None] = dict.fromkeys(message_ids)
        for waiting in self._people.values():
            waiting.replies = [
                _with_turns(reply, gone) for reply in waiting.replies if not _is_gone(reply, gone)
            ]
            for key in [key for key in waiting.feedback if key[0] in gone]:
                del waiting.feedback[key]

    def _of(self, scope_id: int, user_id: int) -> _Waiting:
        self._expire()
        waiting = self._people.setdefault((scope_id, user_id), _Waiting())
        self._people.move_to_end((scope_id, user_id))
        if len(self._people) > PEOPLE:
            self._people.popitem(last=False)
        return waiting

    def _expire(self) -> None:
        moment = self._now() - KEPT_FOR
        for key, waiting in list(self._people.items()):
            waiting.forget_before(moment)
            if not waiting.replies and not waiting.feedback:
                del self._people[key]


class RecentChanges:
    """Edits and deletions that may concern a reply still on its way (text ``None``: deleted).

    Most texts are strangers', and of no use once the replies begun before the edit are recorded:
    each goes by itself after `CHANGED_TEXT_KEPT_S`. To a reply that takes longer the message is
    as good as deleted, since what it was given is out of date. Needs a running event loop.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._texts: OrderedDict[int, tuple[datetime, str | None]] = OrderedDict()

    def edited(self, message_id: int, text: str) -> None:
        edited_at = self._put(message_id, text)
        loop = asyncio.get_running_loop()
        loop.call_later(CHANGED_TEXT_KEPT_S, self._forget_text, message_id, edited_at)

    def deleted(self, message_ids: Iterable[int]) -> None:
        for message_id in message_ids:
            self._put(message_id, None)

    def applied(self, reply: NewReply, since: datetime) -> NewReply | None:
        """The reply after what changed since its prompt was written; ``None`` if it must go."""
        texts = {key: text for key, (at, text) in self._texts.items() if at >= since}
        if _is_gone(reply, {key for key, text in texts.items() if text is None}):
            return None
        return _with_turns(reply, texts)

    def _forget_text(self, message_id: int, edited_at: datetime) -> None:
        if message_id in self._texts and self._texts[message_id][0] == edited_at:
            self._texts[message_id] = (edited_at, None)

    def _put(self, message_id: int, text: str | None) -> datetime:
        moment = self._now()
        self._texts[message_id] = (moment, text)
        self._texts.move_to_end(message_id)
        while len(self._texts) > CHANGES:
            self._texts.popitem(last=False)
        return moment


class RecentReaders:
    """For whom a message was put into a prompt lately: its words may be at hand in the engine."""

    def __init__(self) -> None:
        self._readers: OrderedDict[int, set[Key]] = OrderedDict()

    def add(self, scope_id: int, user_id: int, message_ids: Iterable[int]) -> None:
        for message_id in message_ids:
            self._readers.setdefault(message_id, set()).add((scope_id, user_id))
            self._readers.move_to_end(message_id)
        while len(self._readers) > MESSAGES_READ:
            self._readers.popitem(last=False)

    def take(self, message_ids: Iterable[int]) -> set[Key]:
        """They will not be asked for again: whoever they are, the engine is to forget now."""
        return set().union(*(self._readers.pop(one, ()) for one in message_ids))


def _is_gone(reply: NewReply, gone: Collection[int]) -> bool:
    return reply.question_id in gone or any(part in gone for part in reply.message_ids)


def _with_turns(reply: NewReply, texts: Mapping[int, str | None]) -> NewReply:
    """The reply with these messages' texts replaced, or left out where there is none."""
    turns: list[Turn] = []
    is_exact = reply.is_exact
    for turn in reply.turns:
        if turn.message_id is None or turn.message_id not in texts:
            turns.append(turn)
            continue
        text = texts[turn.message_id]
        if text is None:
            is_exact = False
        else:
            turns.append(replace(turn, text=text))
    return replace(reply, turns=tuple(turns), is_exact=is_exact)
