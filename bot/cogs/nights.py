"""The clock of the nights, alive as long as the bot has its cogs."""

from __future__ import annotations

from bowerbird.bot.cogs.base import BowerbirdCog


class NightsCog(BowerbirdCog, name="Bowerbird nights"):
    """Starts and stops the schedule."""

    async def cog_load(self) -> None:
        self.schedule.start()

    async def cog_unload(self) -> None:
        await super().cog_unload()
        await self.schedule.aclose()
