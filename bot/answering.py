"""One question → one streamed, recorded reply: what a mention, `/ask` and ↻ have in common.

Contract: a person's questions are answered one after the other; a question that is withdrawn stops
its reply and takes it back; a reply that the person stops stays as far as it came, and one that
they want anew is begun anew; whatever goes wrong ends in one sentence below what was said. Nothing
that did not reach the person is recorded. Knows neither commands nor events.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakValueDictionary

import discord

from bowerbird.bot import (
    apologies,
    consent,
    controls,
    edited_questions,
    rendering,
    streaming,
)
from bowerbird.bot.admission import Admission
from bowerbird.bot.apologies import UNSENT, RefusalError
from bowerbird.bot.attachments import FileReader
from bowerbird.bot.ballots import Ballot, Ballots
from bowerbird.bot.catalogue import Language
from bowerbird.bot.pacing import EditPace
from bowerbird.bot.streaming import ReplyGoneError, Shown, Stage
from bowerbird.bot.surfaces import Controls, ReplySurface
from bowerbird.personalization.feedback import FeedbackService, Given
from bowerbird.personalization.service import ReplyService, ReplyStream
from bowerbird.personalization.types import GLOBAL_SCOPE, Conversation, Origin, ReplyDraft
from bowerbird.storage.records import FeedbackKind

_log = logging.getLogger(__name__)

MAX_WAITING_PER_PERSON = 5
MAX_WAITING_PER_SCOPE = 36
"""About half of what the engine takes, so that one busy server leaves room for the others."""
WORTH_KEEPING = 80
"""Characters. Less than that of a reply begun anew says nothing about it, and makes way."""
LONG_WAIT_S = 5.0
"""After so long in the queue people are told their place in it, and again when it has changed."""
EDITED_WITHIN_S = 3600.0
"""An answer to a question that is edited later than that is let be."""
ANSWERED_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked, where and how. ``head`` stands above the answer (a slash command's prompt)."""

    scope_id: int
    user_id: int
    channel_id: int
    question_id: int | None
    origin: Origin
    language: Language
    head: str = ""
    regenerates: int | None = None
    guild_id: int | None = None


@dataclass(eq=False, slots=True)
class _Running:
    asked: Asked
    task: asyncio.Task[Any]
    shown: Shown[discord.Message] = field(default_factory=Shown)
    is_withdrawn: bool = False
    is_recorded: bool = False
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    is_again: bool = False
    """🔄 while streaming: when this reply is over, another one is begun."""
    is_outdated: bool = False
    """The question was edited after we had read it."""

    def begin_anew(self) -> None:
        self.is_recorded = self.is_again = False
        self.stopped.clear()


class _StartOverError(Exception):
    """There is nothing to keep of this reply, and another one is wanted."""


