"""What every cog has: the bot it lives in, the services, and one way to fail."""

from __future__ import annotations

import io
import logging
from typing import Any
from weakref import WeakSet

import discord
from discord import app_commands
from discord.ext import commands

from bowerbird.bot import apologies, permissions, rendering
from bowerbird.bot.admission import Asker, Refusal
from bowerbird.bot.answering import Answerer
from bowerbird.bot.apologies import UNSENT, RefusalError
from bowerbird.bot.app import Services
from bowerbird.bot.catalogue import Language
from bowerbird.bot.context import scope_of
from bowerbird.bot.schedule import NightSchedule
from bowerbird.bot.surfaces import ChannelSurface
from bowerbird.storage.records import GLOBAL_SCOPE, Erased, ServerSettings

_log = logging.getLogger(__name__)

Bot = commands.Bot | commands.AutoShardedBot
Interaction = discord.Interaction[Any]


class BowerbirdCog(commands.Cog):
    """Base of the cogs. Works in our own client and in any other bot."""

    def __init__(
        self, bot: Bot, services: Services, answerer: Answerer, schedule: NightSchedule
    ) -> None:
        super().__init__()  # a host may put a base of its own beside ours
        self.bot = bot
        self.services = services
        self.answerer = answerer
        self.schedule = schedule
        self.open_forms: WeakSet[discord.ui.View | discord.ui.Modal] = WeakSet()
        """What waits for somebody's click; discord.py would keep it, and us, until it times out."""

    async def cog_unload(self) -> None:
        for form in list(self.open_forms):
            form.stop()

    @property
    def me_id(self) -> int:
        user = self.bot.user
        if user is None:
            raise RuntimeError("not logged in yet")
        return user.id

    def scope_of(self, guild_id: int | None) -> int:
        return scope_of(guild_id, self.services.settings.adapter_scope)

    async def admin_scope(self, interaction: Interaction) -> int:
        """This server's scope. Raises ``RefusalError`` where it is no server's."""
        scope_id = self.scope_of(interaction.guild_id)
        if scope_id == GLOBAL_SCOPE and not await self.bot.is_owner(interaction.user):
            raise RefusalError("error-shared-learning")
        return scope_id

    async def server_settings(self, guild_id: int | None) -> ServerSettings:
        """What this server's admins decided; the defaults in a DM (``None``)."""
        return await self.services.servers.of(guild_id)

    async def refusal(self, guild_id: int | None, user: discord.abc.Snowflake) -> Refusal | None:
        """Why this person gets no reply; ``None`` if they do, which counts as one."""
        roles = user.roles if isinstance(user, discord.Member) else ()
        role_ids = frozenset(role.id for role in roles)
        asker = Asker(guild_id, self.scope_of(guild_id), user.id, role_ids)
        return await self.services.admission.refusal(asker)

    async def require_admission(self, interaction: Interaction) -> None:
        """Raises ``RefusalError`` where, or to whom, we do not answer; else counts as a reply."""
        places = permissions.place_ids(interaction.channel)
        if not await self.services.admission.is_open(interaction.guild_id, places):
            raise RefusalError("chat-not-here")
        refusal = await self.refusal(interaction.guild_id, interaction.user)
        if refusal is not None:
            raise RefusalError(refusal.sentence)

    async def language(self, guild_id: int | None, user_id: int) -> Language:
        """What we speak to this person there, by what we know; for interactions ask them."""
        guild = None if guild_id is None else self.bot.get_guild(guild_id)
        preferred = None if guild is None else guild.preferred_locale.value
        return await self.services.languages.of(guild_id, user_id, preferred)

    async def turn_away(
        self, surface: ChannelSurface, refusal: Refusal, language: Language
    ) -> None:
        """Say why, unless they have just been told."""
        if not refusal.is_news:
            return
        try:
            await surface.post(rendering.notice(language.say(refusal.sentence)), None)
        except UNSENT as error:
            _log.info("cannot say why somebody gets no reply: %s", error)

    async def forget_person(self, user_id: int) -> Erased:
        """Everything of this person, what this process remembers included."""
        erased = await self.services.feedback.forget(user_id)
        self.services.languages.forget(user_id)
        self.answerer.files.forget()  # some may be theirs
        return erased

    async def cog_app_command_error(
        self, interaction: Interaction, error: app_commands.AppCommandError
    ) -> None:
        await apologies.answer(interaction, error)


async def show(
    interaction: Interaction, text: str, chart: bytes | None = None, chart_in_words: str = ""
) -> None:
    """Answer a deferred command, in as many messages as it takes; ``chart`` goes with the first."""
    first, *others = rendering.split(text)
    files = []
    if chart is not None:
        files = [discord.File(io.BytesIO(chart), "liked.png", description=chart_in_words)]
    none = discord.AllowedMentions.none()
    await interaction.edit_original_response(
        content=first, attachments=files, allowed_mentions=none
    )
    for part in others:
        await interaction.followup.send(part, ephemeral=True, allowed_mentions=none)
