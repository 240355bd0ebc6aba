"""Everything that Bowerbird does in a bot, added and removed as one.

Contract: `install` adds all cogs or none, and a cog that fails makes it fail. It syncs nothing and
touches no intents, so it suits our own client and anybody else's; the log says what missing ones
cost.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

import discord

from bowerbird.bot.announcements import Announcer
from bowerbird.bot.answering import Answerer
from bowerbird.bot.app import Services
from bowerbird.bot.ballots import Ballots
from bowerbird.bot.cogs.admin import AdminCog
from bowerbird.bot.cogs.base import Bot, BowerbirdCog
from bowerbird.bot.cogs.chat import ChatCog
from bowerbird.bot.cogs.feedback import FeedbackCog
from bowerbird.bot.cogs.my import MyCog
from bowerbird.bot.cogs.nights import NightsCog
from bowerbird.bot.cogs.owner import OwnerCog
from bowerbird.bot.cogs.server import ServerCog
from bowerbird.bot.cogs.teach import TeachCog
from bowerbird.bot.pacing import EditPace
from bowerbird.bot.schedule import NightSchedule

_log = logging.getLogger(__name__)

WITHOUT_CONTENT = (
    "The Message Content intent is off: I answer mentions, replies with a ping, DMs and slash "
    "commands as usual, but cannot read what others wrote above in a thread or reply chain, nor "
    "messages in threads that do not mention me."
)

Adapt = Callable[[type[BowerbirdCog]], type[BowerbirdCog]]

COGS: tuple[type[BowerbirdCog], ...] = (
    NightsCog,
    FeedbackCog,
    TeachCog,
    MyCog,
    AdminCog,
    ServerCog,
    OwnerCog,
    ChatCog,  # last: nobody is answered before everything else works
)


def intents() -> discord.Intents:
    """What we need everywhere; none of it needs Discord's leave."""
    return discord.Intents(
        guilds=True,
        emojis_and_stickers=True,  # to vote with a server's own emoji
        guild_messages=True,
        guild_reactions=True,
        dm_messages=True,
        dm_reactions=True,
    )


def as_it_is(cog: type[BowerbirdCog]) -> type[BowerbirdCog]:
    return cog


async def install(
    bot: Bot,
    services: Services,
    pace: EditPace | None = None,
    *,
    adapt: Adapt = as_it_is,
    has_nights: bool = True,
) -> None:
    """Add the cogs and start the nights. ``pace``: where edits' rate-limit headers are seen.

    ``adapt``: makes of each cog what the bot wants of its cogs, under the same name.
    ``has_nights=False``: for a bot that only shows its commands.
    """
    if has_nights:
        _tell_what_is_missing(bot.intents)
    settings = services.settings
    ballots = Ballots(
        services.servers, settings.positive_emoji, settings.negative_emoji, bot.get_emoji
    )
    answerer = Answerer(
        services.replies, services.feedback, ballots, pace or EditPace(), services.admission
    )
    schedule = NightSchedule(
        services.nightly,
        services.store,
        at=settings.nightly_at,
        zone=settings.zone,
        retention_days=settings.retention_days,
        is_training=settings.training_acknowledged,
        budget=timedelta(minutes=settings.night_budget_minutes),
        on_through=Announcer(bot, services).announce,
        also_erase=services.departures.erase_expired,
    )
    try:
        for cog in COGS:
            if has_nights or cog is not NightsCog:
                await _add(bot, adapt(cog)(bot, services, answerer, schedule))
    except BaseException:
        await uninstall(bot)
        raise


async def _add(bot: Bot, cog: BowerbirdCog) -> None:
    """Where the name of a command is taken, discord.py leaves the cog's listeners behind."""
    try:
        await bot.add_cog(cog)
    except BaseException:
        for name, listener in cog.get_listeners():
            bot.remove_listener(listener, name)
        await cog.cog_unload()
        raise


async def uninstall(bot: Bot) -> None:
    """Remove what `install` added, in reverse. Safe to call twice."""
    for cog in reversed(COGS):
        await bot.remove_cog(cog.__cog_name__)


def _tell_what_is_missing(granted: discord.Intents) -> None:
    missing = [name for name, is_needed in intents() if is_needed and not getattr(granted, name)]
    if missing:
        _log.warning("The bot's intents lack %s; not everything will work", ", ".join(missing))
    if not granted.message_content:
        _log.warning(WITHOUT_CONTENT)
