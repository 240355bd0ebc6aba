"""The clock of the nights, alive as long as the bot has its cogs; and on which servers it is."""

from __future__ import annotations

import discord
from discord.ext import commands

from bowerbird.bot.cogs.base import BowerbirdCog


class NightsCog(BowerbirdCog, name="Bowerbird nights"):
    """Starts and stops the schedule."""

    async def cog_load(self) -> None:
        self.schedule.start()
        if self.bot.is_ready():  # loaded into a bot at work, which will not say so again
            self._compare_servers()

    async def cog_unload(self) -> None:
        await super().cog_unload()
        await self.schedule.aclose()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        self._compare_servers()

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        async def come_back() -> None:
            await self.services.departures.came_back(guild.id)

        self.schedule.spawn(come_back)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        async def leave() -> None:
            await self.services.departures.left(guild.id)

        self.schedule.spawn(leave)

    def _compare_servers(self) -> None:
        """We may have been sent away while we were off; where shards are elsewhere, who knows."""
        if self.bot.shard_id is not None or getattr(self.bot, "shard_ids", None) is not None:
            return
        servers = [guild.id for guild in self.bot.guilds]

        async def compare_servers() -> None:
            await self.services.departures.are_here(servers)

        self.schedule.spawn(compare_servers)
