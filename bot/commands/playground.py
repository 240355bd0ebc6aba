"""`bowerbird playground`: a Discord look-alike, its page, and the unmodified bot against them.

The bot is a process of its own, started as `bowerbird run` with an environment that keeps it away
from the real Discord and from the owner's data: token, addresses, database and data folder are
always the playground's, whatever the environment and .env say; the model and how it runs are the
owner's. If the bot dies, its last line is repeated and the command fails; if the command dies, even
by SIGKILL, so does the bot.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import webbrowser
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from bowerbird.bot.commands.operate import ensure_model
from bowerbird.bot.failures import CommandError, MisuseError
from bowerbird.bot.progress_bars import stderr
from bowerbird.bot.settings import Settings
from bowerbird.playground import Playground

TOKEN: Final = "playground-token"  # noqa: S105  (any text will do there)
STOP_TIMEOUT_S: Final = 15.0
# Two votes make somebody due: who tries it out wants to see learning today.
MIN_FEEDBACK: Final = 2


async def playground(settings: Settings, options: argparse.Namespace) -> int:
    """Serve until told to stop, or until the bot dies."""
    console = stderr()
    await asyncio.to_thread(ensure_model, settings.base_model, settings.models_dir)
    try:
        server = Playground(options.host, options.port)
    except ValueError as error:
        raise MisuseError(f"--host {options.host} is not a loopback address: {error}") from error
    async with server:
        console.print(f"The playground is at {server.url} (Ctrl-C stops it)")
        async with _bot(settings, server) as bot:
            connected = asyncio.create_task(server.bot_ready(timeout_s=float("inf")))
            ended = asyncio.create_task(bot.wait())
            try:
                await asyncio.wait({connected, ended}, return_when=asyncio.FIRST_COMPLETED)
                if not ended.done():
                    console.print(f"The bot is there: mention it at {server.url}")
                    if not options.no_browser:
                        await asyncio.to_thread(_open_browser, server.url)
                code = await ended
            finally:
                connected.cancel()
                ended.cancel()
            raise CommandError(f"the bot stopped (exit code {code}); it said: {bot.last_line}")


class _Bot:
    """The bot's process; its lines are passed on, and the last one kept."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.last_line = ""
        self._relay = asyncio.create_task(self._pass_on())

    async def wait(self) -> int:
        """Until it has ended and said everything; its exit code."""
        code = await self.process.wait()
        await self._relay
        return code

    async def stop(self) -> None:
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), STOP_TIMEOUT_S)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()
        await self._relay

    async def _pass_on(self) -> None:
        assert self.process.stderr is not None  # noqa: S101
        async for line in self.process.stderr:
            text = line.decode(errors="replace").rstrip("\r\n")
            self.last_line = text or self.last_line
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()


@asynccontextmanager
async def _bot(settings: Settings, server: Playground) -> AsyncIterator[_Bot]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bowerbird.bot", "run", "--until-stdin-ends"),
        stdin=asyncio.subprocess.PIPE,  # never written to; it ends with us, however we end
        stderr=asyncio.subprocess.PIPE,
        limit=2**20,  # of one line
        env=_environment(settings, server, os.environ),
        # Ctrl-C in a terminal reaches everybody in it; the bot is stopped by us, once.
        start_new_session=True,
    )
    bot = _Bot(process)
    try:
        yield bot
    finally:
        # Not hurried by a second cancellation: an orphan would go on trying to connect.
        await asyncio.shield(asyncio.create_task(bot.stop()))


def _environment(
    settings: Settings, server: Playground, inherited: Mapping[str, str]
) -> dict[str, str]:
    """Environment variables win over .env, so everything that must not leak in is set here."""
    data_dir = settings.data_dir / "playground"
    database = f"sqlite+aiosqlite:///{(data_dir / 'bowerbird.db').absolute()}"
    return {
        **inherited,
        "DISCORD_TOKEN": TOKEN,
        "DISCORD_API_URL": server.api_url,
        "DISCORD_GATEWAY_URL": server.gateway_url,
        "DATA_DIR": str(data_dir),
        "MODELS_DIR": str(settings.models_dir),
        "DATABASE_URL": database,
        "METRICS_PORT": "0",
        # What is said here never was Discord's.
        "TRAINING_ACKNOWLEDGED": "true",
        "MIN_FEEDBACK": str(MIN_FEEDBACK),
        "PYTHONUNBUFFERED": "1",
    }


def _open_browser(url: str) -> None:
    """Where there is a screen; a text browser would take over the terminal."""
    has_screen = sys.platform in {"win32", "darwin"} or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if has_screen:
        webbrowser.open(url)
