"""Message menu *Teach a better reply* → modal → correction."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import discord
from discord import app_commands

from bowerbird.bot import apologies, consent, controls, rendering
from bowerbird.bot.apologies import RefusalError, guarded, language_of
from bowerbird.bot.catalogue import Language
from bowerbird.bot.cogs.base import BowerbirdCog, Interaction
from bowerbird.bot.lessons import LessonButton
from bowerbird.personalization.feedback import Given

FORM_LIMIT = 4000
"""Characters that Discord lets somebody write into a form."""
MENU_NAME = "Teach a better reply"
"""As it stands in the code; what people read is in the catalogue."""


class TeachCog(BowerbirdCog, name=controls.TEACH):
    """The message menu. Menus cannot be declared in a cog, so it is added and removed by hand."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._menu = app_commands.ContextMenu(name=MENU_NAME, callback=self._teach)
        self._menu.error(self.cog_app_command_error)

    async def cog_load(self) -> None:
        self.bot.add_dynamic_items(LessonButton)
        self.bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        await super().cog_unload()
        self.bot.remove_dynamic_items(LessonButton)
        self.bot.tree.remove_command(self._menu.name, type=self._menu.type)

    async def _teach(self, interaction: Interaction, message: discord.Message) -> None:
        if message.author.id != self.me_id:
            raise RefusalError("teach-only-mine")
        await self.open(interaction, message)

    async def open(
        self,
        interaction: Interaction,
        message: discord.Message | discord.PartialMessage,
        question: discord.Message | None = None,
    ) -> None:
        """The form to teach a better reply than this one of ours; ``question`` asked for it."""
        feedback = self.services.feedback
        scope_id = self.scope_of(interaction.guild_id)
        reply = await feedback.require_teachable(scope_id, message.id, interaction.user.id)
        lesson = _Lesson(self, message, reply.text, question, await language_of(interaction))
        self.open_forms.add(lesson)
        await interaction.response.send_modal(lesson)


class _Lesson(discord.ui.Modal):
    """Begins with what was said, so that a small change is a small change; with nothing where that
    does not fit, since the beginning alone would teach to stop there."""

    def __init__(
        self,
        cog: TeachCog,
        message: discord.Message | discord.PartialMessage,
        said: str,
        question: discord.Message | None,
        language: Language,
    ) -> None:
        super().__init__(title=language("teach-title"), timeout=3600.0)
        self._said = said.strip()
        self.better: discord.ui.TextInput[Any] = discord.ui.TextInput(
            label=language("teach-field"),
            style=discord.TextStyle.paragraph,
            custom_id="better",
            default=self._said if len(self._said) <= FORM_LIMIT else None,
            max_length=FORM_LIMIT,
        )
        self.add_item(self.better)
        self._cog = cog
        self._message = message
        self._question = question

    @guarded
    async def on_submit(self, interaction: Interaction, /) -> None:
        text = self.better.value.strip()
        if not text or text == self._said:
            raise RefusalError("teach-unchanged")
        scope_id, user_id = self._cog.scope_of(interaction.guild_id), interaction.user.id
        await interaction.response.defer(ephemeral=True, thinking=True)
        feedback = self._cog.services.feedback
        given = await feedback.correct(scope_id, self._message.id, user_id, text)
        language = await language_of(interaction)
        key = "teach-learnt" if given is Given.KEPT else "teach-waits"
        await apologies.say(interaction, rendering.notice(language(key)))
        if given is Given.OFFER:
            await consent.offer(feedback, self._message, scope_id, user_id, language)
        if self._question is not None:
            with suppress(discord.NotFound):  # answered twice, or somebody was faster
                await self._question.delete()  # ours, and it is answered

    async def on_error(  # type: ignore[override]  # as discord.py's own Modal narrows it
        self, interaction: Interaction, error: Exception, /
    ) -> None:
        await apologies.answer(interaction, error)
