"""Bowerbird as a cog package of Red-DiscordBot: `[p]load bowerbird_cog`.

Everything is the plugin's; here is only what Red asks for beyond discord.py: cogs of its own base
class, a statement about people's data, and a way to hand out and delete it. The folder must not be
called ``bowerbird``, since Red would put it in place of the installed package.
"""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any

from redbot.core import commands, errors
from redbot.core.bot import Red
from redbot.core.data_manager import cog_data_path
from redbot.core.utils import get_end_user_data_statement_or_raise

from bowerbird.bot import plugin
from bowerbird.bot.cogs.base import BowerbirdCog
from bowerbird.bot.cogs.my import MyCog
from bowerbird.bot.failures import CommandError
from bowerbird.bot.settings import Settings
from bowerbird.personalization.errors import PersonalizationError
from bowerbird.personalization.models import fetch_model
from bowerbird.storage.store import StoreError

__red_end_user_data_statement__ = get_end_user_data_statement_or_raise(__file__)


async def setup(bot: Red) -> None:
    settings = Settings()
    if "data_dir" not in settings.model_fields_set:
        settings = Settings(data_dir=cog_data_path(raw_name="Bowerbird"))
    try:
        # The console would put it into its own folder, not into Red's. Quick once it is there.
        await asyncio.to_thread(fetch_model, settings.base_model, settings.models_dir)
        await plugin.setup(bot, settings, adapt=_for_red)
    except (CommandError, PersonalizationError, StoreError) as error:
        raise errors.CogLoadError(f"Bowerbird cannot start: {error}") from error


async def teardown(bot: Red) -> None:
    await plugin.teardown(bot)


def _for_red(cog: type[BowerbirdCog]) -> type[BowerbirdCog]:
    """The same cog with Red's base class beside ours. One of them answers for all of the data."""
    is_answerable = cog is MyCog

    class ForRed(cog, commands.Cog, name=cog.__cog_name__):  # type: ignore[misc, valid-type]
        __doc__ = cog.__doc__

        async def red_delete_data_for_user(self, *, requester: str, user_id: int) -> None:
            """Everything goes, whoever asks: nothing of it is needed to run."""
            if is_answerable:
                await self.forget_person(user_id)

        async def red_get_data_for_user(self, *, user_id: int) -> dict[str, Any]:
            if not is_answerable:
                return {}
            known = await self.services.store.export(user_id)
            text = json.dumps(known, ensure_ascii=False, indent=2)
            return {"bowerbird.json": io.BytesIO(text.encode())}

    return ForRed
