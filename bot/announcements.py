"""What a night brought, in the channel that a server's admins chose for it.

Contract: numbers only. Whoever lets us learn from them has not agreed to be named for it, and no
text leaves the store. A night is announced at most once, and nowhere if nobody was trained. A
channel that is gone or closed to us costs a line in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

import discord

from bowerbird.bot import night_reports, rendering
from bowerbird.bot.catalogue import Language
from bowerbird.personalization.night_summary import NightSummary

if TYPE_CHECKING:
    from bowerbird.bot.app import Services
    from bowerbird.bot.cogs.base import Bot

_log = logging.getLogger(__name__)


def summary(language: Language, night: NightSummary) -> str | None:
    """What a night brought on one server; ``None`` where there is nothing to tell."""
    if night.is_empty:
        return None
    people = night.trained + night.failed
    return "\n".join(
        [
            language("night-title", people=people)
            if people
            else language("night-last", night=night.night),
            *night_reports.counts(language, night),
            rendering.notice(language("night-yours")),
        ]
    )


class Announcer:
    """Posts in every server that asked for it."""

    def __init__(self, bot: Bot, services: Services) -> None:
        self._bot = bot
        self._services = services

    async def announce(self, nights: Mapping[int, NightSummary]) -> None:
        """Tell of a night that is through, by scope. Waits until we are connected."""
        await self._bot.wait_until_ready()
        for scope_id, night in nights.items():
            guild = self._bot.get_guild(scope_id)  # none where it is the DMs, or all servers
            if guild is None:
                continue
            locale = guild.preferred_locale.value
            language = await self._services.languages.of(guild.id, preferred=locale)
            text = summary(language, night)
            if text is not None:
                await self._post(guild, text)

    async def _post(self, guild: discord.Guild, text: str) -> None:
        settings = await self._services.servers.of(guild.id)
        if settings.announcement_channel_id is None:
            return
        channel = guild.get_channel(settings.announcement_channel_id)
        if not isinstance(channel, discord.TextChannel):
            _log.warning("server %s: the channel for announcements is gone", guild.id)
            return
        try:
            await channel.send(text, allowed_mentions=discord.AllowedMentions.none())
        except discord.HTTPException as error:
            _log.warning("server %s: the night could not be announced: %s", guild.id, error)
