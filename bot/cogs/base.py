"""What every cog has: the bot it lives in, the services, and one way to fail."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bowerbird.bot import apologies
from bowerbird.bot.answering import Answerer
from bowerbird.bot.app import Services
from bowerbird.bot.context import scope_of
from bowerbird.bot.schedule import NightSchedule

Bot = commands.Bot | commands.AutoShardedBot
Interaction = discord.Interaction[Any]


class BowerbirdCog(commands.Cog):
    """Base of the cogs. Works in our own client and in any other bot."""

    def __init__(
        self, bot: Bot, services: Services, answerer: Answerer, schedule: NightSchedule
    ) -> None:
        self.bot = bot
        self.services = services
        self.answerer = answerer
        self.schedule = schedule

    @property
    def me_id(self) -> int:
        user = self.bot.user
        if user is None:
            raise RuntimeError("not logged in yet")
        return user.id

    def scope_of(self, guild_id: int | None) -> int:
        return scope_of(guild_id, self.services.settings.adapter_scope)

    async def cog_app_command_error(
        self, interaction: Interaction, error: app_commands.AppCommandError
    ) -> None:
        await apologies.answer(interaction, error)
