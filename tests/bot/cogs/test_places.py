"""Places that go away, and places where something is not allowed, while people are answered."""

from __future__ import annotations

import logging

import pytest

from bowerbird.playground import places
from bowerbird.playground.permissions import Permission
from tests.bot.house import House


@pytest.mark.provokes(404)
async def test_a_deleted_channel_takes_what_was_said_in_it(house: House) -> None:
    alice = house.person("alice")
    garden = alice.channel("garden")
    await house.opt_in(alice)
    await alice.react(await house.ask(alice, "a secret", garden), "👍")
    thread = await alice.open_thread(garden, "talk")
    await house.ask(alice, "another secret", thread)
    kept = await house.ask(alice, "no secret")

    async def texts() -> list[str]:
        return [label.reply.text for label in await house.labels(alice)]

    await alice.react(kept, "👍")
    await house.until(lambda: house.store.reply_of_message(kept.id))
    places.delete(house.playground.world, garden)

    async def is_gone() -> bool:
        return not await house.store.messages_in(garden.id) and not await house.store.messages_in(
            thread.id
        )

    await house.until(is_gone)
    assert not any("secret" in text and "no" not in text for text in await texts())
    assert await house.store.reply_of_message(kept.id) is not None


@pytest.mark.provokes(403, 404)
@pytest.mark.parametrize("what", ["channel", "bot"])
async def test_a_reply_whose_place_goes_away_ends_quietly(
    house: House, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    alice, world = house.person("alice"), house.playground.world
    house.backend.gate.clear()
    question = await alice.say("garden", f"{house.mention} one two three")
    await alice.wait_for_reply(question)
    if what == "channel":
        places.delete(world, alice.channel("garden"))
    else:
        world.remove_member(next(iter(world.guilds.values())), house.playground.bot)
    house.backend.gate.set()

    async def is_over() -> bool:
        return not house.services.replies.is_busy

    await house.until(is_over)
    dm = await alice.dm()
    await house.finished_reply(alice, await alice.say(dm, "still there?"))
    assert [entry for entry in caplog.records if entry.levelno >= logging.ERROR] == []


async def test_somebody_who_leaves_is_answered_to_the_end(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    house.backend.gate.clear()
    question = await alice.say("general", f"{house.mention} one two three")
    reply = await bob.wait_for_reply(question)
    house.playground.world.remove_member(
        next(iter(house.playground.world.guilds.values())), alice.user
    )
    house.backend.gate.set()
    await bob.wait_until(lambda: len(reply.reactions) == 3)
    assert reply.content.endswith("three")


async def test_where_we_may_not_read_we_are_silent_and_commands_still_work(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    alice = house.person("alice")
    house.playground.deny(alice.channel("garden"), Permission.READ_MESSAGE_HISTORY)
    await alice.say("garden", f"{house.mention} hi")
    await alice.say("garden", f"{house.mention} hello?")
    answer = await (await alice.slash("garden", "ask", prompt="and now?")).answered()
    await alice.wait_until(lambda: "You said: and now?" in answer.content)
    warnings = [entry for entry in caplog.messages if "Read Message History" in entry]
    assert len(warnings) == 1
    assert len(house.backend.requests) == 1


async def test_in_threads_another_permission_counts(house: House) -> None:
    alice = house.person("alice")
    garden = alice.channel("garden")
    thread = await alice.open_thread(garden, "talk")
    house.playground.deny(garden, Permission.SEND_MESSAGES_IN_THREADS)
    await alice.say(thread, f"{house.mention} hi")
    await house.ask(alice, "out here", garden)
    assert len(house.backend.requests) == 1


@pytest.mark.provokes(403)
async def test_a_permission_withdrawn_while_a_reply_is_written(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """What is there can be edited still; a further message cannot be posted."""
    alice = house.person("alice")
    house.backend.gate.clear()
    house.backend.script.append("Once. " + "There was a bird. " * 150)
    question = await alice.say("garden", f"{house.mention} a long one")
    reply = await alice.wait_for_reply(question)
    house.playground.deny(alice.channel("garden"), Permission.SEND_MESSAGES)
    house.backend.gate.set()

    async def is_over() -> bool:
        return not house.services.replies.is_busy

    await house.until(is_over)
    await alice.wait_until(lambda: reply.is_deleted)
    assert [entry for entry in caplog.records if entry.levelno >= logging.ERROR] == []
