"""`bowerbird run` as a process of its own, in front of a playground, and what it leaves behind.

Contract: the product is unmodified and gets nothing but an environment; whatever it says on stderr
is kept and shown when something fails. What it stored is read from its files, never asked of it.
Every wait is for a condition, with a deadline.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import psutil

from bowerbird.playground import Playground
from tests.console import Console, Running

T = TypeVar("T")

START_S = 120.0
STOP_S = 60.0
POLL_S = 0.02
WORKER = "bowerbird.personalization.training.worker"


async def eventually(condition: Callable[[], T | None], timeout_s: float, what: str) -> T:
    """The first truthy value, for conditions outside of this process (files, other processes)."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + timeout_s
    while not (value := condition()):
        if loop.time() > give_up_at:
            raise TimeoutError(f"waited {timeout_s:g} s in vain for {what}")
        await asyncio.sleep(POLL_S)
    return value


class BotProcess:
    """The bot on one data folder. `start` and `stop` as often as you like."""

    def __init__(self, playground: Playground, home: Path, model: Path, **settings: str) -> None:
        self.playground = playground
        self.console = Console(home)
        far_from_now = datetime.now(UTC) + timedelta(hours=12)  # no night of its own accord
        self.settings = {
            "DISCORD_TOKEN": "playground-token",
            "DISCORD_API_URL": playground.api_url,
            "DISCORD_GATEWAY_URL": playground.gateway_url,
            "BASE_MODEL": str(model),
            "DTYPE": "float32",
            # The scripted model's other layers say nothing, and would say anything if they learned.
            "LORA_TARGETS": "q_proj,k_proj,v_proj,o_proj",
            "MAX_NEW_TOKENS": "400",
            "MIN_FEEDBACK": "2",
            "TRAINING_ACKNOWLEDGED": "true",
            "NIGHTLY_AT": far_from_now.strftime("%H:%M"),
        } | settings
        self._running: Running | None = None
        self._ended: list[str] = []
        self._life = AsyncExitStack()

    # --- life -----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Returns once it has a session at the gateway: from then on it hears everything.

        (discord.py says "ready" two seconds later, in case more servers come.)
        """
        assert self._running is None, "it runs already"
        command = self.console.start("run", **self.settings)
        running = self._running = await self._life.enter_async_context(command)
        gateway, user = self.playground.gateway, self.playground.bot

        def is_connected() -> bool:
            assert running.is_alive, f"it did not start:\n{running.said}"
            return bool(gateway.live(user))

        await eventually(is_connected, START_S, "the bot to connect")

    async def stop(self) -> None:
        """SIGTERM, as an operator stops it; it must end well."""
        running = self._take()
        running.send(signal.SIGTERM)
        code = await running.ended(STOP_S)
        await self._bury(running)
        assert code == 0, f"it ended with {code}:\n{running.said}"

    async def kill(self) -> None:
        """SIGKILL: no time to tidy up."""
        running = self._take()
        running.send(signal.SIGKILL)
        code = await running.ended(STOP_S)
        await self._bury(running)
        assert code == -signal.SIGKILL

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def aclose(self) -> None:
        if self._running is not None:
            await self.stop()

    def _take(self) -> Running:
        assert self._running is not None, "it does not run"
        running, self._running = self._running, None
        return running

    async def _bury(self, running: Running) -> None:
        await self._life.aclose()
        self._ended.append(running.said)
        gone = self.playground
        await gone.world.until(lambda: not gone.gateway.live(gone.bot), STOP_S, "its socket to end")

    # --- what it says ---------------------------------------------------------------------------

    @property
    def said(self) -> str:
        """Its stderr so far, of all its lives."""
        return "\n".join([*self._ended, *([self._running.said] if self._running else [])])

    async def line_with(self, words: str, timeout_s: float = 60.0) -> str:
        assert self._running is not None
        return await self._running.line_with(words, timeout_s)

    # --- its processes --------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        assert self._running is not None
        return self._running.pid

    def worker(self) -> psutil.Process | None:
        """The process that trains right now, if any."""
        for child in psutil.Process(self.pid).children():
            try:
                if WORKER in child.cmdline():
                    return child
            except psutil.Error:
                continue
        return None

    # --- what it keeps --------------------------------------------------------------------------

    @property
    def data(self) -> Path:
        return self.console.home / "data"

    @property
    def database(self) -> Path:
        return self.data / "bowerbird.db"

    @property
    def adapters(self) -> Path:
        return self.data / "adapters"

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What the file says, read beside the bot."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(query, parameters).fetchall()
        finally:
            connection.close()

    async def rows_become(
        self, wanted: list[tuple[Any, ...]], query: str, *parameters: Any, timeout_s: float = 60.0
    ) -> None:
        """Waits until the query gives exactly these rows."""
        found: list[tuple[Any, ...]] = []

        def is_so() -> bool:
            found[:] = self.rows(query, *parameters)
            return found == wanted

        try:
            await eventually(is_so, timeout_s, query)
        except TimeoutError:
            raise AssertionError(f"wanted {wanted}, but {found} is what {query} gives") from None

    def files_with(self, words: str) -> list[Path]:
        """Every file it wrote that holds these words, as raw bytes."""
        found = []
        for folder, _, names in os.walk(self.data):
            for name in names:
                path = Path(folder) / name
                if words.encode() in path.read_bytes():
                    found.append(path)
        return found
