"""The cog package in a real Red-DiscordBot, in front of a playground.

Red pins versions of its own, so it needs an environment of its own: install Red-DiscordBot and
this package there, and set ``RED_PYTHON`` to its interpreter.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bowerbird.bot.settings import Settings
from bowerbird.playground import Playground, RateLimits
from bowerbird.playground.model import Message
from bowerbird.playground.people import Person
from bowerbird.playground.world import DEMO_TOKEN

ROOT = Path(__file__).parents[2]
PYTHON = os.environ.get("RED_PYTHON", sys.executable)
START_S = 60.0


def _is_installed() -> bool:
    tried = [PYTHON, "-c", "import redbot, bowerbird.bot.plugin"]
    return subprocess.run(tried, capture_output=True, check=False, timeout=60).returncode == 0


pytestmark = [
    pytest.mark.skipif(
        sys.platform != "linux" or not _is_installed(),
        reason="Red-DiscordBot is not installed with Bowerbird; set RED_PYTHON (see the docstring)",
    ),
]


@dataclass
class RedHouse:
    """A running Red with its owner; what we stored is read from the file."""

    playground: Playground
    database: Path

    @property
    def owner(self) -> Person:
        return self.playground.person("owner")

    async def command(
        self, person: Person, text: str, answer: str, timeout_s: float = 30
    ) -> Message:
        """A prefix command, and the answer that contains ``answer``."""
        await person.say("general", f"!{text}")
        return await person.wait_for_message(
            lambda message: answer in message.content and message.author_id == self.bot_id,
            timeout_s,
        )

    @property
    def bot_id(self) -> int:
        return self.playground.bot.id

    def count(self, table: str, person: Person) -> int:
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as database:
            query = f"SELECT count(*) FROM {table} WHERE user_id = ?"  # noqa: S608
            (found,) = database.execute(query, (person.id,)).fetchone()
            return int(found)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(30):
            while not condition():
                await asyncio.sleep(0.05)


@pytest.fixture
async def red(tmp_path: Path, tiny_model_dir: Path) -> AsyncIterator[RedHouse]:
    ours = {name.upper() for name in Settings.model_fields}
    env = {name: value for name, value in os.environ.items() if name not in ours} | {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_DATA_HOME": str(tmp_path / "share"),
        "BASE_MODEL": str(tiny_model_dir),
        "DTYPE": "float32",
        "TRAINING_ACKNOWLEDGED": "true",
    }
    data = tmp_path / "red"
    options = ("--no-prompt", "--instance-name", "bower", "--data-path", str(data))
    made = await asyncio.create_subprocess_exec(
        *(PYTHON, "-m", "redbot.setup", *options, "--backend", "json"), env=env
    )
    assert await made.wait() == 0
    async with Playground(rate_limits=RateLimits.generous()) as playground:
        process = await asyncio.create_subprocess_exec(
            *(PYTHON, str(ROOT / "tests" / "elsewhere.py")),
            *(playground.api_url, playground.gateway_url, "-m", "redbot", "bower"),
            *("--no-prompt", "--token", DEMO_TOKEN, "--prefix", "!"),
            *("--owner", str(playground.person("owner").id)),
            *("--cog-path", str(ROOT / "examples" / "red")),
            cwd=tmp_path,
            env=env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert process.stdout is not None
        reading = asyncio.create_task(process.stdout.read())
        try:
            await playground.bot_ready(START_S)
            yield RedHouse(playground, data / "cogs" / "Bowerbird" / "bowerbird.db")
        finally:
            process.terminate()
            await asyncio.wait_for(process.wait(), 60)
            said = (await reading).decode(errors="replace")
            sys.stdout.write(said)
        assert "Traceback" not in said
        assert playground.unknown_requests == []


@pytest.mark.timeout(300)
async def test_it_loads_answers_learns_and_is_deleted_from(red: RedHouse) -> None:
    playground, owner, alice = red.playground, red.owner, red.playground.person("alice")
    # At its first start Red looks for a newer version of itself, which takes long offline.
    await red.command(owner, "ping", "Pong", 120)
    await red.command(owner, "load bowerbird_cog", "Loaded", START_S)
    question = await alice.say("general", f"{playground.bot.mention} hi")
    reply = await alice.wait_for_reply(question, START_S)
    await alice.wait_until(lambda: len(reply.reactions) >= 3, 30, "the votes")

    await red.command(owner, "slash enablecog bowerbird.bot", "Enabled")
    await red.command(owner, "slash sync", "Synced")
    told = await (await alice.slash("general", "my personalization", state="on")).answered()
    assert "Personalization is **on**" in told.content
    assert red.count("replies", alice) == 1
    await alice.react(reply, "👍")
    await red.until(lambda: red.count("feedback", alice) == 1)
    lesson = await (await alice.context_menu(reply, "Teach a better reply")).modal_shown()
    await alice.submit(lesson, {"better": "Good day to you."})
    await red.until(lambda: red.count("feedback", alice) == 2)

    await red.command(alice, "mydata whatdata", "mydata 3rdparty")
    asked = await red.command(alice, "mydata forgetme", "please respond with the following")
    words = asked.content.splitlines()[-1].strip()
    await alice.say("general", words)
    await alice.wait_for_message(lambda m: "deleted any non-operational data" in m.content, 30)
    unhandled = "did not handle deletion"
    assert not [m for m in alice.messages("general") if unhandled in m.content]
    assert red.count("replies", alice) == red.count("feedback", alice) == 0

    await red.command(owner, "reload bowerbird_cog", "Reloaded")
    again = await alice.say("general", f"{playground.bot.mention} hi again")
    await alice.wait_for_reply(again, START_S)
    await red.command(owner, "unload bowerbird_cog", "unloaded")
    asked_in_vain = await alice.say("general", f"{playground.bot.mention} are you there?")
    await red.command(owner, "ping", "Pong")
    assert not [
        message for message in alice.messages("general") if message.reference_id == asked_in_vain.id
    ]
