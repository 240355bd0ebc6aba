"""Where replies are shown: a channel, or the answer to an interaction.

Contract: both are `streaming.Surface`s; they ping nobody and put below each message the buttons
that its stage asks for. Knows no reply, only its messages.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import discord

from bowerbird.bot import permissions
from bowerbird.bot.streaming import Stage

_log = logging.getLogger(__name__)

Controls = Callable[[Stage], discord.ui.View | None]


def no_controls(stage: Stage) -> None:
    """Messages without buttons."""


class ChannelSurface:
    """Replies to ``question``, if there is one; each further part replies to the one before."""

    def __init__(
        self,
        channel: discord.abc.MessageableChannel,
        question: discord.Message | discord.PartialMessage | None,
    ) -> None:
        self.controls: Controls = no_controls
        self.can_react = permissions.can_react(channel)
        self._channel = channel
        self._question = question

    @property
    def budget_id(self) -> int:
        return self._channel.id

    async def post(
        self, text: str, after: discord.Message | None, stage: Stage = Stage.PART
    ) -> discord.Message:
        above = after or self._question
        options: dict[str, Any] = {"allowed_mentions": discord.AllowedMentions.none()}
        if (view := self.controls(stage)) is not None:
            options["view"] = view
        if above is not None:
            options["reference"] = above.to_reference(fail_if_not_exists=False)
        return await self._channel.send(text, **options)

    async def edit(self, message: discord.Message, text: str, stage: Stage) -> None:
        none = discord.AllowedMentions.none()
        await message.edit(content=text, view=self.controls(stage), allowed_mentions=none)

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
        self.controls: Controls = no_controls
        self.can_react = permissions.can_react(interaction.channel)
        self._interaction = interaction
        self._is_answered = False

    @property
    def budget_id(self) -> int:
        return self._interaction.id  # a webhook of its own, with a bucket of its own

    async def post(
        self, text: str, after: discord.Message | None, stage: Stage = Stage.PART
    ) -> discord.Message:
        none, view = discord.AllowedMentions.none(), self.controls(stage)
        if not self._is_answered:
            message = await self._interaction.edit_original_response(
                content=text, view=view, allowed_mentions=none
            )
            self._is_answered = True
            return message
        options: dict[str, Any] = {} if view is None else {"view": view}
        return await self._interaction.followup.send(
            text, wait=True, allowed_mentions=none, **options
        )

    async def edit(self, message: discord.Message, text: str, stage: Stage) -> None:
        none = discord.AllowedMentions.none()
        await message.edit(content=text, view=self.controls(stage), allowed_mentions=none)

    async def delete(self, message: discord.Message) -> None:
        await message.delete()

    @asynccontextmanager
    async def waiting(self) -> AsyncGenerator[Callable[[], object], None]:
        yield lambda: None  # Discord shows "thinking…" by itself


ReplySurface = ChannelSurface | InteractionSurface