class Answerer:
    """Everything being answered right now. One per bot, shared by its cogs."""

    def __init__(
        self,
        replies: ReplyService,
        feedback: FeedbackService,
        ballots: Ballots,
        pace: EditPace,
        admission: Admission,
    ) -> None:
        self.ballots = ballots
        self.files = FileReader(replies.shortened)
        self.pace = pace
        self._replies = replies
        self._feedback = feedback
        self._admission = admission
        self._running: set[_Running] = set()
        self._answered: OrderedDict[int, float] = OrderedDict()
        self._turns: WeakValueDictionary[tuple[int, int], asyncio.Lock] = WeakValueDictionary()

    async def answer(
        self,
        asked: Asked,
        surface: ReplySurface,
        gather: Callable[[], Awaitable[Conversation | None]],
    ) -> None:
        """Answer what ``gather`` returns once it is this person's turn. Raises nothing of ours.

        Run it as a task of its own: a withdrawn question cancels it.
        """
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - coroutines run in tasks
        running = _Running(asked, task)
        self._running.add(running)
        try:
            await self._answer(running, surface, gather)
        except asyncio.CancelledError:
            if not running.is_withdrawn:
                raise
            task.uncancel()
            await streaming.discard(surface, running.shown)
        except ReplyGoneError as error:
            _log.info("the reply to %s has no place any more: %s", asked.question_id, error)
            await streaming.discard(surface, running.shown)
        except Exception as error:  # noqa: BLE001 - the person must hear of it, whatever it is
            await self._apologise(running, surface, error)
        finally:
            self._running.discard(running)

    def withdraw(self, message_ids: Iterable[int]) -> None:
        """These messages were deleted: replies to them, or of which they are a part, stop."""
        gone = set(message_ids)
        for running in self._running:
            is_concerned = not gone.isdisjoint({running.asked.question_id, *running.shown.ids})
            if is_concerned and not running.is_withdrawn:
                running.is_withdrawn = True
                running.task.cancel()

    def stop(self, message_id: int, user_id: int, *, is_again: bool = False) -> bool:
        """End the reply that this is (a part of) where it is, and perhaps begin it anew.

        False, and nothing done, unless it goes on and is this person's.
        """
        running = self._going_on(message_id, user_id)
        if running is not None and (running.shown.has_begun or not is_again):
            running.is_again |= is_again
            running.stopped.set()
        return running is not None

    def can_begin_anew(self, message_id: int, user_id: int) -> bool:
        """Whether to stop this "again" would make another reply, which nobody wanted yet."""
        running = self._going_on(message_id, user_id)
        return running is not None and running.shown.has_begun and not running.is_again

    def _going_on(self, message_id: int, user_id: int) -> _Running | None:
        for running in self._running:
            is_meant = message_id in running.shown.ids and running.asked.user_id == user_id
            if is_meant and not running.is_recorded:
                return running
        return None

    def is_answer_outdated(self, question_id: int) -> bool:
        """The question was edited: whether another answer is to be offered now.

        True once for each question that was answered lately; later for one being answered.
        """
        for running in self._running:
            if running.asked.question_id == question_id and not running.is_recorded:
                running.is_outdated = True
                return False
        answered_at = self._answered.pop(question_id, None)
        return answered_at is not None and time.monotonic() - answered_at < EDITED_WITHIN_S

    @property
    def open_replies(self) -> int:
        """Questions being answered, those waiting included."""
        return len(self._running)

    def is_streaming(self, message_id: int) -> bool:
        """Whether this message is (a part of) a reply that is not finished and recorded yet."""
        return any(
            message_id in running.shown.ids and not running.is_recorded for running in self._running
        )

    async def aclose(self) -> None:
        """Stop every reply."""
        tasks = [running.task for running in self._running]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(
        self,
        running: _Running,
        surface: ReplySurface,
        gather: Callable[[], Awaitable[Conversation | None]],
    ) -> None:
        asked = running.asked
        waiting_already = sum(other.asked.user_id == asked.user_id for other in self._running)
        if waiting_already > MAX_WAITING_PER_PERSON:
            raise RefusalError("answer-one-at-a-time")
        here = sum(other.asked.scope_id == asked.scope_id for other in self._running)
        if here > MAX_WAITING_PER_SCOPE and asked.scope_id != GLOBAL_SCOPE:
            raise RefusalError("answer-too-many-here")
        ballot = await self.ballots.of(asked.guild_id)
        if not surface.can_react:  # buttons need no permission
            ballot = replace(ballot, has_buttons=True)
        surface.controls = _controls(asked, ballot)
        async with surface.waiting() as stop_waiting, self._turn(asked):
            is_wanted = True
            while is_wanted:
                running.is_outdated = False
                conversation = await gather()
                if conversation is None:
                    return
                try:
                    draft = await self._say(running, surface, conversation, stop_waiting)
                except _StartOverError:
                    running.begin_anew()
                    await streaming.discard(surface, running.shown, keep=1)
                    continue
                if draft is None:
                    if running.stopped.is_set():
                        await streaming.discard(surface, running.shown)
                    else:
                        await self._tell(running, surface, asked.language("answer-no-words"))
                    return
                is_wanted = await self._record(running, draft, ballot)

    async def _say(
        self,
        running: _Running,
        surface: ReplySurface,
        conversation: Conversation,
        at_first_text: Callable[[], object],
    ) -> ReplyDraft | None:
        """Stream one reply to its end, or to where it is stopped. ``None``: there was no text."""
        asked, shown = running.asked, running.shown
        said = (turn.message_id for turn in conversation.turns if turn.message_id is not None)
        self._feedback.reading(asked.scope_id, asked.user_id, said)
        stream = self._replies.reply(asked.scope_id, asked.user_id, conversation)
        try:
            async with (
                aclosing(stream),
                aclosing(_attended(stream, running, at_first_text)) as pieces,
            ):
                await streaming.show(pieces, surface, self.pace, shown, asked.head)
        finally:
            self._admission.spend(asked.guild_id, asked.user_id, stream.tokens)
        return stream.draft if shown.has_begun else None

    async def _record(self, running: _Running, draft: ReplyDraft, ballot: Ballot) -> bool:
        """Keep what was said, as consent allows. Whether another reply is wanted instead of it."""
        asked, shown = running.asked, running.shown
        last = shown.messages[-1]
        wants_offer = await self._feedback.record_reply(
            draft,
            channel_id=asked.channel_id,
            question_id=asked.question_id,
            message_ids=shown.ids,
            origin=asked.origin,
            regenerates=asked.regenerates,
        )
        running.is_recorded = True
        is_wanted = running.is_again
        if is_wanted:
            given = await self._feedback.give(
                asked.scope_id, last.id, asked.user_id, FeedbackKind.REGENERATE
            )
            wants_offer |= given is Given.OFFER
            running.asked = replace(asked, regenerates=shown.ids[0])
            running.shown = Shown()
            running.begin_anew()
        else:
            await self._put_votes(last, ballot)
            await self._remember(running, last.channel)
        if wants_offer:
            feedback, scope_id = self._feedback, asked.scope_id
            await consent.offer(feedback, last, scope_id, asked.user_id, asked.language)
        return is_wanted

    async def _remember(self, running: _Running, channel: discord.abc.MessageableChannel) -> None:
        """For edits of the question, of which there may have been one meanwhile."""
        asked, question_id = running.asked, running.asked.question_id
        if question_id is None or isinstance(channel, discord.GroupChannel):
            return
        if running.is_outdated:
            question = channel.get_partial_message(question_id)
            await edited_questions.offer(question, asked.user_id, asked.language)
            return
        self._answered[question_id] = time.monotonic()
        self._answered.move_to_end(question_id)
        if len(self._answered) > ANSWERED_KEPT:
            self._answered.popitem(last=False)

    def _turn(self, asked: Asked) -> asyncio.Lock:
        """One lock per person and scope, which vanishes when nobody uses it."""
        return self._turns.setdefault((asked.scope_id, asked.user_id), asyncio.Lock())

    async def _put_votes(self, message: discord.Message, ballot: Ballot) -> None:
        """The emoji to vote with, where there are no buttons. People can still add their own."""
        if ballot.has_buttons:
            return
        try:
            for emoji in ballot.emoji.offered:
                await message.add_reaction(emoji)
        except UNSENT as error:
            _log.info("cannot put reactions under %s: %s", message.id, error)

    async def _apologise(self, running: _Running, surface: ReplySurface, error: Exception) -> None:
        asked = running.asked
        sentence = apologies.sentence_for(
            error, f"answering {asked.user_id} in channel {asked.channel_id}", asked.language
        )
        try:
            await self._tell(running, surface, sentence)
        except UNSENT as failure:
            _log.warning("cannot even apologise in channel %s: %s", asked.channel_id, failure)

    async def _tell(self, running: _Running, surface: ReplySurface, sentence: str) -> None:
        """One sentence of ours below what was said, or in the place of a notice."""
        text, messages = rendering.notice(sentence), running.shown.messages
        if messages and not running.shown.has_begun:
            await surface.edit(messages[0], text, Stage.PART)
        else:
            await surface.post(text, messages[-1] if messages else None)


