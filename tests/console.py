"""The console command in a process of its own, as people and scripts meet it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from bowerbird.bot.settings import Settings


class Console:
    """Runs `bowerbird` in a folder of its own, with an environment of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        ours = {name.upper() for name in Settings.model_fields}
        self.env = {name: value for name, value in os.environ.items() if name not in ours}
        self.env |= {"DATA_DIR": str(home / "data"), "NO_COLOR": "1"}

    def __call__(
        self, *arguments: str, timeout_s: float = 120, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bowerbird.bot", *arguments],
            cwd=self.home,
            env=self.env | settings,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    @asynccontextmanager
    async def start(self, *arguments: str, **settings: str) -> AsyncIterator[Running]:
        """For commands that go on until they are stopped; killed when the block ends."""
        with _signals_of_a_terminal():
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bowerbird.bot", *arguments),
                cwd=self.home,
                env=self.env | settings,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
        running = Running(process)
        try:
            yield running
        finally:
            await running.kill()


@contextmanager
def _signals_of_a_terminal() -> Iterator[None]:
    """A child inherits what is ignored here: SIGINT behind a shell's `&`, SIGHUP below nohup."""
    names = ("SIGINT", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    ignored = [number for number in numbers if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)


def assert_says(
    done: subprocess.CompletedProcess[str], code: int, *words: str, lines: int = 1
) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    said = done.stderr.strip().splitlines()
    assert len(said) == lines, done.stderr
    for word in words:
        assert word in done.stderr


class Running:
    """A command that goes on: its lines so far, and how to end it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._lines: list[str] = []
        self._news = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    @property
    def said(self) -> str:
        return "\n".join(self._lines)

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, sent: signal.Signals) -> None:
        self._process.send_signal(sent)

    async def line_with(self, words: str, timeout_s: float = 90.0) -> str:
        """The first line with these words, as soon as it is there."""
        async with asyncio.timeout(timeout_s):
            while True:
                self._news.clear()
                for line in self._lines:
                    if words in line:
                        return line
                assert not self._reading.done(), f"it ended without {words!r}: {self.said}"
                await self._news.wait()

    async def ended(self, timeout_s: float = 90.0) -> int:
        """Its exit code, once everything it said has been read."""
        async with asyncio.timeout(timeout_s):
            await self._reading
            return await self._process.wait()

    async def kill(self) -> None:
        if self.is_alive:
            self._process.kill()
        await self._reading
        await self._process.wait()

    async def _read(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self._lines.append(line.decode().rstrip("\n"))
            self._news.set()
        self._news.set()
