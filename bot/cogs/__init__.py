"""Everything that Bowerbird does in a bot, added and removed as one.

Contract: `install` adds all cogs or none, and a cog that fails makes it fail. It syncs nothing and
touches no intents, so it suits our own client and anybody else's.
"""

from __future__ import annotations

from bowerbird.bot.answering import Answerer
from bowerbird.bot.app import Services
from bowerbird.bot.cogs.admin import AdminCog
from bowerbird.bot.cogs.base import Bot, BowerbirdCog
from bowerbird.bot.cogs.chat import ChatCog
from bowerbird.bot.cogs.feedback import FeedbackCog
from bowerbird.bot.cogs.my import MyCog
from bowerbird.bot.cogs.nights import NightsCog
from bowerbird.bot.cogs.teach import TeachCog
from bowerbird.bot.emoji import VoteEmoji
from bowerbird.bot.pacing import EditPace
from bowerbird.bot.schedule import NightSchedule

COGS: tuple[type[BowerbirdCog], ...] = (
    NightsCog,
    FeedbackCog,
    TeachCog,
    MyCog,
    AdminCog,
    ChatCog,  # last: nobody is answered before everything else works
)


async def install(
    bot: Bot, services: Services, pace: EditPace | None = None, *, has_nights: bool = True
) -> None:
    """Add the cogs and start the nights. ``pace``: where edits' rate-limit headers are seen.

    ``has_nights=False``: for a bot that only shows its commands.
    """
    settings = services.settings
    emoji = VoteEmoji(settings.positive_emoji, settings.negative_emoji)
    answerer = Answerer(services.replies, services.feedback, emoji, pace or EditPace())
    schedule = NightSchedule(
        services.nightly,
        services.store,
        at=settings.nightly_at,
        zone=settings.zone,
        retention_days=settings.retention_days,
        is_training=settings.training_acknowledged,
    )
    try:
        for cog in COGS:
            if has_nights or cog is not NightsCog:
                await bot.add_cog(cog(bot, services, answerer, schedule))
    except BaseException:
        await uninstall(bot)
        raise


async def uninstall(bot: Bot) -> None:
    """Remove what `install` added, in reverse. Safe to call twice."""
    for cog in reversed(COGS):
        await bot.remove_cog(cog.__cog_name__)
