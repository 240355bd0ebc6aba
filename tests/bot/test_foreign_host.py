"""The whole plugin with a real (tiny) model in a process that is somebody else's bot."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from bowerbird.bot.settings import Settings
from bowerbird.playground import Playground, RateLimits
from bowerbird.playground.world import DEMO_TOKEN

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "host_bot.py"
ELSEWHERE = ROOT / "tests" / "elsewhere.py"
DRIVE = Path(__file__).parent / "foreign" / "drive.py"


def environment(home: Path, model: Path) -> dict[str, str]:
    ours = {name.upper() for name in Settings.model_fields}
    return {name: value for name, value in os.environ.items() if name not in ours} | {
        "BASE_MODEL": str(model),
        "DTYPE": "float32",
        "DATA_DIR": str(home / "data"),
        "TRAINING_ACKNOWLEDGED": "true",
    }


@pytest.mark.timeout(330)  # two loads, a reload and five replies, in one process
@pytest.mark.skipif(sys.platform != "linux", reason="reads open files and children from /proc")
async def test_it_leaves_nothing_behind_however_often_it_comes(
    tmp_path: Path, tiny_model_dir: Path
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error::ResourceWarning", str(DRIVE)),
        cwd=tmp_path,
        env=environment(tmp_path, tiny_model_dir),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        stdout, stderr = await asyncio.wait_for(process.communicate(), 300)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, stderr.decode()
    told: dict[str, Any] = json.loads(stdout)
    before, *after = told["steps"]
    assert len(after) == 2
    assert before["files"] == before["objects"] == []
    for step in after:
        assert step == before
    for count in told["counts"]:
        assert count["held"] > 20, "the model was really there"
        assert count["left"] == 0
    assert told["silent"]
    assert told["commands"] == []
    assert "never retrieved" not in stderr.decode()
    assert "was destroyed" not in stderr.decode()


async def test_the_example_answers_as_itself_and_as_us(
    tmp_path: Path, tiny_model_dir: Path
) -> None:
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) <= 30
    async with Playground(rate_limits=RateLimits.generous()) as playground:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(ELSEWHERE), playground.api_url, playground.gateway_url),
            str(EXAMPLE),
            cwd=tmp_path,
            env=environment(tmp_path, tiny_model_dir) | {"DISCORD_TOKEN": DEMO_TOKEN},
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            await playground.bot_ready(60)
            alice = playground.person("alice")
            await alice.say("general", "!hello")
            await alice.wait_for_message(lambda m: m.content == "Hello from your own bot")
            question = await alice.say("general", f"{playground.bot.mention} hi")
            reply = await alice.wait_for_reply(question, 60)
            await alice.wait_until(lambda: len(reply.reactions) >= 3, 60, "the votes")
            status = await (await alice.slash("general", "my status")).answered()
            assert "Personalization" in status.content
        finally:
            process.terminate()
            _, stderr = await asyncio.wait_for(process.communicate(), 60)
        assert b"Traceback" not in stderr
