"""Threads, as people and the real client open, join and close them."""

from __future__ import annotations

import discord
import pytest

from bowerbird.playground import Playground
from bowerbird.playground.errors import DiscordError
from bowerbird.playground.permissions import Permission
from tests.playground import trial_bot
from tests.playground.test_messages import text_channel
from tests.playground.trial_bot import TrialBot


async def test_the_bot_answers_in_a_persons_thread(playground: Playground, bot: TrialBot) -> None:
    alice, bob = playground.person("alice"), playground.person("bob")
    start = await alice.say("general", "let us talk")
    thread = await alice.open_thread(start, "about birds")
    assert thread.id == start.id
    created = await bot.until_heard("thread_create")
    assert (created.name, created.parent.name, created.owner_id) == (
        "about birds",
        "general",
        alice.id,
    )
    sent = await alice.say(thread, f"{playground.bot.mention} hi")
    reply = await alice.wait_for_reply(sent)
    assert reply.channel_id == thread.id
    joined = await bot.until_heard("thread_join")
    assert joined.id == thread.id, "being mentioned brings one in"
    assert thread in bob.channels(), "public"
    state = thread.thread
    assert state is not None
    assert set(state.members) == {alice.id, playground.bot.id}


async def test_the_bot_opens_threads(playground: Playground, bot: TrialBot) -> None:
    alice = playground.person("alice")
    sent = await alice.say("general", "topic")
    channel = text_channel(bot)
    thread = await channel.get_partial_message(sent.id).create_thread(name="on it")
    await thread.send("inside")
    assert [m.content for m in alice.messages(thread.id)] == ["", "inside"]
    with pytest.raises(discord.HTTPException) as again:
        await channel.get_partial_message(sent.id).create_thread(name="again")
    assert again.value.code == 160004
    alone = await channel.create_thread(
        name="alone", type=discord.ChannelType.public_thread, auto_archive_duration=60
    )
    assert alone.auto_archive_duration == 60
    members = await alone.fetch_members()
    assert [member.id for member in members] == [playground.bot.id]
    assert {t.name for t in await channel.guild.active_threads()} == {"on it", "alone"}
    await alone.leave()
    await alone.join()
    await alone.edit(archived=True)
    assert [t.name for t in await channel.guild.active_threads()] == ["on it"]


async def test_private_threads_need_an_invitation(playground: Playground, bot: TrialBot) -> None:
    alice, bob = playground.person("alice"), playground.person("bob")
    room = alice.channel("general")
    playground.world.overwrite(room, playground.bot, allow=Permission.CREATE_PRIVATE_THREADS)
    thread = await text_channel(bot).create_thread(name="quiet")
    record = playground.world.channel(thread.id)
    assert record not in alice.channels()
    await thread.add_user(discord.Object(alice.id))
    assert record in alice.channels()
    assert record not in bob.channels()
    with pytest.raises(DiscordError, match="Missing Access"):
        await bob.say(record, "hello?")


async def test_sending_in_threads_has_its_own_permission(
    playground: Playground, bot: TrialBot
) -> None:
    alice = playground.person("alice")
    thread = await alice.open_thread("general", "talk")
    playground.deny(alice.channel("general"), Permission.SEND_MESSAGES_IN_THREADS)
    channel = await bot.fetch_channel(thread.id)
    assert isinstance(channel, discord.Thread)
    with pytest.raises(discord.Forbidden) as caught:
        await channel.send("x")
    assert caught.value.code == 50013
    await text_channel(bot).send("x")


async def test_threads_are_there_after_a_restart(playground: Playground) -> None:
    alice = playground.person("alice")
    thread = await alice.open_thread("general", "talk")
    async with trial_bot.running(playground) as restarted:
        found = restarted.guilds[0].get_thread(thread.id)
    assert found is not None
    assert found.name == "talk"
