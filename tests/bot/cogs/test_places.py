"""Places that go away, and places where something is not allowed, while people are answered."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bowerbird.personalization.departures import KEPT_FOR, Departures, left_servers
from bowerbird.playground import Playground, places, threads
from bowerbird.playground.people import Person
from bowerbird.playground.permissions import Permission
from bowerbird.storage.records import RunState, ServerSettings
from tests.bot import house as houses
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


@pytest.mark.provokes(404)
async def test_a_deleted_channel_takes_its_archived_threads_and_no_other_ones(house: House) -> None:
    alice, world = house.person("alice"), house.playground.world
    await house.opt_in(alice)
    replies = []
    for place in ("garden", "general"):
        thread = await alice.open_thread(alice.channel(place), "talk")
        replies.append(await house.ask(alice, "a secret", thread))
        threads.archive(world, alice.user, thread, archived=True, locked=False)
    gone, kept = replies
    await house.until(lambda: house.store.reply_of_message(kept.id))
    places.delete(world, alice.channel("garden"))

    async def is_gone() -> bool:
        return await house.store.reply_of_message(gone.id) is None

    await house.until(is_gone)
    assert await house.store.reply_of_message(kept.id) is not None


async def learnt_from(house: House, person: Person) -> None:
    await house.opt_in(person)
    for text in ("a secret", "another secret"):
        await person.react(await house.ask(person, text), "👍")

    async def is_due() -> bool:
        return len(await house.store.due_people(2)) == 1

    await house.until(is_due)


def long_after(house: House) -> Departures:
    services = house.services
    return Departures(
        house.store,
        services.nightly,
        services.adapters,
        house.backend,
        services.servers,
        now=lambda: datetime.now(UTC) + KEPT_FOR,
    )


async def test_a_server_that_comes_back_after_long_has_no_settings_of_old(house: House) -> None:
    world, servers = house.playground.world, house.services.servers
    guild = world.guilds[house.scope_id]
    await servers.change(guild.id, lambda old: replace(old, cooldown_s=7))
    world.remove_member(guild, house.playground.bot)
    await house.until(lambda: left_servers(house.store))
    await long_after(house).erase_expired()
    world.add_member(guild, house.playground.bot)
    assert await servers.of(guild.id) == ServerSettings()


async def test_a_server_that_sends_us_away_and_takes_us_back(house: House) -> None:
    world, alice = house.playground.world, house.person("alice")
    guild = world.guilds[house.scope_id]
    await learnt_from(house, alice)
    world.remove_member(guild, house.playground.bot)
    await house.until(lambda: left_servers(house.store))
    assert await house.services.nightly.run_night("away") == []
    await house.services.departures.erase_expired()
    assert len(await house.labels(alice)) == 2
    world.add_member(guild, house.playground.bot)

    async def is_back() -> bool:
        return not await left_servers(house.store)

    await house.until(is_back)
    (run,) = await house.services.nightly.run_night("back")
    assert run.state is RunState.PROMOTED


async def test_what_was_learnt_on_a_server_that_was_left_long_ago_goes(
    playground: Playground, tmp_path: Path
) -> None:
    """It happened while we were off."""
    world = playground.world
    (guild,) = world.guilds.values()
    async with houses.running(playground, tmp_path) as house:
        alice = house.person("alice")
        dm = await alice.dm()
        await house.opt_in(alice, dm)
        await learnt_from(house, alice)
        run, _ = await house.services.nightly.retrain(house.scope_id, alice.id)
        assert run.state is RunState.PROMOTED
        weights = house.services.adapters.path(house.scope_id, alice.id, 1)
        assert weights.exists()
        await house.client.wait_until_ready()  # closed before, it would say so afterwards
    world.remove_member(guild, playground.bot)
    async with houses.running(playground, tmp_path) as house:
        await house.until(lambda: left_servers(house.store))
        await long_after(house).erase_expired()
        assert not weights.exists()
        assert [person.scope_id for person in await house.store.people()] == [0]  # her DM's
        assert await house.labels(alice) == []
        assert await left_servers(house.store) == {}
        assert (guild.id, alice.id) in house.backend.unloaded


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
