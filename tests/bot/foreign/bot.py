"""A bot that is not ours, in a file that is called as one of our folders is."""

from __future__ import annotations

import discord
from discord.ext import commands

import storage  # its own, not bowerbird.storage


class Greetings(commands.Cog):
    """What the host does by itself."""

    @commands.command()
    async def hello(self, ctx: commands.Context[commands.Bot]) -> None:
        await ctx.send(storage.GREETING)


class Host(commands.Bot):
    def __init__(self) -> None:
        intents = discord.Intents.default()
        intents.message_content = True
        super().__init__(command_prefix="!", intents=intents)

    async def setup_hook(self) -> None:
        await self.add_cog(Greetings())
