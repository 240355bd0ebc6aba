"""Reactions under replies → feedback; ↻ → another reply; the consent buttons.

Contract: a reaction costs no request to Discord, except the first of somebody we know nothing of.
Removals carry no author of the message, so they are matched by the message's id alone. Super
reactions and skin tones count like any other. Bots' reactions never do.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

import discord
from discord.ext import commands

from bowerbird.bot import (
    apologies,
    consent,
    context,
    controls,
    emoji,
    lessons,
    permissions,
    rendering,
)
from bowerbird.bot.acts import Act, Pressed
from bowerbird.bot.admission import Refusal
from bowerbird.bot.answering import Asked
from bowerbird.bot.apologies import RefusalError, language_of
from bowerbird.bot.ballots import VoteButton
from bowerbird.bot.catalogue import Language
from bowerbird.bot.cogs.base import BowerbirdCog, Interaction
from bowerbird.bot.consent import ConsentButton
from bowerbird.bot.controls import StopButton
from bowerbird.bot.surfaces import ChannelSurface
from bowerbird.personalization.feedback import VOTES, Given
from bowerbird.personalization.types import Conversation, Origin, Turn
from bowerbird.storage.records import FeedbackKind, NewReply

if TYPE_CHECKING:
    from bowerbird.bot.cogs.teach import TeachCog

Place = (
    discord.TextChannel
    | discord.VoiceChannel
    | discord.StageChannel
    | discord.Thread
    | discord.DMChannel
    | discord.PartialMessageable
)

_log = logging.getLogger(__name__)
_LOOKED_UP_KEPT = 5000
BUTTONS = (ConsentButton, StopButton, VoteButton)


class FeedbackCog(BowerbirdCog, name=controls.FEEDBACK):
    """Listens to what people think."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._looked_up: set[tuple[int, int]] = set()
        self._regenerating: set[tuple[int, int]] = set()

    async def cog_load(self) -> None:
        self.bot.add_dynamic_items(*BUTTONS)

    async def cog_unload(self) -> None:
        await super().cog_unload()
        self.bot.remove_dynamic_items(*BUTTONS)

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        if payload.user_id == self.me_id or payload.message_author_id not in {None, self.me_id}:
            return
        if payload.member is not None and payload.member.bot:
            return
        if emoji.is_stop(str(payload.emoji)):
            self.answerer.stop(payload.message_id, payload.user_id)
            return
        kind = await self._kind_of(payload)
        if kind is FeedbackKind.REGENERATE:
            await self._regenerate(payload)
        elif kind is not None:
            await self._give(payload, kind)

    @commands.Cog.listener()
    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        kind = await self._kind_of(payload)
        if kind is not None and payload.user_id != self.me_id:
            await self.services.feedback.take_back(payload.message_id, payload.user_id, kind)

    @commands.Cog.listener()
    async def on_raw_reaction_clear(self, payload: discord.RawReactionClearEvent) -> None:
        await self.services.feedback.clear(payload.message_id, VOTES)

    @commands.Cog.listener()
    async def on_raw_reaction_clear_emoji(
        self, payload: discord.RawReactionClearEmojiEvent
    ) -> None:
        kind = await self._kind_of(payload)
        if kind is not None:
            await self.services.feedback.clear(payload.message_id, (kind,))

    async def _kind_of(
        self, payload: discord.RawReactionActionEvent | discord.RawReactionClearEmojiEvent
    ) -> FeedbackKind | None:
        ballot = await self.answerer.ballots.of(payload.guild_id)
        return ballot.emoji.kind_of(str(payload.emoji))

    # --- votes ----------------------------------------------------------------------------------

    async def _give(self, act: Act, kind: FeedbackKind) -> None:
        scope_id, user_id = self.scope_of(act.guild_id), act.user_id
        feedback = self.services.feedback
        given = await feedback.give(scope_id, act.message_id, user_id, kind)
        language = await self.language(act.guild_id, user_id)
        if given is Given.OFFER or (
            given is Given.UNKNOWN and await self._was_asked_by(act, scope_id)
        ):
            message = self._channel(act).get_partial_message(act.message_id)
            await consent.offer(feedback, message, scope_id, user_id, language)
        elif given is Given.KEPT and kind is FeedbackKind.DISLIKE:
            message = self._channel(act).get_partial_message(act.message_id)
            await self._ask_now_and_then(message, user_id, language)

    async def _ask_now_and_then(
        self,
        message: discord.Message | discord.PartialMessage,
        user_id: int,
        language: Language,
    ) -> None:
        feedback, store = self.services.feedback, self.services.store
        await lessons.ask_now_and_then(message, user_id, feedback, store, language)

    async def press(
        self, interaction: Interaction, message: discord.Message, kind: FeedbackKind, asker_id: int
    ) -> None:
        """A button below ``message``, a reply to ``asker_id``."""
        if interaction.user.id != asker_id and kind not in VOTES:
            raise RefusalError("error-not-yours")
        if kind is FeedbackKind.CORRECTION:
            await cast("TeachCog", controls.owner_of(interaction, controls.TEACH)).open(
                interaction, message
            )
        elif kind is FeedbackKind.REGENERATE:
            await interaction.response.defer()
            await self._regenerate(Pressed.of(interaction, message))
        else:
            await self._vote(interaction, message, kind, asker_id)

    async def _vote(
        self, interaction: Interaction, message: discord.Message, kind: FeedbackKind, asker_id: int
    ) -> None:
        scope_id, user_id = self.scope_of(interaction.guild_id), interaction.user.id
        feedback = self.services.feedback
        await interaction.response.defer()  # a 👎 may take a version back, which loads another
        given = await feedback.toggle(scope_id, message.id, user_id, kind)
        language = await language_of(interaction)
        if given is Given.DROPPED:
            raise RefusalError("vote-not-counted")
        if user_id != asker_id:
            said = language("vote-taken-back" if given is None else "vote-counted")
            await apologies.say(interaction, rendering.notice(said))
            return
        ballot = await self.answerer.ballots.of(interaction.guild_id)
        chosen = None if given is None else kind
        view = ballot.view(asker_id, language, chosen)
        await interaction.edit_original_response(view=view)
        is_unasked = given is Given.UNKNOWN and await feedback.offer(scope_id, user_id)
        if given is Given.OFFER or is_unasked:
            await consent.offer(feedback, message, scope_id, user_id, language)
        elif given is Given.KEPT and kind is FeedbackKind.DISLIKE:
            await self._ask_now_and_then(message, user_id, language)

    async def _was_asked_by(self, act: Act, scope_id: int) -> bool:
        """After a restart only Discord knows whose reply it was: looked up once per person."""
        key = (scope_id, act.user_id)
        if key in self._looked_up or self.answerer.is_streaming(act.message_id):
            return False
        if len(self._looked_up) >= _LOOKED_UP_KEPT:
            self._looked_up.clear()
        self._looked_up.add(key)
        reply = await self._fetch(act)
        if reply is None or await self._asker_of(reply) != act.user_id:
            return False
        return await self.services.feedback.offer(scope_id, act.user_id)

    async def _asker_of(self, reply: discord.Message) -> int | None:
        if reply.interaction_metadata is not None:
            return reply.interaction_metadata.user.id
        question = await context.question_of(reply, self.me_id)
        return question.author.id if question else None

    # --- ↻ --------------------------------------------------------------------------------------

    async def _regenerate(self, act: Act) -> None:
        """Another reply to the same question, for the one who asked it."""
        if (refusal := await self._why_not_anew(act)) is not None:
            channel = self._channel(act)
            surface = ChannelSurface(channel, channel.get_partial_message(act.message_id))
            await self.turn_away(surface, refusal, await self.language(act.guild_id, act.user_id))
            return
        if self.answerer.stop(act.message_id, act.user_id, is_again=True):
            return
        key = (act.message_id, act.user_id)
        if key in self._regenerating or self.answerer.is_streaming(act.message_id):
            return
        self._regenerating.add(key)
        try:
            reply = await self.services.feedback.reply_of(act.message_id)
            if reply is None:
                await self._regenerate_from_discord(act)
            elif reply.user_id == act.user_id:
                await self._regenerate_from_memory(act, reply)
        finally:
            self._regenerating.discard(key)

    async def require_anew(self, act: Act) -> None:
        """Raises ``RefusalError`` where a reply that goes on may not be begun anew."""
        if (refusal := await self._why_not_anew(act)) is not None:
            raise RefusalError(refusal.sentence)

    async def _why_not_anew(self, act: Act) -> Refusal | None:
        """To begin a reply anew counts as another one."""
        if not self.answerer.can_begin_anew(act.message_id, act.user_id):
            return None
        return await self.refusal(act.guild_id, act.member or discord.Object(act.user_id))

    async def _regenerate_from_memory(self, act: Act, reply: NewReply) -> None:
        turns = tuple(turn for turn in reply.turns if turn.role != "system")
        if not reply.is_exact or not turns or turns[-1].role != "user":
            await self._regenerate_from_discord(act, is_known=True)
            return
        channel = self._channel(act)
        question = channel.get_partial_message(reply.question_id) if reply.question_id else None
        await self._answer_again(
            act,
            ChannelSurface(channel, question),
            Conversation(turns),
            origin=reply.origin,
            regenerates=reply.message_ids[0],
        )

    async def _regenerate_from_discord(self, act: Act, *, is_known: bool = False) -> None:
        reply = await self._fetch(act, is_known=is_known)
        if reply is None:
            return
        asked, quoted = reply.interaction_metadata, rendering.unquoted(reply.content)
        if asked is not None and quoted is not None and asked.user.id == act.user_id:
            await self._answer_again(
                act,
                ChannelSurface(self._channel(act), None),
                Conversation((Turn("user", quoted[0], None, asked.user.id),)),
                origin="slash",
                regenerates=reply.id,
            )
            return
        question = await context.question_of(reply, self.me_id)
        if question is None or question.author.id != act.user_id:
            return
        conversation = await context.conversation_of(question, self.me_id, self.answerer.files)
        if conversation is not None:
            surface = ChannelSurface(question.channel, question)
            await self._answer_again(act, surface, conversation, regenerates=reply.id)

    async def _answer_again(
        self,
        act: Act,
        surface: ChannelSurface,
        conversation: Conversation,
        *,
        regenerates: int,
        origin: Origin = "message",
    ) -> None:
        await self._give(act, FeedbackKind.REGENERATE)
        places = permissions.place_ids(self._channel(act))
        if not await self.services.admission.is_open(act.guild_id, places):
            return
        user = act.member or discord.Object(act.user_id)
        refusal = await self.refusal(act.guild_id, user)
        language = await self.language(act.guild_id, act.user_id)
        if refusal is not None:
            await self.turn_away(surface, refusal, language)
            return
        question_id = conversation.question.message_id

        async def gather() -> Conversation:
            return conversation

        asked = Asked(
            scope_id=self.scope_of(act.guild_id),
            user_id=act.user_id,
            channel_id=act.channel_id,
            question_id=question_id,
            origin=origin,
            language=language,
            head="" if question_id else rendering.quoted(conversation.question.text),
            regenerates=regenerates,
            guild_id=act.guild_id,
        )
        await self.answerer.answer(asked, surface, gather)

    # --- Discord --------------------------------------------------------------------------------

    def _channel(self, act: Act) -> Place:
        channel = self.bot.get_channel(act.channel_id)
        if isinstance(channel, Place):
            return channel
        return self.bot.get_partial_messageable(act.channel_id, guild_id=act.guild_id)

    async def _fetch(self, act: Act, *, is_known: bool = False) -> discord.Message | None:
        """The reply; ``None`` if it cannot be read, or is none. ``is_known``: it is one."""
        try:
            message = await self._channel(act).fetch_message(act.message_id)
        except (discord.NotFound, discord.Forbidden) as error:
            _log.info("message %s cannot be read: %s", act.message_id, error)
            return None
        ballot = await self.answerer.ballots.of(act.guild_id)
        return message if is_known or ballot.is_below(message) else None
