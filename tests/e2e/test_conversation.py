"""Talking to the bot as people do: at once, in chains, threads and DMs, changing their minds."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from bowerbird.playground.model import MessageKind
from tests.e2e.conftest import REPLY_S, Scene, parts_of
from tests.e2e.scripted_model import DEFAULT, SCRIPTS

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="session"),
]


async def test_everybody_gets_their_own_reply_at_the_same_time(scene: Scene) -> None:
    alice, bob, carol = scene.alice, scene.bob, scene.carol
    dm = await carol.dm(scene.playground.bot)
    asked = {
        "berries": await alice.say(scene.general, f"{scene.me} what about berries?"),
        "feathers": await bob.say(scene.general, f"{scene.me} what about feathers?"),
        "shells": await carol.say(dm, "what about shells?"),
        "": await carol.say(scene.general, f"{scene.me} what do you do?"),
    }
    replies = await asyncio.gather(*(scene.reply(question) for question in asked.values()))
    for (keyword, question), reply in zip(asked.items(), replies, strict=True):
        assert reply.content == SCRIPTS.get(keyword, DEFAULT)
        assert reply.channel_id == question.channel_id
        assert reply.kind is MessageKind.REPLY
        assert scene.replies_to(question) == [reply]


async def test_a_reply_streams_in_while_typing_is_shown(scene: Scene) -> None:
    question = await scene.alice.say(scene.general, f"{scene.me} tell me a story")
    typing = await scene.alice.wait_for(
        lambda seen: seen.name == "TYPING_START", REPLY_S, what="the bot typing"
    )
    assert typing.data["user_id"] == str(scene.playground.bot.id)
    begun = await scene.alice.wait_for_reply(question, REPLY_S)
    reply = await scene.reply(question)
    assert begun is reply
    assert reply.content == SCRIPTS["story"]
    states = [version.content for version in reply.versions]
    assert len(states) >= 3, "it came in one piece"
    for before, after in pairwise(states):
        assert after.startswith(before)
        assert len(after) > len(before)


async def test_a_long_reply_is_split_without_breaking_its_code(scene: Scene) -> None:
    reply = await scene.ask(scene.alice, "show me the program")
    parts = parts_of(scene, reply)
    assert len(parts) >= 3
    for part in parts:
        assert len(part.content) <= 2000
        assert part.content.count("```") % 2 == 0
        assert part.pings == []
    code = [line for part in parts for line in part.content.splitlines() if "branch_" in line]
    wanted = [line for line in SCRIPTS["program"].splitlines() if "branch_" in line]
    assert code == wanted
    prose = " ".join(part.content for part in parts)
    assert all(f"twig{n:03}" in prose for n in range(90))


async def test_a_reply_to_a_reply_carries_the_conversation_on(scene: Scene) -> None:
    await scene.consents(scene.alice)
    first = await scene.ask(scene.alice, "what about berries?")
    question = await scene.alice.say(scene.general, "and shells?", reply_to=first)
    second = await scene.reply(question)
    assert second.content == SCRIPTS["shells"]
    turns = scene.bot.rows(
        "SELECT t.role, t.text FROM turns t JOIN reply_messages m USING (reply_id)"
        " WHERE m.message_id = ? ORDER BY t.position",
        second.id,
    )
    assert turns[1:] == [
        ("user", "what about berries?"),
        ("assistant", SCRIPTS["berries"]),
        ("user", "and shells?"),
    ]


async def test_in_a_thread_it_stays_once_it_was_called(scene: Scene) -> None:
    scene.refused(404, "GET")  # whether it was opened on a message can only be tried
    thread = await scene.alice.open_thread(scene.general, "Blue things")
    await scene.alice.say(thread, "is anybody here?")  # being looked into when it is called
    called = await scene.alice.say(thread, f"{scene.me} what about berries?")
    assert (await scene.reply(called)).content == SCRIPTS["berries"]
    unaddressed = await scene.bob.say(thread, "and feathers?")
    assert (await scene.reply(unaddressed)).content == SCRIPTS["feathers"]


async def test_in_a_thread_it_was_not_called_into_it_is_silent(scene: Scene) -> None:
    scene.refused(404, "GET")
    thread = await scene.alice.open_thread(scene.general, "Private matters")
    ignored = await scene.alice.say(thread, "what about shells?")
    looked = f"/channels/{thread.id}/messages"
    await scene.alice.wait_until(
        lambda: any(looked in request.path for request in scene.playground.requests)
    )
    await scene.ask(scene.bob, "what about berries?")
    assert scene.replies_to(ignored) == []
    assert thread.message_ids == [ignored.id]


async def test_a_thread_on_its_reply_is_its_own(scene: Scene) -> None:
    reply = await scene.ask(scene.alice, "what about berries?")
    thread = await scene.bob.open_thread(reply, "More berries")
    question = await scene.bob.say(thread, "and shells?")
    assert (await scene.reply(question)).content == SCRIPTS["shells"]


async def test_slash_ask(scene: Scene) -> None:
    used = await scene.alice.slash(scene.general, "ask", prompt="what about berries?")
    answer = await used.answered(REPLY_S)
    wanted = "> what about berries?\n\n" + SCRIPTS["berries"]
    await scene.alice.wait_until(lambda: answer.content == wanted, REPLY_S)


async def test_nobody_is_pinged_and_bots_are_ignored(scene: Scene) -> None:
    world = scene.playground.world
    other = world.create_bot("Otherbot", "other-token", scene.owner.user)
    world.add_member(scene.guild, other)
    machine = scene.playground.person("Otherbot")
    ignored = await machine.say(scene.general, f"{scene.me} what about shells?")
    silent = await scene.bob.say(scene.general, "@everyone nobody asked the bot about shells")
    reply = await scene.ask(scene.alice, f"@everyone {scene.bob.mention} what about berries?")
    assert reply.content == SCRIPTS["berries"]
    assert reply.pings == []
    assert not reply.mentions_everyone
    # Its own turn would have come before alice's.
    assert scene.replies_to(ignored) == []
    assert scene.replies_to(silent) == []
    machine.leave()


async def test_a_withdrawn_question_takes_its_reply_away(scene: Scene) -> None:
    question = await scene.alice.say(scene.general, f"{scene.me} tell me a story")
    begun = await scene.alice.wait_for_reply(question, REPLY_S)
    await scene.alice.delete(question)
    assert begun.content != SCRIPTS["story"], "the reply was complete already"
    await scene.alice.wait_until(lambda: begun.is_deleted, REPLY_S, "the reply to go")
    # The next question is answered at once: nothing is left running.
    assert (await scene.ask(scene.alice, "what about shells?")).content == SCRIPTS["shells"]
    said = [
        m for m in scene.alice.messages(scene.general) if m.author_id == scene.playground.bot.id
    ]
    assert [m.content for m in said] == [SCRIPTS["shells"]]


async def test_too_long_a_question_gets_one_sentence(scene: Scene) -> None:
    question = await scene.alice.say(scene.general, f"{scene.me} " + "blue " * 380)
    said = await scene.alice.wait_for_message(
        lambda m: m.reference_id == question.id, REPLY_S, since=0
    )
    assert said.content.startswith("-# ")
    assert "too long" in said.content
