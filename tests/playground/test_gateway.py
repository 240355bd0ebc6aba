"""Connecting, resuming, intents, compression, as the real client and a raw socket see them."""

from __future__ import annotations

import json
import zlib
from typing import Any

import aiohttp
import discord
import pytest

from bowerbird.playground import Playground
from bowerbird.playground.model import ApplicationFlag
from bowerbird.playground.permissions import Permission
from bowerbird.playground.world import DEMO_TOKEN
from tests.playground import trial_bot
from tests.playground.trial_bot import TrialBot

GUILDS_AND_MESSAGES = discord.Intents(guilds=True, messages=True).value


class ZlibContext:
    """discord.py's own context for clients without zstandard, which it defines only there."""

    COMPRESSION_TYPE = "zlib-stream"

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.context = zlib.decompressobj()

    def decompress(self, data: bytes, /) -> str | None:
        self.buffer.extend(data)
        if data[-4:] != b"\x00\x00\xff\xff":
            return None
        text = self.context.decompress(bytes(self.buffer))
        self.buffer.clear()
        return text.decode("utf-8")


async def test_the_client_sees_the_default_world(playground: Playground, bot: TrialBot) -> None:
    (guild,) = bot.guilds
    assert guild.name == "The Bower"
    assert guild.owner_id == playground.world.user_named("owner").id
    assert [channel.name for channel in guild.text_channels] == ["general", "garden"]
    assert bot.application_id == playground.bot.id
    assert guild.me.guild_permissions.send_messages
    assert not guild.me.guild_permissions.manage_messages


async def test_zlib_streams_work_with_the_client(
    playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discord.utils, "_ActiveDecompressionContext", ZlibContext)
    alice = playground.person("alice")
    async with trial_bot.running(playground):
        sent = await alice.say("general", f"{playground.bot.mention} ünï 🐦")
        assert (await alice.wait_for_reply(sent)).content == "hello"


async def test_uncompressed_sockets_heartbeat(playground: Playground) -> None:
    async with Socket(playground) as socket:
        assert (await socket.receive())["d"]["heartbeat_interval"] == 41_250
        await socket.send(1, None)
        assert (await socket.receive())["op"] == 11


async def test_a_dropped_client_resumes_and_misses_nothing(
    playground: Playground, bot: TrialBot
) -> None:
    alice = playground.person("alice")
    await playground.drop_bot()
    sent = await alice.say("general", f"{playground.bot.mention} still there?")
    assert (await alice.wait_for_reply(sent)).content == "hello"
    await bot.until_heard("resumed")
    assert playground.gateway.resume_count == 1
    assert playground.gateway.identify_count == 1


async def test_asked_to_reconnect_the_client_resumes(playground: Playground, bot: TrialBot) -> None:
    await playground.gateway.ask_to_reconnect(playground.bot)
    await bot.until_heard("resumed")
    assert playground.gateway.identify_count == 1


async def test_an_invalid_session_makes_the_client_identify_again(
    playground: Playground, bot: TrialBot
) -> None:
    alice = playground.person("alice")
    await playground.invalidate_session()
    await bot.until_heard("ready", 2)
    sent = await alice.say("general", playground.bot.mention)
    assert (await alice.wait_for_reply(sent)).content == "hello"
    assert (playground.gateway.identify_count, playground.gateway.resume_count) == (2, 0)


async def test_a_wrong_token_is_refused_before_the_gateway(playground: Playground) -> None:
    with pytest.raises(discord.LoginFailure):
        async with trial_bot.running(playground, token="wrong"):
            raise AssertionError("let in")
    assert [record.status for record in playground.requests] == [401]


async def test_a_privileged_intent_not_granted_is_refused(playground: Playground) -> None:
    application = playground.world.applications[playground.bot.id]
    application.flags = ApplicationFlag.NONE
    async with trial_bot.TrialBot(trial_bot.intents(message_content=True)) as bot:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await bot.start(DEMO_TOKEN)


async def test_content_is_withheld_without_its_intent(
    playground: Playground, bot: TrialBot
) -> None:
    alice = playground.person("alice")
    mine = await alice.say("general", f"{playground.bot.mention} a")
    reply = await alice.wait_for_reply(mine)
    await alice.say("general", "secret")
    await alice.say("general", f"{playground.bot.mention} nothing")
    await alice.say("general", "replying, with a ping", reply_to=reply)
    await alice.say("general", "replying, without", reply_to=reply, ping=False)
    await alice.say(await alice.dm(), "in private")
    await bot.until_heard("message", 7)
    by_people = [m for m in bot.heard_of("message") if not m.author.bot]
    assert [message.content for message in by_people] == [
        f"{playground.bot.mention} a",
        "",
        f"{playground.bot.mention} nothing",
        "replying, with a ping",
        "",
        "in private",
    ]
    quoted = by_people[4].reference.resolved
    assert quoted.content == "hello", "what the bot said itself stays readable"


async def test_content_comes_with_its_intent(playground: Playground) -> None:
    alice = playground.person("alice")
    async with trial_bot.running(playground, message_content=True) as bot:
        await alice.say("general", "no secret")
        assert (await bot.until_heard("message")).content == "no secret"


