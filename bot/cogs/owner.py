"""`/bowerbird`: for whoever runs the bot. Offered to administrators of a server only, and refused
to all of them but the owner.

Contract: nothing of anybody is shown but numbers. Draining lasts until it is taken back or the
process ends; a night that is running goes on, and is taken up again after a restart.
"""

from __future__ import annotations

import asyncio
import math
import time

import discord
from discord import app_commands

from bowerbird.bot.apologies import RefusalError
from bowerbird.bot.cogs.base import BowerbirdCog, Interaction
from bowerbird.bot.reports import counted, moment, size
from bowerbird.storage.records import Consent

LOOK_EVERY_S = 0.5
WAIT_S = 14 * 60.0
"""A little less than the life of an interaction's token."""

NOT_OWNER = "Only the person who runs me can do that."
DRAINING = "I admit no new questions. Still being answered: {count}."
DRAINED = (
    "I admit no new questions, and nothing is being answered: I can be stopped now. "
    "`/bowerbird resume` takes it back."
)
RESUMED = "I answer again."


class OwnerCog(BowerbirdCog, name="Bowerbird owner"):
    """The bot as a whole."""

    owner = app_commands.Group(
        name="bowerbird",
        description="For whoever runs this bot.",
        guild_only=True,
        default_permissions=discord.Permissions.none(),
    )

    @owner.command(name="status", description="How the bot is, on all servers together.")
    async def status(self, interaction: Interaction) -> None:
        await self._require_owner(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        store = self.services.store
        learning = [one for one in await store.people() if one.consent is Consent.ON]
        people = counted(len({one.user_id for one in learning}), "person lets", "people let")
        models = counted(sum(one.active_version is not None for one in learning), "own model")
        trainings = len(await store.unfinished_runs())
        on_disk = size(await self.services.adapters.bytes_on_disk())
        admits = "none are admitted" if self.services.admission.is_draining else "all admitted"
        next_night = self.schedule.next_night
        night = moment(next_night) if next_night else "never: training is off"
        servers = counted(len(self.bot.guilds), "server")
        lines = [
            f"On {servers}; Discord's heartbeat answered {self._latency()}.",
            f"Being answered: {self.answerer.open_replies}; new questions: {admits}.",
            f"{people} me learn; {models} in use, {on_disk} on disk.",
            f"Trainings going on or waiting: {trainings}; next night {night}.",
            f"Base model: `{self.services.settings.base_model}`.",
        ]
        await interaction.edit_original_response(content="\n".join(lines))

    @owner.command(name="drain", description="Admit no new questions, and finish the running ones.")
    async def drain(self, interaction: Interaction) -> None:
        await self._require_owner(interaction)
        self.services.admission.drain()
        count = self.answerer.open_replies
        await interaction.response.send_message(
            DRAINING.format(count=count) if count else DRAINED, ephemeral=True
        )
        deadline = time.monotonic() + WAIT_S
        shown = count
        while shown and time.monotonic() < deadline and self.services.admission.is_draining:
            await asyncio.sleep(LOOK_EVERY_S)
            count = self.answerer.open_replies
            if count != shown:
                text = DRAINING.format(count=count) if count else DRAINED
                await interaction.edit_original_response(content=text)
                shown = count

    @owner.command(name="resume", description="Admit questions again.")
    async def resume(self, interaction: Interaction) -> None:
        await self._require_owner(interaction)
        self.services.admission.drain(False)
        await interaction.response.send_message(RESUMED, ephemeral=True)

    async def _require_owner(self, interaction: Interaction) -> None:
        if not await self.bot.is_owner(interaction.user):
            raise RefusalError(NOT_OWNER)

    def _latency(self) -> str:
        latency = self.bot.latency
        return "not yet" if math.isnan(latency) else f"in {latency * 1000:.0f} ms"
