"""A small discord.py bot with Bowerbird in it: `DISCORD_TOKEN=… python examples/host_bot.py`."""

import os

import discord
from discord.ext import commands


class HostBot(commands.Bot):
    async def setup_hook(self) -> None:
        await self.load_extension("bowerbird.bot.plugin")
        await self.tree.sync()


intents = discord.Intents.default()
intents.message_content = True  # yours to decide; Bowerbird does with less
bot = HostBot(command_prefix="!", intents=intents)


@bot.command()
async def hello(ctx: commands.Context[commands.Bot]) -> None:
    await ctx.send("Hello from your own bot")


if __name__ == "__main__":
    bot.run(os.environ["DISCORD_TOKEN"])
