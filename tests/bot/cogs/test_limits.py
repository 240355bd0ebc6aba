"""What a server's admins set, as people in Discord meet it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bowerbird.bot import answering
from bowerbird.bot.catalogue import english
from bowerbird.playground import Playground
from bowerbird.playground.model import Message
from bowerbird.playground.people import Person
from tests.bot import house as houses
from tests.bot.house import House


async def decide(house: House, **changes: Any) -> None:
    await house.services.servers.change(house.scope_id, lambda old: replace(old, **changes))


async def notice_for(person: Person, question: Message) -> Message:
    notice = await person.wait_for_reply(question)
    assert notice.content.startswith("-# ")
    assert notice.pings == []
    return notice


def other_channel(house: House, name: str) -> int:
    world = house.playground.world
    return world.create_channel(world.guilds[house.scope_id], name).id


async def test_a_blocked_channel_is_silent_with_its_threads(house: House) -> None:
    alice = house.person("alice")
    botless = other_channel(house, "botless")
    reply = await house.ask(alice, "before", botless)
    thread = await alice.open_thread(botless, "a talk")
    await decide(house, blocked_channels=frozenset({botless}))
    await alice.say(botless, f"{house.mention} hello?")
    await alice.say(thread, f"{house.mention} and here?")
    await alice.react(reply, "🔄")
    refused = await (await alice.slash(botless, "ask", prompt="hello?")).answered()
    assert refused.is_ephemeral
    assert "do not want me to answer in this channel" in refused.content
    await house.ask(alice, "elsewhere")
    dm = await alice.dm()
    await house.finished_reply(alice, await alice.say(dm, "and in a DM"))
    assert len(house.backend.requests) == 3


@pytest.mark.provokes(404)
async def test_only_allowed_channels(house: House) -> None:
    alice = house.person("alice")
    home = other_channel(house, "bots")
    await decide(house, allowed_channels=frozenset({home}))
    await alice.say("general", f"{house.mention} hello?")
    await house.ask(alice, "hello", home)
    thread = await alice.open_thread(home, "a talk")
    await house.ask(alice, "hello again", thread)
    assert len(house.backend.requests) == 2


async def test_only_certain_roles_and_told_once(playground: Playground, tmp_path: Path) -> None:
    guild = next(iter(playground.world.guilds.values()))
    everyone = guild.roles[guild.id]
    role = playground.world.create_role(guild, "Talkers", everyone.permissions)
    guild.members[playground.person("bob").id].role_ids.add(role.id)
    async with houses.running(playground, tmp_path) as house:
        alice, bob = house.person("alice"), house.person("bob")
        await decide(house, allowed_roles=frozenset({role.id}))
        first = await alice.say("general", f"{house.mention} one")
        notice = await notice_for(alice, first)
        assert f"<@&{role.id}>" in notice.content
        second = await alice.say("general", f"{house.mention} two")
        await house.ask(bob, "I may")
        assert house.replies_to(second, alice.channel("general")) == []
        refused = await (await alice.slash("general", "ask", prompt="three")).answered()
        await check_second_thoughts(house, bob)
        assert refused.is_ephemeral  # whoever uses a command always gets an answer
        assert len(house.backend.requests) == 3


async def check_second_thoughts(house: House, person: Person) -> None:
    """A fetched question does not tell its author's roles, the press of a button does."""
    question = await person.say("general", f"{house.mention} red")
    await house.finished_reply(person, question)
    await person.edit(question, f"{house.mention} blue")
    offer = await person.wait_for_message(lambda m: m.content == f"-# {english()('again-offer')}")
    await person.click(offer, f"bowerbird:again:{person.id}:{question.id}")
    await person.wait_for_message(lambda m: m.content == "You said: blue")


