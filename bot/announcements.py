"""What a night brought, in the channel that a server's admins chose for it.

Contract: numbers only. Whoever lets us learn from them has not agreed to be named for it, and no
text leaves the store. A night is announced at most once, and nowhere if nobody was trained. A
channel that is gone or closed to us costs a line in the log.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

import discord

from bowerbird.bot.reports import counted
from bowerbird.storage.records import Run, RunState

if TYPE_CHECKING:
    from bowerbird.bot.app import Services
    from bowerbird.bot.cogs.base import Bot

_log = logging.getLogger(__name__)

TITLE = "🌙 **Last night I learnt from {people}.**"
FOOTER = "-# Everybody's own: `/my status`"


def summary(runs: Iterable[Run]) -> str | None:
    """What these trainings brought; ``None`` where none came to an end."""
    states = Counter(run.state for run in runs)
    better, kept = states[RunState.PROMOTED], states[RunState.REJECTED]
    failed = states[RunState.FAILED]
    if not better + kept + failed:
        return None
    lines = [TITLE.format(people=counted(better + kept + failed, "person", "people"))]
    if better:
        lines.append(f"- {counted(better, 'new model')} passed the checks; in use from now on")
    if kept:
        lines.append(
            f"- {counted(kept, 'new model')} did not pass the checks: what was in use stays"
        )
    if failed:
        lines.append(f"- {counted(failed, 'training')} failed; the next night tries again")
    return "\n".join([*lines, FOOTER])


class Announcer:
    """Posts in every server that asked for it."""

    def __init__(self, bot: Bot, services: Services) -> None:
        self._bot = bot
        self._services = services

    async def announce(self, night: str) -> None:
        """Tell of a night that is through. Waits until we are connected."""
        await self._bot.wait_until_ready()
        runs: defaultdict[int, list[Run]] = defaultdict(list)
        for run in await self._services.store.runs(night):
            runs[run.scope_id].append(run)
        for scope_id, runs_there in runs.items():
            guild = self._bot.get_guild(scope_id)  # none where it is the DMs, or all servers
            text = summary(runs_there)
            if guild is not None and text is not None:
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