def _controls(asked: Asked, ballot: Ballot) -> Controls:
    """The buttons below each stage of a reply to this person."""
    user_id, language = asked.user_id, asked.language

    def below(stage: Stage) -> discord.ui.View | None:
        match stage:
            case Stage.WAITING:
                return controls.waiting(user_id, language)
            case Stage.GROWING:
                return controls.growing(user_id, language)
            case Stage.DONE if ballot.has_buttons:
                return ballot.view(user_id, language)
        return None

    return below


async def _attended(
    stream: ReplyStream, running: _Running, at_first_text: Callable[[], object]
) -> AsyncGenerator[str, None]:
    """The stream's pieces until it ends or is stopped, and notices of the queue before the first.

    Raises ``_StartOverError``.
    """
    said, last_place = "", None
    stopping = asyncio.ensure_future(running.stopped.wait())
    coming: asyncio.Future[str | None] | None = None
    pieces = aiter(stream)
    try:
        while True:
            coming = asyncio.ensure_future(anext(pieces, None))
            while not (coming.done() or stopping.done()):
                await asyncio.wait(
                    {coming, stopping}, timeout=LONG_WAIT_S, return_when=asyncio.FIRST_COMPLETED
                )
                place = None if coming.done() or said else stream.place
                if place is not None and place != last_place:
                    key = "answer-next" if place == 1 else "answer-place"
                    sentence = running.asked.language(key, place=place)
                    yield streaming.Notice(rendering.notice(sentence))
                    last_place = place
            if not coming.done():
                break
            if (piece := coming.result()) is None:
                return
            said += piece
            if running.shown.has_begun:
                at_first_text()
            yield piece
    finally:
        stopping.cancel()
        if coming is not None and not coming.done():
            coming.cancel()
            await asyncio.wait({coming})
    if running.is_again and len(said.strip()) < WORTH_KEEPING:
        raise _StartOverError