async def test_a_pause_and_a_daily_limit(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    await decide(house, cooldown_s=300)
    reply = await house.ask(alice, "one")
    question = await alice.say("general", f"{house.mention} two")
    assert "every 300 seconds" in (await notice_for(alice, question)).content
    await decide(house, cooldown_s=0, daily_replies=1)
    await house.ask(bob, "mine")
    await bob.say("general", f"{house.mention} one more")
    notice = await bob.wait_for_message(lambda m: "1 replies a person and day" in m.content)
    assert notice.pings == []
    await house.ask(alice, "two")
    count = len(house.backend.requests)
    await alice.react(reply, "🔄")  # counts like any other reply
    await alice.say("general", f"{house.mention} three")
    await house.finished_reply(bob, await bob.say(await bob.dm(), "after those"))
    assert len(house.backend.requests) == count + 1
    await decide(house, daily_replies=0)
    await house.ask(alice, "four")


async def test_a_reply_begun_anew_is_another_reply(house: House) -> None:
    alice = house.person("alice")
    await decide(house, daily_replies=2)
    house.backend.gate.clear()
    house.backend.script.extend(["one two", "three four"])
    question = await alice.say("general", f"{house.mention} talk")
    reply = await alice.wait_for_reply(question)
    await alice.react(reply, "🔄")
    await alice.wait_until(lambda: reply.content == "three")
    restart = f"bowerbird:restart:{alice.id}"
    await alice.wait_until(lambda: restart in str(reply.components))
    refused = await (await alice.click(reply, restart)).answered()
    assert refused.is_ephemeral
    assert "2 replies a person and day" in refused.content
    await alice.unreact(reply, "🔄")
    await alice.react(reply, "🔄")
    house.backend.gate.set()
    await alice.wait_until(lambda: reply.content == "three four" and len(reply.reactions) >= 3)
    assert len(house.backend.requests) == 2


async def test_limits_end_at_the_servers_border(house: House) -> None:
    alice = house.person("alice")
    await decide(house, daily_replies=1)
    await house.ask(alice, "one")
    dm = await alice.dm()
    for text in ("two", "three"):
        await house.finished_reply(alice, await alice.say(dm, text))
    assert len(house.backend.requests) == 3


async def test_direct_messages_have_limits_too(playground: Playground, tmp_path: Path) -> None:
    async with houses.running(playground, tmp_path, dm_cooldown_s=300) as house:
        alice = house.person("alice")
        dm = await alice.dm()
        await house.finished_reply(alice, await alice.say(dm, "one"))
        assert "every 300 seconds" in (await notice_for(alice, await alice.say(dm, "two"))).content
        refused = await (await alice.slash(dm, "ask", prompt="two")).answered()
        assert "every 300 seconds" in refused.content
        await house.ask(alice, "on a server")
        assert len(house.backend.requests) == 2


async def test_a_servers_budget_of_tokens(house: House) -> None:
    """What was read costs, also if the question is withdrawn."""
    alice, bob = house.person("alice"), house.person("bob")
    await decide(house, server_cooldown_s=300)
    await house.ask(alice, "one")
    hurried = await bob.say("general", f"{house.mention} and me?")
    assert "one question every 300 seconds" in (await notice_for(bob, hurried)).content
    await decide(house, server_cooldown_s=0, daily_tokens=len("You said: one You"))
    house.backend.gate.clear()
    question = await alice.say("general", f"{house.mention} two")
    begun = await alice.wait_for_reply(question)
    await alice.delete(question)
    await alice.wait_until(lambda: begun.is_deleted)
    house.backend.gate.set()
    question = await alice.say("general", f"{house.mention} three")
    assert "I have written all that I may" in (await notice_for(alice, question)).content
    assert len(house.backend.requests) == 2


async def test_one_busy_server_leaves_room_for_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "MAX_WAITING_PER_SCOPE", 2)
    alice, bob, carol = (house.person(name) for name in ("alice", "bob", "carol"))
    house.backend.gate.clear()
    questions = [await person.say("general", f"{house.mention} one") for person in (alice, bob)]
    await alice.wait_until(lambda: len(house.backend.requests) == 2)
    question = await carol.say("general", f"{house.mention} me too")
    assert "Too many are asking me here" in (await notice_for(carol, question)).content
    dm = await carol.dm()
    elsewhere = await carol.say(dm, "and here?")
    house.backend.gate.set()
    await house.finished_reply(carol, elsewhere)
    for person, asked in zip((alice, bob), questions, strict=True):
        await house.finished_reply(person, asked)
