"""Bowerbird in somebody else's bot: ``await bot.load_extension("bowerbird.bot.plugin")``.

Contract: adds its cogs and nothing else. No intents, no sync, no logging set-up, no translator; the
host does those as it likes (it must sync its command tree to show ours). Settings come from the
environment and `.env` as for `bowerbird run`, save for the token and the addresses, which are the
host's. Unloading stops what is running, takes back commands and buttons, and frees the model.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

from bowerbird.bot import cogs
from bowerbird.bot.app import build
from bowerbird.bot.cogs.base import Bot
from bowerbird.bot.failures import CommandError
from bowerbird.bot.settings import Settings

_ATTRIBUTE = "_bowerbird_opened"


async def setup(
    bot: Bot, settings: Settings | None = None, *, adapt: cogs.Adapt = cogs.as_it_is
) -> None:
    """Load the model and add the cogs. All or nothing. Raises ``CommandError`` if they are there.

    ``adapt``: for hosts that ask more of a cog than discord.py does (see ``examples/red``).
    """
    if any(bot.get_cog(cog.__cog_name__) for cog in cogs.COGS):
        raise CommandError("Bowerbird is in this bot already; unload that one first")
    async with AsyncExitStack() as opening:
        services = await opening.enter_async_context(build(settings or Settings()))
        await cogs.install(bot, services, adapt=adapt)
        opening.push_async_callback(cogs.uninstall, bot)
        setattr(bot, _ATTRIBUTE, opening.pop_all())


async def teardown(bot: Bot) -> None:
    """Undo `setup`. Safe to call twice."""
    opened: Any = bot.__dict__.pop(_ATTRIBUTE, None)
    if opened is not None:
        await opened.aclose()
