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

from bowerbird.bot import night_reports
from bowerbird.bot.apologies import RefusalError, language_of
from bowerbird.bot.catalogue import Language
from bowerbird.bot.cogs.base import BowerbirdCog, Interaction
from bowerbird.bot.reports import moment, size
from bowerbird.storage.records import Consent

LOOK_EVERY_S = 0.5
WAIT_S = 14 * 60.0
"""A little less than the life of an interaction's token."""


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
        language, store = await language_of(interaction), self.services.store
        learning = [one for one in await store.people() if one.consent is Consent.ON]
        on_disk = await self.services.adapters.bytes_on_disk()
        people = language(
            "owner-people",
            people=len({one.user_id for one in learning}),
            models=sum(one.active_version is not None for one in learning),
            size=size(language, on_disk),
        )
        is_draining = self.services.admission.is_draining
        admits = "owner-not-admitting" if is_draining else "owner-admitting"
        lines = [
            self._heartbeat(language),
            language(admits, count=self.answerer.open_replies),
            people,
            self._trainings(language, len(await store.unfinished_runs())),
            *night_reports.last_night(language, await self.schedule.last_summary()),
            language("owner-model", name=f"`{self.services.settings.base_model}`"),
        ]
        await interaction.edit_original_response(content="\n".join(lines))

    @owner.command(name="drain", description="Admit no new questions, and finish the running ones.")
    async def drain(self, interaction: Interaction) -> None:
        await self._require_owner(interaction)
        language = await language_of(interaction)
        self.services.admission.drain()
        count = self.answerer.open_replies
        await interaction.response.send_message(_draining(language, count), ephemeral=True)
        deadline = time.monotonic() + WAIT_S
        shown = count
        while shown and time.monotonic() < deadline and self.services.admission.is_draining:
            await asyncio.sleep(LOOK_EVERY_S)
            count = self.answerer.open_replies
            if count != shown:
                await interaction.edit_original_response(content=_draining(language, count))
                shown = count

    @owner.command(name="resume", description="Admit questions again.")
    async def resume(self, interaction: Interaction) -> None:
        await self._require_owner(interaction)
        self.services.admission.drain(False)
        language = await language_of(interaction)
        await interaction.response.send_message(language("owner-resumed"), ephemeral=True)

    async def _require_owner(self, interaction: Interaction) -> None:
        if not await self.bot.is_owner(interaction.user):
            raise RefusalError("owner-only")

    def _heartbeat(self, language: Language) -> str:
        servers, latency_s = len(self.bot.guilds), self.bot.latency
        if not math.isfinite(latency_s):
            return language("owner-servers-early", servers=servers)
        return language("owner-servers", servers=servers, latency=round(latency_s * 1000))

    def _trainings(self, language: Language, count: int) -> str:
        night = self.schedule.next_night
        if night is None:
            return language("owner-trainings-off", count=count)
        return language("owner-trainings", count=count, night=moment(language, night))


def _draining(language: Language, count: int) -> str:
    """How many are still being answered."""
    return language("owner-draining", count=count) if count else language("owner-drained")
