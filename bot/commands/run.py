"""`bowerbird run` and `bowerbird sync`: what talks to Discord from the console.

Contract: the token is tried before the model is loaded, so that a wrong one is told in a second;
whatever was opened is closed in reverse when the bot stops, by Ctrl-C, SIGTERM, a failure, or the
end of standard input where that was asked for.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress

import aiohttp

from bowerbird.bot.failures import NO_TOKEN, TOKEN_REFUSED, CommandError, MisuseError
from bowerbird.bot.health import HOST, serve_health
from bowerbird.bot.metrics import Metrics
from bowerbird.bot.progress_bars import waiting
from bowerbird.bot.settings import Settings

log = logging.getLogger(__name__)

TOKEN_TIMEOUT_S = 15
STDIN = 0
LAST_S = 20.0
"""So long a bot that its parent has left may take to stop; a parent that lives kills it sooner."""


async def run(settings: Settings, options: argparse.Namespace) -> int:
    """Connect and answer, until told to stop."""
    if options.until_stdin_ends:
        _stop_when_stdin_ends()
    token = await _valid_token(settings)
    from bowerbird.bot.app import build
    from bowerbird.bot.client import create_client

    is_connected: Callable[[], bool] = lambda: False  # noqa: E731  (until there is a client)

    async def discord_is_ready() -> bool:
        return is_connected()

    metrics = Metrics()
    async with AsyncExitStack() as opened:
        if settings.metrics_port:
            # Before the model: a taken port is told at once, and loading is being alive.
            checks = {"discord": discord_is_ready}
            health = serve_health(settings.metrics_port, checks, metrics)
            port = await opened.enter_async_context(health)
            log.info("Health answers at http://%s:%d/readyz", HOST, port)
        with waiting(f"Loading {settings.base_model}"):
            services = await opened.enter_async_context(build(settings))
        nightly = services.nightly
        metrics.watch(services.backend, is_training=lambda: nightly.is_training)
        client = create_client(settings, services)
        is_connected = lambda: client.is_online  # noqa: E731
        async with client:
            await client.start(token)
    return 0


def _stop_when_stdin_ends() -> None:
    """Cancels the task that calls this, and ends the process if that does not help: nobody is left
    to do it. A pipe's end is closed also for a parent killed by -9."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None  # noqa: S101 - coroutines run in tasks

    def wait_for_end() -> None:
        # Not through `sys.stdin`, whose lock a thread left reading would hold at shutdown.
        while os.read(STDIN, 4096):
            pass
        with suppress(RuntimeError):  # the loop is closed: we are stopping anyway
            loop.call_soon_threadsafe(task.cancel)
        time.sleep(LAST_S)
        os._exit(1)

    threading.Thread(target=wait_for_end, name="stdin", daemon=True).start()


async def sync(settings: Settings, options: argparse.Namespace) -> int:
    """Send the commands to Discord, whether they have changed or not."""
    token = await _valid_token(settings)
    import discord

    from bowerbird.bot.app import build_mute
    from bowerbird.bot.client import BowerbirdClient, sync_copy, sync_everywhere
    from bowerbird.bot.cogs import install

    class Registrar(BowerbirdClient):
        """Logs in, which needs no connection, and neither answers nor trains."""

        async def setup_hook(self) -> None:
            await install(self, self.services, has_nights=False)

    async with build_mute(settings) as services, Registrar(settings, services) as client:
        await client.login(token)
        store = services.store
        try:
            if options.guild:
                sent = await sync_copy(client, store, options.guild)
            else:
                sent = await sync_everywhere(client, store)
        except (discord.Forbidden, discord.NotFound) as error:
            raise CommandError(
                f"the bot is not in the server {options.guild}, or was invited without the "
                "applications.commands scope; invite it again"
            ) from error
        where = f"the server {options.guild}" if options.guild else "all servers"
        print(f"{len(sent)} commands are registered for {where}")  # noqa: T201
    return 0


async def _valid_token(settings: Settings) -> str:
    token = settings.discord_token.get_secret_value()
    if not token:
        raise MisuseError(NO_TOKEN)
    headers = {"Authorization": f"Bot {token}", "User-Agent": "DiscordBot (bowerbird, 1)"}
    timeout = aiohttp.ClientTimeout(total=TOKEN_TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(headers=headers, timeout=timeout) as session,
            session.get(f"{settings.rest_url}/users/@me") as response,
        ):
            if response.status == 401:
                raise CommandError(TOKEN_REFUSED)
    except TimeoutError as error:
        raise CommandError(
            f"{settings.rest_url} did not answer within {TOKEN_TIMEOUT_S} s; check the network"
        ) from error
    return token
