"""`/server`: what I do on a server, for the people who manage it.

Contract: the permission is checked here as well, since subcommands carry no default of their own.
Settings are each server's, also where servers share what is learnt.
"""

from __future__ import annotations

import asyncio

import discord
from discord import app_commands

from bowerbird.bot import night_reports, reports, settings_text, vote_chart
from bowerbird.bot.apologies import language_of
from bowerbird.bot.cogs.base import BowerbirdCog, Interaction, show
from bowerbird.bot.emoji import VoteEmoji
from bowerbird.bot.settings_form import SettingsForm
from bowerbird.storage.records import ServerSettings


class ServerCog(BowerbirdCog, name="Bowerbird server"):
    """How it goes on a server, and what is set there."""

    server = app_commands.Group(
        name="server",
        description="What I learn on this server.",
        guild_only=True,
        default_permissions=discord.Permissions(manage_guild=True),
    )

    @server.command(name="status", description="Who I learn from here, and how it goes.")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def status(self, interaction: Interaction) -> None:
        scope_id = await self.admin_scope(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        minimum = self.services.settings.min_feedback
        summary = await self.services.store.scope_summary(scope_id, minimum)
        on_disk = await self.services.adapters.bytes_on_disk(scope_id)
        settings = await self.server_settings(interaction.guild_id)
        language = await language_of(interaction)
        rules = settings_text.lines(language, settings, self._votes(settings))
        lines = [
            reports.scope_status(language, summary, self.schedule.next_night),
            *night_reports.last_night(language, await self.schedule.last_summary(scope_id)),
            language("server-disk", size=reports.size(language, on_disk)),
            language("settings-title"),
            *(f"- {rule}" for rule in rules),
        ]
        chart = None
        if votes := await self.services.store.votes_by_version(scope_id):
            chart = await asyncio.to_thread(vote_chart.liked, language, votes, "server-chart-title")
        await show(interaction, "\n".join(lines), chart, language("server-chart-in-words"))

    @server.command(name="settings", description="Where, whom and how I answer on this server.")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def settings(self, interaction: Interaction) -> None:
        guild = interaction.guild
        assert guild is not None  # noqa: S101 - the group is for servers only
        servers, usual = self.services.servers, self.services.settings
        form = SettingsForm(
            guild,
            servers,
            await servers.of(guild.id),
            await language_of(interaction),
            (usual.positive_emoji, usual.negative_emoji),
            self.open_forms,
        )
        self.open_forms.add(form)
        form.shown_by(interaction)
        await interaction.response.send_message(
            form.text,
            view=form,
            ephemeral=True,
            allowed_mentions=discord.AllowedMentions.none(),
        )

    def _votes(self, settings: ServerSettings) -> VoteEmoji:
        usual = self.services.settings
        return VoteEmoji(
            settings.positive_emoji or usual.positive_emoji,
            settings.negative_emoji or usual.negative_emoji,
        )
