"""`bowerbird run` as a process, against the playground: it lives, and it fails in one line."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from bowerbird.playground import Playground
from bowerbird.storage.records import (
    AdapterState,
    AdapterVersion,
    Consent,
    Feedback,
    FeedbackKind,
    NewReply,
    Reply,
    Turn,
)
from bowerbird.storage.sql import SqlStore
from tests.console import Console, Running, assert_says

START_S = 90.0


@pytest.fixture
async def server() -> AsyncIterator[Playground]:
    async with Playground() as playground:
        yield playground


@pytest.fixture
def outside(server: Playground, bowerbird: Console, tiny_model_dir: Path) -> Console:
    """A console whose Discord is the playground and whose model is tiny."""
    bowerbird.env |= {
        "DISCORD_TOKEN": "playground-token",
        "DISCORD_API_URL": server.api_url,
        "DISCORD_GATEWAY_URL": server.gateway_url,
        "BASE_MODEL": str(tiny_model_dir),
        "MAX_NEW_TOKENS": "8",
    }
    return bowerbird


async def reply_to_alice(server: Playground, running: Running) -> str:
    alice = server.person("alice")
    question = await alice.say("general", f"<@{server.bot.id}> what do you collect?")
    async with asyncio.timeout(START_S):
        while True:
            for message in server.world.messages.values():
                if message.reference_id == question.id and message.content:
                    return message.content
            assert running.is_alive, running.said
            await asyncio.sleep(0.05)


async def opened_store(console: Console) -> SqlStore:
    data = console.home / "data"
    data.mkdir()
    store = SqlStore(f"sqlite+aiosqlite:///{data}/bowerbird.db")
    await store.open()
    return store


async def add_vote(store: SqlStore, scope_id: int, user_id: int, number: int) -> None:
    """A reply of last night's and a vote on it: every second one liked."""
    at = datetime.now(UTC) - timedelta(minutes=60 - number)
    turns = (Turn("system", "Be kind."), Turn("user", f"What is {number}?", 100 + number, user_id))
    text = "Short." if number % 2 else "A long and winding reply. " * 4
    reply = NewReply(
        scope_id, user_id, 5, 100 + number, (200 + number,), turns, text, "tiny", None, {},
        "message", at,
    )  # fmt: skip
    await store.add_reply(reply)
    kind = FeedbackKind.LIKE if number % 2 else FeedbackKind.DISLIKE
    await store.put_feedback(Feedback(scope_id, 200 + number, user_id, kind, "message", at))


async def newest_reply(store: SqlStore, server: Playground) -> Reply | None:
    """What is stored of the bot's newest message."""
    ours = [m.id for m in server.world.messages.values() if m.author_id == server.bot.id]
    return await store.reply_of_message(max(ours))


@pytest.mark.e2e
async def test_a_life(outside: Console, server: Playground, unused_tcp_port: int) -> None:
    """Tells how it is, connects, answers, keeps a second bot away, and goes in peace."""
    health = {"METRICS_PORT": str(unused_tcp_port)}
    async with outside.start("run", **health) as running:
        await server.bot_ready(START_S)
        assert await ready(f"http://127.0.0.1:{unused_tcp_port}")
        assert await reply_to_alice(server, running)
        second = await asyncio.to_thread(outside, "run")
        assert second.returncode == 1
        assert "is running with DATA_DIR" in second.stderr.splitlines()[-1]
        same_port = await asyncio.to_thread(outside, "run", **health)
        assert_says(same_port, 1, f"127.0.0.1:{unused_tcp_port}: the port is in use")
        running.send(signal.SIGTERM)
        assert await running.ended() == 0, running.said
    assert "Traceback" not in running.said
    assert "playground-token" not in running.said
    assert "TRAINING_ACKNOWLEDGED" in running.said


async def ready(address: str) -> bool:
    """Waits until it says so; it must say that it is alive all along."""
    async with aiohttp.ClientSession(address) as session, asyncio.timeout(START_S):
        while True:
            async with session.get("/healthz") as response:
                assert response.status == 200
            async with session.get("/readyz") as response:
                if response.status == 200:
                    return (await response.json()) == {"discord": True}
            await asyncio.sleep(0.05)


@pytest.mark.e2e
async def test_a_corrupt_adapter_costs_the_touch_but_not_the_reply(
    outside: Console, server: Playground
) -> None:
    alice = server.person("alice")
    (guild,) = server.world.guilds.values()
    data = outside.home / "data"
    store = await opened_store(outside)
    folder = data / "adapters" / str(guild.id) / str(alice.id) / "v1"
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text("{}")
    (folder / "adapter_model.safetensors").write_bytes(b"\x00garbage" * 9)
    await store.set_consent(guild.id, alice.id, Consent.ON)
    record = AdapterVersion(
        guild.id,
        alice.id,
        1,
        AdapterState.ACCEPTED,
        outside.env["BASE_MODEL"],
        1,
        {},
        datetime.now(UTC),
    )
    await store.add_adapter(record, promote=True)
    await store.aclose()
    async with outside.start("run") as running:
        await server.bot_ready(START_S)
        assert await reply_to_alice(server, running)
        running.send(signal.SIGTERM)
        assert await running.ended() == 0, running.said
    complaints = [line for line in running.said.splitlines() if "cannot be used" in line]
    assert len(complaints) == 1
    assert re.search(rf"s{guild.id}-u{alice.id}-v1 .*base model answers", complaints[0])
    assert "Traceback" not in running.said


