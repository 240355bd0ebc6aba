"""Our client: intents, addresses, command sync, loud cogs, shards, nothing left behind."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bowerbird.bot import client as client_module
from bowerbird.bot.client import COMMANDS_KEY, ShardedBowerbirdClient, create_client
from bowerbird.bot.cogs.my import MyCog
from bowerbird.bot.endpoints import Endpoints
from bowerbird.playground import Playground, RateLimits
from bowerbird.playground.model import ApplicationFlag
from bowerbird.playground.world import DEMO_TOKEN
from tests.bot import house as houses
from tests.fakes import FakeBackend, FakeExecutor


@pytest.fixture
async def playground() -> AsyncIterator[Playground]:
    async with Playground(rate_limits=RateLimits.generous()) as playground:
        yield playground


async def test_content_is_asked_for_where_it_is_granted(
    playground: Playground, tmp_path: Path
) -> None:
    async with houses.running(playground, tmp_path) as house:
        assert house.client.intents.message_content
        assert not house.client.intents.members
        assert not house.client.intents.presences


async def test_without_content_it_works_and_says_what_that_costs(
    playground: Playground, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    application = playground.world.applications[playground.bot.id]
    application.flags = ApplicationFlag(0)
    with caplog.at_level(logging.WARNING):
        async with houses.running(playground, tmp_path) as house:
            assert not house.client.intents.message_content
            alice = house.person("alice")
            reply = await house.ask(alice, "hi")
            again = await alice.say("general", "and again", reply_to=reply)
            assert (await house.finished_reply(alice, again)).content == "You said: and again"
            quiet = await alice.say("general", "quietly", reply_to=reply, ping=False)
            assert "leave the reply's ping on" in (await alice.wait_for_reply(quiet)).content
            thread = await alice.open_thread(reply, "talk")
            await alice.say(thread, "it cannot read this")
            asked = await house.ask(alice, "but this", thread)
            assert asked.content == "You said: but this"
    assert "Message Content intent is off" in caplog.text


async def test_every_address_is_ours_and_discords_is_put_back(
    playground: Playground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the server (a proxy of the real one, say) names another gateway."""
    discords_own = Route.BASE
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL("ws://127.0.0.1:9/stolen"))
    async with houses.running(playground, tmp_path) as house:
        assert playground.api_url == Route.BASE
        shard = house.client.ws
        shard.gateway = yarl.URL("ws://127.0.0.1:9/stolen")  # as READY would have it
        await playground.drop_bot()
        await playground.bot_ready()
        await house.ask(house.person("alice"), "still there?")
    assert discords_own == Route.BASE


async def test_it_knows_when_it_is_cut_off(playground: Playground, tmp_path: Path) -> None:
    async with houses.running(playground, tmp_path) as house:
        client, seen = house.client, asyncio.Queue[bool]()

        @client.listen()
        async def on_disconnect() -> None:
            seen.put_nowait(client.is_online)

        await client.wait_until_ready()
        assert client.is_online
        await playground.drop_bot()
        async with asyncio.timeout(30):
            assert await seen.get() is False
            while not client.is_online:
                await asyncio.sleep(0.01)


def test_two_addresses_in_one_process_are_refused() -> None:
    discords_own = Route.BASE
    first, same = (Endpoints("http://a/api/v10", "ws://a") for _ in range(2))
    one, two, three = (discord.Client(intents=discord.Intents.none()) for _ in range(3))
    first.enter(one)
    same.enter(two)
    with pytest.raises(RuntimeError, match="one Discord address"):
        Endpoints("http://b/api/v10", "ws://b").enter(three)
    first.leave()
    assert Route.BASE == "http://a/api/v10"
    first.leave()
    same.leave()
    assert discords_own == Route.BASE


async def test_commands_are_sent_only_when_they_changed(
    playground: Playground, tmp_path: Path
) -> None:
    async with houses.running(playground, tmp_path) as house:
        store, client = house.store, house.client
        assert not await client_module.sync_if_changed(client, store)
        await store.set_meta(COMMANDS_KEY, "older")
        assert await client_module.sync_if_changed(client, store)
        client.tree.remove_command("ask")
        assert await client_module.sync_if_changed(client, store)
        assert not await client_module.sync_if_changed(client, store)
    names = {command.name for command in playground.world.commands.values()}
    assert names == {"my", "retrain", "reset", "server", "bowerbird", "Teach a better reply"}


async def test_a_cog_that_fails_stops_the_start(
    playground: Playground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: MyCog) -> None:
        raise ValueError("no")

    monkeypatch.setattr(MyCog, "cog_load", fail)
    with pytest.raises(ValueError, match="no"):
        async with houses.running(playground, tmp_path):
            pytest.fail("it started all the same")


async def test_sharded_it_answers_as_well(playground: Playground, tmp_path: Path) -> None:
    settings = houses.settings_for(playground, tmp_path)
    async with houses.services_for(settings, FakeBackend(), FakeExecutor()) as services:
        client = create_client(settings, services, is_sharded=True)
        assert isinstance(client, ShardedBowerbirdClient)
        async with client:
            task = asyncio.create_task(client.start(DEMO_TOKEN))
            await playground.bot_ready()
            alice = playground.person("alice")
            question = await alice.say("general", f"{playground.bot.mention} hi")
            reply = await alice.wait_for_reply(question)
            await alice.wait_until(lambda: reply.content == "You said: hi")
        await asyncio.gather(task, return_exceptions=True)


async def test_closing_leaves_no_task_behind(playground: Playground, tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    async with houses.running(playground, tmp_path) as house:
        house.backend.gate.clear()
        alice = house.person("alice")
        await alice.wait_for_reply(await alice.say("general", f"{house.mention} one two"))
    left = [task for task in asyncio.all_tasks() - before if "playground" not in repr(task)]
    assert [task for task in left if "bowerbird/bot" in repr(task.get_coro())] == []
    assert house.backend.cancelled == 1
