"""Who is answered, where, with which conversation, and what happens to questions that change."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import discord
import pytest

from bowerbird.bot import context
from bowerbird.personalization.errors import QueueFullError
from bowerbird.playground import Playground, serialize
from bowerbird.playground.model import Attachment
from bowerbird.playground.permissions import Permission
from tests.bot import house as houses
from tests.bot.house import House


async def test_a_mention_is_answered_and_nobody_pinged(house: House) -> None:
    alice = house.person("alice")
    reply = await house.ask(alice, f"tell {house.person('bob').mention} what you collect")
    assert reply.content == "You said: tell @Bob what you collect"
    assert reply.pings == []
    assert [str(reaction.emoji.name) for reaction in reply.reactions] == ["👍", "👎", "🔄"]


async def test_a_dm_needs_no_mention_and_remembers(house: House) -> None:
    alice = house.person("alice")
    dm = await alice.dm()
    first = await alice.say(dm, "my name is Alice")
    await house.finished_reply(alice, first)
    second = await alice.say(dm, "who am I?")
    await house.finished_reply(alice, second)
    assert house.backend.prompts[-1].endswith(
        "<user>my name is Alice\n<assistant>You said: my name is Alice\n"
        "<user>who am I?\n<assistant>"
    )


async def test_a_reply_chain_is_the_conversation(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    first = await house.ask(alice, "I like blue")
    again = await alice.say("general", "and you?", reply_to=first)
    second = await house.finished_reply(alice, again)
    assert (
        "<user>I like blue\n<assistant>You said: I like blue\n<user>and you?"
        in (house.backend.prompts[-1])
    )
    joined = await bob.say("general", "and me?", reply_to=second)
    await house.finished_reply(bob, joined)
    assert re.search(
        r"<user>Alice: I like blue\n.*<user>Alice: and you\?\n.*<user>Bob: and me\?\n<assistant>$",
        house.backend.prompts[-1],
        re.DOTALL,
    )


async def test_what_was_forwarded_stays_where_it_was(house: House) -> None:
    """The message may be at hand, and what stands above it there is not for the readers here."""
    alice, world = house.person("alice"), house.playground.world
    staff = world.create_channel(world.guilds[house.scope_id], "staff")
    said, copy = await alice.say(staff, "agreed"), await alice.say("general", "look")
    state = house.client._connection

    async def at_hand() -> bool:
        return None not in {state._get_message(said.id), state._get_message(copy.id)}

    await house.until(at_hand)
    forward: Any = state._get_message(copy.id)
    where: Any = {"type": 1, "message_id": said.id, "channel_id": staff.id}
    forward.reference = discord.MessageReference.with_state(state, where)
    assert forward.reference.cached_message.content == "agreed"
    assert await context.referred(forward) is None


async def test_a_reply_without_ping_is_answered_too(house: House) -> None:
    alice = house.person("alice")
    first = await house.ask(alice, "hello")
    again = await alice.say("general", "quietly", reply_to=first, ping=False)
    assert (await house.finished_reply(alice, again)).content == "You said: quietly"


@pytest.mark.provokes(404)
async def test_threads_it_was_called_into_need_no_mention(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    reply = await house.ask(alice, "shall we talk?")
    thread = await alice.open_thread(reply, "our talk")
    said = await alice.say(thread, "here we are")
    assert (await house.finished_reply(alice, said)).content == "You said: here we are"
    assert "You said: shall we talk?" in house.backend.prompts[-1]
    count = len(house.backend.requests)
    await bob.say(thread, f"{alice.mention} how are you?")  # to somebody else
    other = await alice.say(thread, "and now?")
    await house.finished_reply(alice, other)
    assert len(house.backend.requests) == count + 1


@pytest.mark.provokes(404)
async def test_a_thread_is_known_again_after_a_restart(
    playground: Playground, tmp_path: Path
) -> None:
    async with houses.running(playground, tmp_path) as house:
        alice = house.person("alice")
        thread = await alice.open_thread("general", "a talk")
        await house.ask(alice, "come in", thread)
    async with houses.running(playground, tmp_path) as house:
        said = await alice.say(thread, "still there?")
        assert (await house.finished_reply(alice, said)).content == "You said: still there?"


@pytest.mark.provokes(404)
async def test_other_threads_and_messages_are_left_alone(house: House) -> None:
    alice = house.person("alice")
    thread = await alice.open_thread("general", "not for bots")
    await alice.say(thread, "just us")
    await alice.say("general", "hello everybody")
    await house.ask(alice, "but you")
    assert len(house.backend.requests) == 1


async def test_webhooks_are_left_alone(house: House) -> None:
    alice, world = house.person("alice"), house.playground.world
    said = await alice.say("general", "what people say arrives like this")
    event = serialize.message_event(world, said, house.playground.bot)
    event |= {"id": str(world.new_id()), "content": f"{house.mention} hi", "webhook_id": "1"}
    del event["member"]
    house.client._connection.parse_message_create(cast("Any", event))
    await house.ask(alice, "but you")
    assert len(house.backend.requests) == 1


async def test_an_empty_mention_gets_a_hint(house: House) -> None:
    alice = house.person("alice")
    question = await alice.say("general", house.mention)
    reply = await alice.wait_for_reply(question)
    assert reply.content == f"-# {house.english('chat-hello')}"
    follow_up = await alice.say("general", "so: hi", reply_to=reply)
    await house.finished_reply(alice, follow_up)
    assert house.english("chat-hello") not in house.backend.prompts[-1]


async def test_a_picture_alone_is_declined(house: House) -> None:
    alice = house.person("alice")
    picture = Attachment(
        id=house.playground.world.new_id(),
        filename="a.png",
        content_type="image/png",
        content=b"png",
    )
    question = await alice.say("general", house.mention, attachments=[picture])
    assert (await alice.wait_for_reply(question)).content == f"-# {house.english('chat-only-text')}"


async def test_long_replies_are_split_and_chained(house: House) -> None:
    alice = house.person("alice")
    code = "\n".join(f"print({number})" for number in range(250))
    house.backend.script.append(f"Look:\n```python\n{code}\n```\nThat is all.")
    question = await alice.say("general", f"{house.mention} much code please")
    last = await alice.wait_for_message(lambda m: "That is all." in m.content)
    await alice.wait_until(lambda: len(last.reactions) == 3)
    first = await alice.wait_for_reply(question)
    assert first is not last
    assert last.reference_id == first.id
    assert all(message.content.count("```") == 2 for message in (first, last))
    assert all(len(message.content) <= 2000 for message in (first, last))
    again = await alice.say("general", "and then?", reply_to=last)
    await house.finished_reply(alice, again)
    assert f"Look:\n```python\n{code}\n```\nThat is all." in house.backend.prompts[-1]


async def test_questions_of_one_person_are_answered_in_order(house: House) -> None:
    alice = house.person("alice")
    dm = await alice.dm()
    house.backend.gate.clear()
    first = await alice.say(dm, "one two")
    await alice.wait_for_reply(first)
    second = await alice.say(dm, "three four")
    house.backend.gate.set()
    reply = await house.finished_reply(alice, second)
    assert reply.content == "You said: three four"
    assert "<assistant>You said: one two\n<user>three four" in house.backend.prompts[-1]


async def test_a_withdrawn_question_takes_its_reply_along(house: House) -> None:
    alice = house.person("alice")
    house.backend.gate.clear()
    question = await alice.say("general", f"{house.mention} never mind")
    reply = await alice.wait_for_reply(question)
    await alice.delete(question)
    await alice.wait_until(lambda: reply.is_deleted)
    assert house.backend.cancelled == 1
    assert not house.services.replies.is_busy


@pytest.mark.provokes(404)
async def test_a_deleted_reply_stops_the_generation(house: House) -> None:
    alice, owner = house.person("alice"), house.person("owner")
    house.backend.gate.clear()
    question = await alice.say("general", f"{house.mention} say something rude")
    reply = await alice.wait_for_reply(question)
    await owner.delete(reply)
    await alice.wait_until(lambda: house.backend.cancelled == 1)
    assert house.replies_to(question, alice.channel("general")) == []


async def test_errors_are_one_sentence(house: House, caplog: pytest.LogCaptureFixture) -> None:
    alice = house.person("alice")
    house.backend.script.append(QueueFullError("too many people ask; try again in a minute"))
    question = await alice.say("general", f"{house.mention} hi")
    reply = await alice.wait_for_reply(question)
    assert reply.content == "-# Too many people ask; try again in a minute."
    house.backend.script.append(ZeroDivisionError("secret detail"))
    question = await alice.say("general", f"{house.mention} hi")
    reply = await alice.wait_for_reply(question)
    error_id = re.search(r"\(error (\w+)\)$", reply.content)
    assert error_id is not None
    assert "secret" not in reply.content
    assert error_id[1] in caplog.text
    assert "ZeroDivisionError: secret detail" in caplog.text


async def test_silence_is_answered_with_a_sentence(house: House) -> None:
    alice = house.person("alice")
    house.backend.script.append("  \n ")
    question = await alice.say("general", f"{house.mention} …")
    reply = await alice.wait_for_reply(question)
    assert reply.content == "-# I have nothing to say to that; try putting it differently."


async def test_without_permission_to_send_it_stays_silent(house: House) -> None:
    alice = house.person("alice")
    house.playground.deny(alice.channel("garden"), Permission.SEND_MESSAGES)
    await alice.say("garden", f"{house.mention} can you speak?")
    await house.ask(alice, "here you can")
    assert len(house.backend.requests) == 1


async def test_without_permission_to_react_there_are_buttons(house: House) -> None:
    alice = house.person("alice")
    house.playground.deny(alice.channel("garden"), Permission.ADD_REACTIONS)
    question = await alice.say("garden", f"{house.mention} hi")
    reply = await alice.wait_for_reply(question)
    await alice.wait_until(lambda: reply.content == "You said: hi")
    await alice.wait_until(lambda: [len(row["components"]) for row in reply.components] == [4])
    assert reply.reactions == []


@pytest.mark.provokes(429)
async def test_a_message_too_old_to_edit_is_continued_in_a_new_one(house: House) -> None:
    alice = house.person("alice")
    house.backend.gate.clear()
    question = await alice.say("general", f"{house.mention} one two three")
    reply = await alice.wait_for_reply(question)
    house.playground.expire_edits(reply)
    house.backend.gate.set()
    rest = await alice.wait_for_message(lambda m: m.content == "You said: one two three")
    assert rest is not reply
    assert rest.reference_id == reply.id


async def test_ask_quotes_the_prompt_and_can_be_followed_up(house: House) -> None:
    alice = house.person("alice")
    asked = await alice.slash("general", "ask", prompt="what is blue?")
    message = await asked.answered()
    await alice.wait_until(lambda: len(message.reactions) == 3)
    assert message.content == "> what is blue?\n\nYou said: what is blue?"
    again = await alice.say("general", "and red?", reply_to=message)
    await house.finished_reply(alice, again)
    assert (
        "<user>what is blue?\n<assistant>You said: what is blue?\n<user>and red?"
        in (house.backend.prompts[-1])
    )


async def test_edited_questions_are_edited_in_memory(house: House) -> None:
    alice = house.person("alice")
    await house.opt_in(alice)
    question = await alice.say("general", f"{house.mention} my number is 12345")
    reply = await house.finished_reply(alice, question)
    await alice.edit(question, f"{house.mention} my number is secret")

    async def is_edited() -> bool:
        kept = await house.store.reply_of_message(reply.id)
        return kept is not None and kept.turns[-1].text == "my number is secret"

    await house.until(is_edited)
    await alice.delete(question)

    async def is_gone() -> bool:
        return await house.store.reply_of_message(reply.id) is None

    await house.until(is_gone)