@pytest.mark.e2e
@pytest.mark.timeout(600)  # the worker has the lowest priority, also on a busy test machine
async def test_retrain_beside_a_running_bot(outside: Console, server: Playground) -> None:
    """Another process trains alice; the bot's next reply is made with what it published."""
    alice = server.person("alice")
    (guild,) = server.world.guilds.values()
    store = await opened_store(outside)
    await store.set_consent(guild.id, alice.id, Consent.ON)
    for number in range(8):
        await add_vote(store, guild.id, alice.id, number)
    outside.env["TRAINING_ACKNOWLEDGED"] = "true"
    async with outside.start("run") as running:
        await server.bot_ready(START_S)
        done = await asyncio.to_thread(outside, "retrain", "--user", str(alice.id), timeout_s=300)
        assert done.returncode == 0, done.stderr
        assert f"{alice.id} in {guild.id}: training 100 %" in done.stderr
        assert "Verdict" in done.stdout
        assert re.search(rf"{guild.id} +{alice.id} +1 +promoted ", done.stdout), done.stdout
        assert await reply_to_alice(server, running)
        async with asyncio.timeout(START_S):
            while not (reply := await newest_reply(store, server)):
                await asyncio.sleep(0.05)
        assert reply.adapter_version == 1
        running.send(signal.SIGTERM)
        assert await running.ended() == 0, running.said
    await store.aclose()
    assert "Traceback" not in running.said


async def test_sync_sends_the_commands_beside_a_running_bot(
    outside: Console, server: Playground
) -> None:
    (guild,) = server.world.guilds.values()
    everywhere = await asyncio.to_thread(outside, "sync", BASE_MODEL="not-even/there")
    assert everywhere.returncode == 0, everywhere.stderr
    assert "commands are registered for all servers" in everywhere.stdout
    here = await asyncio.to_thread(outside, "sync", "--guild", str(guild.id))
    assert here.returncode == 0, here.stderr
    names = {(command.name, command.guild_id) for command in server.world.commands.values()}
    assert {("retrain", None), ("retrain", guild.id)} <= names
    asks = [command.body for command in server.world.commands.values() if command.name == "ask"]
    assert {body["name_localizations"]["de"] for body in asks} == {"frag"}
    again = await asyncio.to_thread(outside, "sync")
    assert again.returncode == 0, again.stderr
    assert {command.guild_id for command in server.world.commands.values()} == {None}
    nowhere = await asyncio.to_thread(outside, "sync", "--guild", "12345")
    assert nowhere.returncode == 1
    assert "not in the server 12345" in nowhere.stderr.splitlines()[-1]
    assert "Traceback" not in nowhere.stderr


# --- one line each -------------------------------------------------------------------------------


def test_a_bot_that_cannot_stop_is_ended_when_its_parent_has_left() -> None:
    hanging = """
import asyncio, time
from bowerbird.bot.commands import run

async def main():
    run.LAST_S = 0.5
    run._stop_when_stdin_ends()
    try:
        await asyncio.sleep(60)
    finally:
        print("asked to stop", flush=True)
        time.sleep(60)

asyncio.run(main())
"""
    command = (sys.executable, "-c", hanging)
    ended = subprocess.run(command, input=b"", capture_output=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout) == (1, b"asked to stop\n"), ended.stderr


async def test_an_invalid_token_is_told_before_the_model_is_loaded(outside: Console) -> None:
    done = await asyncio.to_thread(outside, "run", DISCORD_TOKEN="wrong-token")
    assert_says(done, 1, "Discord refused DISCORD_TOKEN")
    assert "wrong-token" not in done.stderr


async def test_a_model_without_weights(outside: Console) -> None:
    (outside.home / "hollow").mkdir()
    (outside.home / "hollow" / "config.json").write_text("{}")
    done = await asyncio.to_thread(outside, "run", BASE_MODEL="hollow")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(
        "hollow holds no weights: no *.safetensors file in it"
    )
    assert "Traceback" not in done.stderr


async def test_an_unreachable_database(outside: Console) -> None:
    url = "sqlite+aiosqlite:////dev/null/x.db"
    done = await asyncio.to_thread(outside, "run", DATABASE_URL=url)
    assert done.returncode == 1
    assert "/dev/null/x.db" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
