"""Our own client: intents, commands kept in step with Discord, nothing pinged, one address.

Contract: it asks for no more than Discord grants, so the Message Content intent is used where the
application has it. A cog that fails stops the start. Commands are sent to Discord, in all
languages, only when they changed. Knows nothing of what the cogs do.
"""

from __future__ import annotations

import hashlib
import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bowerbird.bot import cogs
from bowerbird.bot.app import Services
from bowerbird.bot.cogs.base import Bot
from bowerbird.bot.endpoints import Endpoints
from bowerbird.bot.pacing import EditPace
from bowerbird.bot.settings import Settings
from bowerbird.bot.translator import Translator
from bowerbird.storage.store import Store

_log = logging.getLogger(__name__)

COMMANDS_KEY = "commands_fingerprint"
COMMAND_IDS_KEY = "command_ids"
COPIES_KEY = "command_copies"
"""Meta key: the servers that were sent a copy of their own, as a JSON list."""
MESSAGES_KEPT = 256

if TYPE_CHECKING:
    _Base = commands.Bot
else:
    _Base = commands.bot.BotBase  # the plain and the sharded bot bring the rest


class _OurClient(_Base):
    """What the plain and the sharded client have in common."""

    def __init__(self, settings: Settings, services: Services) -> None:
        self._pace = EditPace()
        self._our_intents = cogs.intents()
        super().__init__(
            command_prefix=commands.when_mentioned,  # never processed: see `on_message`
            help_command=None,
            intents=self._our_intents,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=MESSAGES_KEPT,
            chunk_guilds_at_startup=False,
            http_trace=self._pace.trace(),
        )
        self.settings = settings
        self.services = services
        self._endpoints: Endpoints | None = None
        if settings.discord_api_url and settings.discord_gateway_url:
            self._endpoints = Endpoints(settings.discord_api_url, settings.discord_gateway_url)

    async def login(self, token: str) -> None:
        if self._endpoints is not None:
            self._endpoints.enter(self)
        await self.tree.set_translator(Translator())
        await super().login(token)

    async def setup_hook(self) -> None:
        self._ask_for_content()
        await cogs.install(self, self.services, self._pace)
        store = self.services.store
        await sync_if_changed(self, store, always=self._endpoints is not None)
        self.services.languages.name_commands(
            json.loads(await store.get_meta(COMMAND_IDS_KEY) or "{}")
        )

    async def on_message(self, message: discord.Message, /) -> None:
        """There are no prefix commands; the chat cog listens by itself."""

    async def on_ready(self) -> None:
        _log.info("Connected as %s, on %d servers", self.user, len(self.guilds))

    @property
    def is_online(self) -> bool:
        """Whether Discord reaches us now; `is_ready` stays true once it has been."""
        return self.is_ready() and self.ws is not None and self.ws.open

    async def close(self) -> None:
        try:
            await super().close()
        finally:
            if self._endpoints is not None:
                self._endpoints.leave()

    def _ask_for_content(self) -> None:
        """Identify with the Message Content intent if the application was granted it.

        Asking without being granted closes the connection with 4014. The connection identifies
        with the very `Intents` it was built with, and only after this hook.
        """
        flags = self.application_flags
        granted = flags.gateway_message_content or flags.gateway_message_content_limited
        self._our_intents.message_content = granted


class BowerbirdClient(_OurClient, commands.Bot):
    """The client of `bowerbird run`."""


class ShardedBowerbirdClient(_OurClient, commands.AutoShardedBot):
    """The same for thousands of servers."""

    @property
    def is_online(self) -> bool:
        return self.is_ready() and not any(shard.is_closed() for shard in self.shards.values())


def create_client(
    settings: Settings, services: Services, *, is_sharded: bool = False
) -> BowerbirdClient | ShardedBowerbirdClient:
    """A client that answers once it is started with the token."""
    kind = ShardedBowerbirdClient if is_sharded else BowerbirdClient
    return kind(settings, services)


async def sync_if_changed(bot: Bot, store: Store, *, always: bool = False) -> bool:
    """Send our commands to Discord if they are not those sent last; whether they were sent.

    ``always``: for a look-alike server, which may have forgotten them.
    """
    fingerprint = await _fingerprint(bot)
    if not always and await store.get_meta(COMMANDS_KEY) == fingerprint:
        return False
    sent = await sync_everywhere(bot, store)
    slash = discord.AppCommandType.chat_input
    ids = {command.name: command.id for command in sent if command.type is slash}
    await store.set_meta(COMMAND_IDS_KEY, json.dumps(ids))
    await store.set_meta(COMMANDS_KEY, fingerprint)
    _log.info("Sent %d commands to Discord", len(sent))
    return True


async def sync_everywhere(bot: Bot, store: Store) -> list[app_commands.AppCommand]:
    """Send the commands for all servers, and take back single servers' copies: where there are
    both, people are shown each command twice."""
    sent = await bot.tree.sync()
    for server_id in json.loads(await store.get_meta(COPIES_KEY) or "[]"):
        with suppress(discord.Forbidden, discord.NotFound):  # it has sent us away
            await bot.tree.sync(guild=discord.Object(server_id))
    await store.set_meta(COPIES_KEY, "[]")
    return sent


async def sync_copy(bot: Bot, store: Store, server_id: int) -> list[app_commands.AppCommand]:
    """Send one server a copy of the commands, which holds until they are sent to all again."""
    server = discord.Object(server_id)
    bot.tree.copy_global_to(guild=server)
    sent = await bot.tree.sync(guild=server)
    copies: list[int] = json.loads(await store.get_meta(COPIES_KEY) or "[]")
    await store.set_meta(COPIES_KEY, json.dumps([*copies, server_id]))
    return sent


async def _fingerprint(bot: Bot) -> str:
    tree, translator = bot.tree, Translator()
    commands = [
        await command.get_translated_payload(tree, translator) for command in tree.get_commands()
    ]
    commands.sort(key=lambda command: (command["type"], command["name"]))
    text = json.dumps([bot.application_id, discord.__version__, commands], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
