"""Bowerbird in somebody else's bot, a process whose files are called like ours."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bowerbird.bot.settings import Settings
from bowerbird.playground import Playground
from bowerbird.playground.people import Person
from tests.e2e.scripted_model import SCRIPTS

pytestmark = pytest.mark.e2e

HOST = Path(__file__).parent / "host"
LOAD_S = 120.0
REPLY_S = 40.0


class HostProcess:
    """The host: one word in, one line out."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def do(self, word: str) -> dict[str, list[str]]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n".encode())
        found: dict[str, list[str]] = json.loads(await self.line())
        return found

    async def line(self) -> str:
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), LOAD_S)
        assert line, "the host is gone"
        return line.decode().strip()

    async def stop(self) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write(b"stop\n")
        return await asyncio.wait_for(self._process.wait(), LOAD_S)


@pytest.fixture
async def playground() -> AsyncIterator[Playground]:
    async with Playground() as playground:
        yield playground


@pytest.fixture
async def host(
    playground: Playground, scripted_model_dir: Path, tmp_path: Path
) -> AsyncIterator[HostProcess]:
    ours = {name.upper() for name in Settings.model_fields}
    env = {name: value for name, value in os.environ.items() if name not in ours}
    said = tmp_path / "stderr"
    with said.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "bot.py",
            cwd=HOST,
            env=env
            | {
                "HOST_API_URL": playground.api_url,
                "HOST_GATEWAY_URL": playground.gateway_url,
                "HOST_TOKEN": "playground-token",
                "BASE_MODEL": str(scripted_model_dir),
                "DATA_DIR": str(tmp_path / "data"),
                "DTYPE": "float32",
            },
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
        )
        try:
            host = HostProcess(process)
            assert await host.line() == "ready"
            yield host
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            # Shown by pytest where the test fails.
            sys.stderr.write(said.read_text("utf-8"))
    assert "Traceback" not in said.read_text("utf-8")


async def ask(playground: Playground, person: Person, text: str) -> str:
    question = await person.say("general", f"{playground.bot.mention} {text}")
    reply = await person.wait_for_reply(question, REPLY_S)
    await person.wait_until(lambda: len(reply.reactions) == 3, REPLY_S, "the votes below it")
    return reply.content


async def test_it_comes_answers_and_leaves_nothing_behind(
    playground: Playground, host: HostProcess
) -> None:
    alice = playground.person("alice")
    for _ in range(2):  # again, in the same process
        there: dict[str, Any] = await host.do("load")
        assert {"ask", "retrain", "my", "Teach a better reply"} <= set(there["commands"])
        assert there["models"]
        assert there["dynamic items"]
        assert there["handlers"] == []
        assert await ask(playground, alice, "what about berries?") == SCRIPTS["berries"]
        used = await alice.slash("general", "my personalization", state="on")
        assert "on" in (await used.answered(REPLY_S)).content

        await alice.say("general", f"{playground.bot.mention} tell me a story")  # not to its end
        await alice.wait_for_message(lambda m: m.content.startswith("Once"), REPLY_S)
        left = await host.do("unload")
        assert not any(left.values()), left

        silent = await alice.say("general", f"{playground.bot.mention} what about shells?")
        pong = await alice.say("general", "!ping")
        await alice.wait_for_message(lambda m: m.content == "pong", REPLY_S, since=0)
        used = await alice.slash("general", "hello")
        assert (await used.answered()).content == "I am the host"
        assert pong
        assert not any(m.reference_id == silent.id for m in playground.world.messages.values())
        with pytest.raises(LookupError):
            await alice.slash("general", "my status")
    assert await host.stop() == 0
    assert playground.unknown_requests == []
    assert [request for request in playground.requests if request.status >= 400] == []
