"""Messages addressed to us, and `/ask`: who is answered, where, and what happens to edits.

Contract: cheapest checks first, no request before a message is known to be for us. Bots and
webhooks are never answered. Knows how to tell that a message is ours to answer; how it is answered
is `answering`'s.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict

import discord
from discord import app_commands
from discord.ext import commands

from bowerbird.bot import context, controls, edited_questions, permissions, rendering
from bowerbird.bot.answering import Answerer, Asked
from bowerbird.bot.apologies import language_of
from bowerbird.bot.app import Services
from bowerbird.bot.catalogue import Language
from bowerbird.bot.cogs.base import Bot, BowerbirdCog, Interaction
from bowerbird.bot.edited_questions import AnswerAgainButton
from bowerbird.bot.schedule import NightSchedule
from bowerbird.bot.surfaces import ChannelSurface, InteractionSurface
from bowerbird.personalization.types import Conversation, Turn

_log = logging.getLogger(__name__)

THREADS_KEPT = 2000
PROMPT_LIMIT = 1000


class ChatCog(BowerbirdCog, name=controls.CHAT):
    """Answers people."""

    def __init__(
        self, bot: Bot, services: Services, answerer: Answerer, schedule: NightSchedule
    ) -> None:
        super().__init__(bot, services, answerer, schedule)
        self._threads: OrderedDict[int, bool] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._silenced: set[int] = set()
        self.asked_again: set[int] = set()
        """Edited questions whose button is being pressed."""

    async def cog_load(self) -> None:
        self.bot.add_dynamic_items(AnswerAgainButton)

    async def cog_unload(self) -> None:
        await super().cog_unload()
        self.bot.remove_dynamic_items(AnswerAgainButton)
        for task in self._tasks:
            task.cancel()
        await self.answerer.aclose()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        if message.author.bot or message.webhook_id is not None:
            return
        if message.type not in {discord.MessageType.default, discord.MessageType.reply}:
            return
        if not (await self._is_open(message) and await self._is_for_us(message)):
            return
        if (await self.bot.get_context(message)).valid:
            return  # a command of the bot that we are a plugin of
        await self.begin(message)

    async def _is_open(self, message: discord.Message) -> bool:
        guild_id = message.guild.id if message.guild else None
        places = permissions.place_ids(message.channel)
        return await self.services.admission.is_open(guild_id, places)

    async def begin(self, message: discord.Message, by: discord.abc.User | None = None) -> bool:
        """Answer it, in a task of its own, if we may and its author is admitted.

        ``by``: the author with their roles, which a message that was fetched does not tell.
        """
        lacking = permissions.missing_to_reply(message.channel)
        if lacking:
            if message.channel.id not in self._silenced:
                self._silenced.add(message.channel.id)
                _log.warning("#%s: %s", message.channel, permissions.sentence(lacking))
            return False
        guild_id = message.guild.id if message.guild else None
        language = await self.language(guild_id, message.author.id)
        refusal = await self.refusal(guild_id, by or message.author)
        if refusal is not None:
            await self.turn_away(ChannelSurface(message.channel, message), refusal, language)
            return False
        # A task of its own, so that a withdrawn question can cancel it.
        task = asyncio.create_task(self._answer(message, language), name=f"answer-{message.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _answer(self, message: discord.Message, language: Language) -> None:
        surface = ChannelSurface(message.channel, message)
        if isinstance(message.channel, discord.Thread):
            self._remember(message.channel.id, is_ours=True)

        async def gather() -> Conversation | None:
            reader = self.answerer.files
            conversation = await context.conversation_of(message, self.me_id, reader)
            hint = language(self._hint(message))
            if conversation is not None:
                hint = (await reader.files_of(message)).left_out(language)
            if hint:
                await surface.post(rendering.notice(hint), None)
            return conversation

        asked = Asked(
            scope_id=self.scope_of(message.guild.id if message.guild else None),
            user_id=message.author.id,
            channel_id=message.channel.id,
            question_id=message.id,
            origin="message",
            language=language,
            guild_id=message.guild.id if message.guild else None,
        )
        await self.answerer.answer(asked, surface, gather)

    async def _is_for_us(self, message: discord.Message) -> bool:
        """In a DM, mentioned, replied to, or in a thread we were called into."""
        if message.guild is None or self._mentions_us(message):
            return True
        reference = message.reference
        if reference is not None and message.type is discord.MessageType.reply:
            replied_to = reference.resolved or reference.cached_message
            if isinstance(replied_to, discord.Message):
                return replied_to.author.id == self.me_id
            return False
        if not isinstance(message.channel, discord.Thread) or not (
            message.content or message.attachments
        ):
            return False
        if message.mentions or message.mention_everyone:
            return False  # said to somebody else
        return await self._is_our_thread(message.channel)

    def _mentions_us(self, message: discord.Message) -> bool:
        me_id = self.me_id
        return f"<@{me_id}>" in message.content or f"<@!{me_id}>" in message.content

    async def _is_our_thread(self, thread: discord.Thread) -> bool:
        if (known := self._threads.get(thread.id)) is not None:
            return known
        is_ours = await context.is_called_into(thread, self.me_id)
        is_ours = self._threads.get(thread.id, is_ours)  # we may have been called in meanwhile
        self._remember(thread.id, is_ours=is_ours)
        return is_ours

    def _remember(self, thread_id: int, *, is_ours: bool) -> None:
        self._threads[thread_id] = is_ours
        self._threads.move_to_end(thread_id)
        if len(self._threads) > THREADS_KEPT:
            self._threads.popitem(last=False)

    def _hint(self, message: discord.Message) -> str:
        """The key of what to say of a message without words for us."""
        if message.attachments or message.stickers:
            return "chat-only-text"
        if message.content or message.guild is None:
            return "chat-hello"
        return "chat-unreadable"

    # --- questions that change ------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        message = context.edited(self.bot, payload)
        if message is None or message.author.bot or message.edited_at is None:
            return  # ours while streaming, or an embed that was unfolded
        before = payload.cached_message
        if before is not None and before.content == message.content:
            return
        text = context.readable(message, self.me_id)
        if message.attachments and await self._is_for_us(message):
            text = await context.text_of(message, self.me_id, self.answerer.files)
        await self.services.feedback.message_edited(message.id, text)
        said = [context.readable(one, self.me_id) for one in (before, message) if one is not None]
        is_another = bool(text) and edited_questions.is_another(*said)
        if is_another and self.answerer.is_answer_outdated(message.id):
            user_id = message.author.id
            language = await self.language(payload.guild_id, user_id)
            await edited_questions.offer(message, user_id, language)

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        self.answerer.withdraw((payload.message_id,))
        await self.services.feedback.messages_deleted((payload.message_id,))

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        self.answerer.withdraw(payload.message_ids)
        await self.services.feedback.messages_deleted(tuple(payload.message_ids))

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        await self.services.feedback.channel_deleted(channel.id)
        await self._look_for_archived_threads(channel.guild.id)

    async def _look_for_archived_threads(self, guild_id: int) -> None:
        """Those of a deleted channel go with it, of which Discord does not tell."""
        for channel_id in await self.services.store.channels(self.scope_of(guild_id)):
            if self.bot.get_channel(channel_id) is None:
                try:
                    await self.bot.fetch_channel(channel_id)
                except discord.NotFound:
                    await self.services.feedback.channel_deleted(channel_id)
                except discord.HTTPException as error:
                    _log.info(
                        "whether channel %d is still there is not known: %s", channel_id, error
                    )

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        await self.services.feedback.channel_deleted(payload.thread_id)

    # --- /ask -----------------------------------------------------------------------------------

    @app_commands.command(name="ask", description="Ask me something.")
    @app_commands.describe(prompt="What you would like to know")
    async def ask(
        self, interaction: Interaction, prompt: app_commands.Range[str, 1, PROMPT_LIMIT]
    ) -> None:
        await self.require_admission(interaction)
        await interaction.response.defer(thinking=True)

        async def gather() -> Conversation:
            return Conversation((Turn("user", prompt, None, interaction.user.id),))

        asked = Asked(
            scope_id=self.scope_of(interaction.guild_id),
            user_id=interaction.user.id,
            channel_id=interaction.channel_id or 0,
            question_id=None,
            origin="slash",
            language=await language_of(interaction),
            head=rendering.quoted(prompt),
            guild_id=interaction.guild_id,
        )
        await self.answerer.answer(asked, InteractionSurface(interaction), gather)
