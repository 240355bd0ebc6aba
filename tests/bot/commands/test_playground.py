"""`bowerbird playground`: one command, no token, and nothing of the owner's is touched."""

from __future__ import annotations

import asyncio
import re
import signal
from pathlib import Path

import aiohttp
import psutil
import pytest

from bowerbird.bot.commands.playground import _environment
from bowerbird.bot.settings import Settings
from bowerbird.playground import Playground
from tests.console import Console, assert_says


@pytest.fixture
def trying(bowerbird: Console, tiny_model_dir: Path) -> Console:
    bowerbird.env["BASE_MODEL"] = str(tiny_model_dir)
    return bowerbird


def test_nothing_of_the_owners_leaks_in(tmp_path: Path) -> None:
    owner = {
        "DISCORD_TOKEN": "the-real-one",
        "DISCORD_API_URL": "https://discord.com/api/v10",
        "DATABASE_URL": "postgresql+asyncpg://u:p@production/bower",
        "METRICS_PORT": "9100",
        "DEVICE": "cpu",
    }
    settings = Settings(_env_file=None, data_dir=tmp_path, discord_token="the-real-one")
    child = _environment(settings, Playground(), owner)
    assert "the-real-one" not in child.values()
    assert "127.0.0.1" in child["DISCORD_API_URL"]
    assert str(tmp_path / "playground" / "bowerbird.db") in child["DATABASE_URL"]
    assert child["DATA_DIR"] == str(tmp_path / "playground")
    assert child["MODELS_DIR"] == str(tmp_path / "models")
    assert child["METRICS_PORT"] == "0"
    assert child["DEVICE"] == "cpu"


@pytest.mark.e2e
async def test_it_runs_and_ctrl_c_stops_all_of_it(trying: Console) -> None:
    # The owner's own .env lies there and must not matter.
    (trying.home / ".env").write_text(
        "DISCORD_TOKEN=the-real-one\nDATABASE_URL=sqlite+aiosqlite:////dev/null/x.db\n"
    )
    async with trying.start("playground", "--port", "0", "--no-browser") as running:
        line = await running.line_with("The bot is there")
        address = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert address is not None
        async with aiohttp.ClientSession() as session, session.get(address[0]) as page:
            assert page.status == 200
            assert "<title>" in (await page.text()).lower()
        children = psutil.Process(running.pid).children()
        assert children
        running.send(signal.SIGINT)
        assert await running.ended() == 0, running.said
    assert not [child for child in children if child.is_running()]
    assert "the-real-one" not in running.said
    assert "Traceback" not in running.said
    assert (trying.home / "data" / "playground" / "bowerbird.db").is_file()


@pytest.mark.e2e
@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="a terminal cannot hang up here")
async def test_a_closed_terminal_leaves_no_orphan(trying: Console) -> None:
    async with trying.start("playground", "--port", "0", "--no-browser") as running:
        await running.line_with("Loading")
        children = psutil.Process(running.pid).children()
        assert children
        running.send(signal.SIGHUP)
        assert await running.ended() == 0, running.said
    assert not [child for child in children if child.is_running()]


@pytest.mark.e2e
async def test_killed_it_leaves_no_orphan_and_no_lock(trying: Console) -> None:
    for words in ("Loading", "The bot is there"):
        async with trying.start("playground", "--port", "0", "--no-browser") as running:
            await running.line_with(words)
            children = psutil.Process(running.pid).children()
            assert children
            running.send(signal.SIGKILL)
            assert await running.ended() == -signal.SIGKILL, running.said
            _, alive = await asyncio.to_thread(psutil.wait_procs, children, 30)
            assert alive == []


@pytest.mark.e2e
async def test_a_bot_that_dies_is_told(trying: Console) -> None:
    async with trying.start("playground", "--port", "0", "--no-browser") as running:
        await running.line_with("The bot is there")
        for child in psutil.Process(running.pid).children():
            child.kill()
        assert await running.ended() == 1
    last = running.said.splitlines()[-1]
    assert last.startswith("bowerbird: the bot stopped (exit code -9)")


@pytest.mark.e2e
def test_a_bot_that_cannot_start_is_told(trying: Console) -> None:
    (trying.home / "data").mkdir()
    (trying.home / "data" / "playground").write_text("in the way")
    done = trying("playground", "--port", "0", "--no-browser")
    assert done.returncode == 1
    assert "playground" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_only_loopback(trying: Console) -> None:
    done = trying("playground", "--host", "0.0.0.0")  # noqa: S104  (that it is refused is the test)
    assert_says(done, 2, "loopback")


async def test_a_taken_port(trying: Console) -> None:
    async with Playground() as other:
        done = await asyncio.to_thread(trying, "playground", "--port", str(other.port))
    assert_says(done, 1, "the port is in use")
