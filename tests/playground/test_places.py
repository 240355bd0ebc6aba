"""Servers, members, roles and the application, as REST and the gateway tell of them."""

from __future__ import annotations

import asyncio

import discord
import pytest

from bowerbird.playground import Playground
from bowerbird.playground.demo import default_world
from bowerbird.playground.rest import Record
from bowerbird.playground.world import DEMO_TOKEN
from tests.playground import schema
from tests.playground.trial_bot import TrialBot, intents


async def test_rest_tells_of_the_server(playground: Playground, bot: TrialBot) -> None:
    guild = await bot.fetch_guild(bot.guilds[0].id)
    alice = playground.person("alice")
    assert guild.approximate_member_count == 5
    assert [role.name for role in await guild.fetch_roles()] == ["@everyone", "Bowerbird"]
    assert [channel.name for channel in await guild.fetch_channels()] == ["general", "garden"]
    assert (await guild.fetch_member(alice.id)).display_name == "Alice"
    assert [g.id async for g in bot.fetch_guilds()] == [guild.id]
    assert (await bot.fetch_channel(alice.channel("general").id)).id
    found = await bot.http.request(
        discord.http.Route("GET", "/guilds/{guild_id}/members/search", guild_id=guild.id),
        params={"query": "bo", "limit": 10},
    )
    assert [member["user"]["username"] for member in found] == ["bob", "Bowerbird"]
    with pytest.raises(discord.NotFound) as caught:
        await guild.fetch_member(1)
    assert caught.value.code == 10007


async def test_members_can_be_listed(playground: Playground) -> None:
    async with TrialBot(intents(members=True)) as bot:
        await bot.login(DEMO_TOKEN)
        guild = await bot.fetch_guild(next(iter(playground.world.guilds)))
        assert len([member async for member in guild.fetch_members()]) == 5


async def test_the_application_says_what_it_may(playground: Playground, bot: TrialBot) -> None:
    about = await bot.application_info()
    assert about.id == playground.bot.id
    assert about.owner.name == "owner"
    assert about.flags.gateway_message_content_limited


async def test_somebody_elses_application_is_off_limits(
    playground: Playground, bot: TrialBot
) -> None:
    with pytest.raises(discord.Forbidden) as caught:
        await bot.http.get_global_commands(1)
    assert caught.value.code == 50001


async def test_comings_and_goings_are_heard(playground: Playground) -> None:
    world, owner = playground.world, playground.world.user_named("owner")
    async with TrialBot(intents(members=True)) as bot:
        await bot.login(DEMO_TOKEN)
        connection = asyncio.create_task(bot.connect())
        await bot.until_heard("ready")
        joined = asyncio.create_task(bot.wait_for("member_join", timeout=30))
        invited = asyncio.create_task(bot.wait_for("guild_join", timeout=30))
        sent_away = asyncio.create_task(bot.wait_for("guild_remove", timeout=30))
        opened = asyncio.create_task(bot.wait_for("guild_channel_create", timeout=30))
        await asyncio.sleep(0)  # lets the four start listening
        first = next(iter(world.guilds.values()))
        world.add_member(first, world.create_user("dave"))
        world.create_channel(first, "attic")
        second = world.create_guild("Elsewhere", owner)
        world.add_member(second, playground.bot)
        assert (await joined).name == "dave"
        assert (await opened).name == "attic"
        assert (await invited).name == "Elsewhere"
        world.remove_member(second, playground.bot)
        assert (await sent_away).id == second.id
        await bot.close()
        await connection


async def test_a_sharded_client_finds_its_way(playground: Playground) -> None:
    client = discord.AutoShardedClient(intents=intents())
    async with client:
        await client.login(DEMO_TOKEN)
        connection = asyncio.create_task(client.connect())
        await client.wait_until_ready()
        assert list(client.shards) == [0]
        assert [guild.name for guild in client.guilds] == ["The Bower"]
        await client.close()
        await connection


async def test_attachments_are_downloads(playground: Playground, bot: TrialBot) -> None:
    """An uploaded page must not run as the playground's own."""
    channel = bot.get_channel(playground.person("alice").channel("general").id)
    assert isinstance(channel, discord.TextChannel)
    file = discord.File(__file__, filename="page.html")
    sent = await channel.send(file=file)
    async with bot.http._HTTPClient__session.get(sent.attachments[0].url) as response:  # type: ignore[attr-defined]
        assert response.headers["Content-Disposition"] == "attachment"


def test_the_schema_check_can_fail() -> None:
    wrong = Record(0.0, "GET", "/api/v10/users/@me", "/users/@me", status=200, answer={"id": 1})
    events = [("MESSAGE_CREATE", {"id": "1"})]
    has_file = schema.official() is not None
    assert bool(schema.violations([wrong])) == has_file
    assert bool(schema.event_violations(events)) == has_file


def test_the_default_world_has_the_same_ids_every_time() -> None:
    one, other = default_world(), default_world()
    assert list(one.users) == list(other.users)
    assert list(one.guilds) == list(other.guilds)
    assert list(one.channels) == list(other.channels)
    assert one.new_id() > max(*one.users, *one.guilds, *one.channels)
