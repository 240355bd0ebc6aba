"""One question → one streamed, recorded reply: what a mention, `/ask` and ↻ have in common.

Contract: a person's questions are answered one after the other; a question that is withdrawn stops
its reply and takes it back; whatever goes wrong ends in one sentence below what was said. Nothing
that did not reach the person is recorded. Knows neither commands nor events.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

import discord

from bowerbird.bot import apologies, consent, permissions, rendering, streaming
from bowerbird.bot.apologies import RefusalError
from bowerbird.bot.emoji import VoteEmoji
from bowerbird.bot.pacing import EditPace
from bowerbird.bot.streaming import ReplyGoneError, Shown
from bowerbird.personalization.feedback import FeedbackService
from bowerbird.personalization.service import ReplyService
from bowerbird.personalization.types import Conversation, Origin

_log = logging.getLogger(__name__)

MAX_WAITING_PER_PERSON = 5
NO_WORDS = "I have nothing to say to that; try putting it differently."


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked, where and how. ``head`` stands above the answer (a slash command's prompt)."""

    scope_id: int
    user_id: int
    channel_id: int
    question_id: int | None
    origin: Origin
    head: str = ""
    regenerates: int | None = None


@dataclass(eq=False, slots=True)
class _Running:
    asked: Asked
    task: asyncio.Task[Any]
    shown: Shown[discord.Message] = field(default_factory=Shown)
    is_withdrawn: bool = False
    is_recorded: bool = False


class ChannelSurface:
    """Replies to ``question``, if there is one; each further part replies to the one before."""

    def __init__(
        self,
        channel: discord.abc.MessageableChannel,
        question: discord.Message | discord.PartialMessage | None,
    ) -> None:
        self._channel = channel
        self._question = question

    @property
    def budget_id(self) -> int:
        return self._channel.id

    async def post(self, text: str, after: discord.Message | None) -> discord.Message:
        above = after or self._question
        none = discord.AllowedMentions.none()
        if above is None:
            return await self._channel.send(text, allowed_mentions=none)
        reference = above.to_reference(fail_if_not_exists=False)
        return await self._channel.send(text, reference=reference, allowed_mentions=none)

    async def edit(self, message: discord.Message, text: str) -> None:
        await message.edit(content=text, allowed_mentions=discord.AllowedMentions.none())

    async def delete(self, message: discord.Message) -> None:
        await message.delete()

    @asynccontextmanager
    async def waiting(self) -> AsyncGenerator[Callable[[], object], None]:
        """Shows that we are typing, until the value is called. Not worth failing for."""

        async def type_on() -> None:
            try:
                async with self._channel.typing():
                    await asyncio.Event().wait()
            except discord.HTTPException as error:
                _log.debug("cannot show typing: %s", error)

        typing = asyncio.create_task(type_on())
        try:
            yield typing.cancel
        finally:
            typing.cancel()


class InteractionSurface:
    """Answers a deferred interaction, within the 15 minutes its token lives."""

    def __init__(self, interaction: discord.Interaction[Any]) -> None:
        self._interaction = interaction

    @property
    def budget_id(self) -> int:
        return self._interaction.id  # a webhook of its own, with a bucket of its own

    async def post(self, text: str, after: discord.Message | None) -> discord.Message:
        none = discord.AllowedMentions.none()
        if after is None:
            return await self._interaction.edit_original_response(
                content=text, allowed_mentions=none
            )
        return await self._interaction.followup.send(text, wait=True, allowed_mentions=none)

    async def edit(self, message: discord.Message, text: str) -> None:
        await message.edit(content=text, allowed_mentions=discord.AllowedMentions.none())

    async def delete(self, message: discord.Message) -> None:
        await message.delete()

    @asynccontextmanager
    async def waiting(self) -> AsyncGenerator[Callable[[], object], None]:
        yield lambda: None  # Discord shows "thinking…" by itself


ReplySurface = ChannelSurface | InteractionSurface


class Answerer:
    """Everything being answered right now. One per bot, shared by its cogs."""

    def __init__(
        self,
        replies: ReplyService,
        feedback: FeedbackService,
        emoji: VoteEmoji,
        pace: EditPace,
    ) -> None:
        self.emoji = emoji
        self._replies = replies
        self._feedback = feedback
        self._pace = pace
        self._running: set[_Running] = set()
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
        asked, shown = running.asked, running.shown
        waiting_already = sum(other.asked.user_id == asked.user_id for other in self._running)
        if waiting_already > MAX_WAITING_PER_PERSON:
            raise RefusalError("One at a time, please: I am still at your earlier questions.")
        async with surface.waiting() as stop_waiting, self._turn(asked):
            conversation = await gather()
            if conversation is None:
                return
            async with aclosing(
                self._replies.reply(asked.scope_id, asked.user_id, conversation)
            ) as stream:
                pieces = _announcing(stream, stop_waiting)
                await streaming.show(pieces, surface, self._pace, shown, asked.head)
                draft = stream.draft
        if not shown.messages:
            await surface.post(rendering.notice(NO_WORDS), None)
            return
        wants_offer = await self._feedback.record_reply(
            draft,
            channel_id=asked.channel_id,
            question_id=asked.question_id,
            message_ids=shown.ids,
            origin=asked.origin,
            regenerates=asked.regenerates,
        )
        running.is_recorded = True
        await self._put_votes(shown.messages[-1])
        if wants_offer:
            await consent.offer(shown.messages[-1], asked.scope_id, asked.user_id)

    def _turn(self, asked: Asked) -> asyncio.Lock:
        """One lock per person and scope, which vanishes when nobody uses it."""
        return self._turns.setdefault((asked.scope_id, asked.user_id), asyncio.Lock())

    async def _put_votes(self, message: discord.Message) -> None:
        """The emoji to vote with. Without the permission people can still add their own."""
        if not permissions.can_react(message.channel):
            _log.debug("no Add Reactions in channel %s", message.channel.id)
            return
        try:
            for emoji in self.emoji.offered:
                await message.add_reaction(emoji)
        except discord.HTTPException as error:
            _log.info("cannot put reactions under %s: %s", message.id, error)

    async def _apologise(self, running: _Running, surface: ReplySurface, error: Exception) -> None:
        asked, shown = running.asked, running.shown
        sentence = apologies.sentence_for(
            error, f"answering {asked.user_id} in channel {asked.channel_id}"
        )
        try:
            await surface.post(
                rendering.notice(sentence), shown.messages[-1] if shown.messages else None
            )
        except discord.HTTPException as failure:
            _log.warning("cannot even apologise in channel %s: %s", asked.channel_id, failure)


async def _announcing(
    pieces: AsyncIterable[str], at_first_text: Callable[[], object]
) -> AsyncGenerator[str, None]:
    """The same pieces; calls ``at_first_text`` when there is something to read."""
    async for piece in pieces:
        if piece.strip():
            at_first_text()
        yield piece
