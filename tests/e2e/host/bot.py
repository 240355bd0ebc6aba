"""Somebody else's bot, whose files are called like ours, with Bowerbird as one of its extensions.

Run as `python bot.py` by `tests/e2e/test_plugin.py`. Obeys words on stdin (`load`, `unload`,
`stop`) and answers each with a line of JSON on stdout: what is there that was not at the start.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import sys
import threading
from typing import Any

import discord
import yarl
from discord.ext import commands
from discord.gateway import DiscordWebSocket

import storage

EXTENSION = "bowerbird.bot.plugin"


class Host(commands.Bot):
    """Has a command of its own, and prefix commands."""

    def __init__(self) -> None:
        intents = discord.Intents.default()
        intents.message_content = True
        super().__init__("!", intents=intents, max_messages=None)
        self.before: dict[str, set[str]] = {}

    async def setup_hook(self) -> None:
        @self.tree.command(description="The host's own")
        async def hello(interaction: discord.Interaction[Any]) -> None:
            await interaction.response.send_message(storage.GREETING)

        @self.command()
        async def ping(context: commands.Context[Host]) -> None:
            await context.send("pong")

    def report(self) -> dict[str, list[str]]:
        """What is there now and was not in the beginning."""
        now = self._inventory()
        return {kind: sorted(names - self.before[kind]) for kind, names in now.items()}

    def _inventory(self) -> dict[str, set[str]]:
        gc.collect()
        tasks = asyncio.all_tasks()
        return {
            "cogs": set(self.cogs),
            "commands": {command.name for command in self.tree.walk_commands()}
            | {menu.name for menu in self.tree.get_commands(type=discord.AppCommandType.message)},
            "dynamic items": {str(key) for key in self._connection._view_store._dynamic_items},
            "listeners": {
                f"{event}: {listener.__qualname__}"
                for event, listeners in self.extra_events.items()
                for listener in listeners
            },
            # Handlers of events come and go by themselves; the loop's thread pool is its own.
            "tasks": {t.get_name() for t in tasks if not t.get_name().startswith("discord.py")},
            "threads": {
                thread.name
                for thread in threading.enumerate()
                if not thread.name.startswith("asyncio_")
            },
            "models": {type(o).__name__ for o in gc.get_objects() if _is_model(o)},
            "handlers": {repr(handler) for handler in logging.getLogger().handlers},
        }


def _is_model(thing: object) -> bool:
    return any(base.__name__ == "PreTrainedModel" for base in type(thing).__mro__)


async def main() -> None:
    discord.http.Route.BASE = os.environ["HOST_API_URL"]
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["HOST_GATEWAY_URL"])
    words = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(words), sys.stdin
    )
    async with Host() as host:
        running = asyncio.create_task(host.start(os.environ["HOST_TOKEN"]), name="the host")
        while not host.is_ready():  # the session is there only once it has logged in
            await asyncio.sleep(0.02)
        host.before = host._inventory()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while word := (await words.readline()).decode().strip():
            if word == "load":
                await host.load_extension(EXTENSION)
                await host.tree.sync()
            elif word == "unload":
                await host.unload_extension(EXTENSION)
                await host.tree.sync()
            elif word == "stop":
                break
            sys.stdout.write(json.dumps(host.report()) + "\n")
            sys.stdout.flush()
        await host.close()
        await running


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    asyncio.run(main())