async def test_rest_withholds_content_by_the_application_not_the_session(
    playground: Playground, bot: TrialBot
) -> None:
    sent = await playground.person("alice").say("general", "overheard")
    channel = bot.get_channel(sent.channel_id)
    assert isinstance(channel, discord.TextChannel)
    assert (await channel.fetch_message(sent.id)).content == "overheard"
    playground.world.applications[playground.bot.id].flags = ApplicationFlag.NONE
    assert (await channel.fetch_message(sent.id)).content == ""


async def test_unasked_events_do_not_come(playground: Playground) -> None:
    alice = playground.person("alice")
    async with trial_bot.running(playground, guild_reactions=False, dm_messages=False) as bot:
        sent = await alice.say("general", "one")
        await alice.react(sent, "👍")
        await alice.say(await alice.dm(), "two")
        await alice.say("general", "three")
        await bot.until_heard("message", 2)
        channels = {message.channel.id for message in bot.heard_of("message")}
        assert channels == {sent.channel_id}
        assert not bot.heard_of("reaction_add")


async def test_hidden_channels_are_silent(playground: Playground, bot: TrialBot) -> None:
    alice = playground.person("alice")
    playground.deny(alice.channel("garden"), Permission.VIEW_CHANNEL)
    await alice.say("garden", f"{playground.bot.mention} nothing")
    seen = await alice.say("general", f"{playground.bot.mention} nothing")
    assert (await bot.until_heard("message")).id == seen.id


async def test_members_come_over_the_gateway(playground: Playground) -> None:
    async with trial_bot.running(playground, members=True) as bot:
        guild = bot.guilds[0]
        assert sorted(member.name for member in guild.members) == [
            "Bowerbird",
            "alice",
            "bob",
            "carol",
            "owner",
        ]
        assert [m.name for m in await guild.query_members("ali")] == ["alice"]


async def test_two_shards_share_servers_and_leave_dms_to_the_first(
    playground: Playground,
) -> None:
    world, alice = playground.world, playground.person("alice")
    guild_id = next(iter(world.guilds))
    home = (guild_id >> 22) % 2
    async with Socket(playground) as socket:
        await socket.receive()
        await socket.identify(GUILDS_AND_MESSAGES, shard=[1 - home, 2])
        ready = await socket.receive()
        assert ready["d"]["guilds"] == []
        await alice.say("general", "not for this shard")
        await socket.send(1, None)
        assert (await socket.receive())["op"] == 11


@pytest.mark.parametrize(
    ("payloads", "code"),
    [
        (["{"], 4002),
        ([{"op": 99}], 4003),
        ([{"op": 2, "d": {"token": "no", "intents": 1}}], 4004),
        ([{"op": 2, "d": {"token": DEMO_TOKEN, "intents": 1}}] * 2, 4005),
        ([{"op": 2, "d": {"token": DEMO_TOKEN, "intents": 1 << 40}}], 4013),
        ([{"op": 2, "d": {"token": DEMO_TOKEN, "intents": 1, "shard": [2, 2]}}], 4010),
        ([{"op": 2, "d": {"token": DEMO_TOKEN, "intents": 1}}, {"op": 99}], 4001),
        ([{"op": 1}] * 121, 4008),
    ],
)
async def test_misuse_ends_with_discords_close_codes(
    playground: Playground, payloads: list[Any], code: int
) -> None:
    async with Socket(playground) as socket:
        for payload in payloads:
            text = payload if isinstance(payload, str) else json.dumps(payload)
            await socket.socket.send_str(text)
        assert await socket.close_code() == code


async def test_a_session_that_cannot_be_resumed_is_invalid(playground: Playground) -> None:
    async with Socket(playground) as socket:
        await socket.receive()
        await socket.send(6, {"token": DEMO_TOKEN, "session_id": "unheard of", "seq": 1})
        assert await socket.receive() == {"op": 9, "d": False}


async def test_a_resume_past_the_end_is_closed(playground: Playground) -> None:
    async with Socket(playground) as socket:
        await socket.receive()
        await socket.identify(GUILDS_AND_MESSAGES)
        session_id = (await socket.receive())["d"]["session_id"]
        async with Socket(playground) as second:
            resume = {"token": DEMO_TOKEN, "session_id": session_id, "seq": 10_000}
            await second.send(6, resume)
            assert await second.close_code() == 4007


async def test_silence_ends_the_connection(playground: Playground) -> None:
    playground.gateway.heartbeat_interval_ms = 20
    async with Socket(playground) as socket:
        assert await socket.close_code() == 4009


class Socket:
    """A bare gateway connection, uncompressed."""

    def __init__(self, playground: Playground) -> None:
        self.url = f"{playground.gateway_url}?v=10&encoding=json"

    async def __aenter__(self) -> Socket:
        self.session = aiohttp.ClientSession()
        self.socket = await self.session.ws_connect(self.url)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()
        await self.session.close()

    async def send(self, opcode: int, data: Any) -> None:
        await self.socket.send_json({"op": opcode, "d": data})

    async def identify(self, intents: int, **more: Any) -> None:
        await self.send(2, {"token": DEMO_TOKEN, "intents": intents, "properties": {}, **more})

    async def receive(self) -> Any:
        return await self.socket.receive_json(timeout=30)

    async def close_code(self) -> int | None:
        async for _ in self.socket:
            pass
        return self.socket.close_code
