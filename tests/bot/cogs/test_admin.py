from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest

from bowerbird.bot.cogs import admin
from bowerbird.personalization.training.executor import Verdict
from bowerbird.playground import Playground
from bowerbird.playground.model import Message
from bowerbird.playground.people import Person
from tests.bot import house as houses
from tests.bot.house import House


async def with_feedback(house: House, person: Person, count: int = 2) -> None:
    await house.opt_in(person)
    for number in range(count):
        reply = await house.ask(person, f"question {number}")
        await person.react(reply, "👍" if number % 2 == 0 else "👎")

    async def is_there() -> bool:
        return len(await house.labels(person)) == count

    await house.until(is_there)


async def test_retrain_shows_progress_and_the_verdict(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin, "EDIT_EVERY_S", 0.05)
    alice, owner = house.person("alice"), house.person("owner")
    await with_feedback(house, alice)
    house.executor.gate.clear()
    asked = await owner.slash("general", "retrain", user=alice.id)
    message = await asked.answered()
    await owner.wait_until(lambda: "training ▰▰" in message.content)
    assert "3/12" in message.content
    house.executor.gate.set()
    await owner.wait_until(lambda: "version 1 was accepted and is in use" in message.content)
    assert "- liked replies became more likely" in message.content
    assert message.pings == []
    status = await (await alice.slash("general", "my status")).answered()
    assert "**version 1** of your own model" in status.content
    reply = await house.ask(alice, "hi")
    adapter = house.backend.requests[-1].adapter
    assert adapter is not None
    assert adapter.name == f"s{house.scope_id}-u{alice.id}-v1"
    kept = await house.until(lambda: house.store.reply_of_message(reply.id))
    assert kept.adapter_version == 1


async def retraining(house: House, monkeypatch: pytest.MonkeyPatch) -> tuple[Person, Message]:
    """The owner has alice retrained, which waits in the middle; the message that tells of it."""
    monkeypatch.setattr(admin, "EDIT_EVERY_S", 0.05)
    alice, owner = house.person("alice"), house.person("owner")
    await with_feedback(house, alice)
    house.executor.gate.clear()
    return owner, await (await owner.slash("general", "retrain", user=alice.id)).answered()


async def test_the_progress_outlives_the_command_s_token(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which Discord lets live for 15 minutes; a night's work may take hours."""
    owner, message = await retraining(house, monkeypatch)
    house.playground.world.deadlines.interaction_token_s = 0.0
    await owner.wait_until(lambda: "3/12" in message.content)
    house.executor.gate.set()
    await owner.wait_until(lambda: "version 1 was accepted and is in use" in message.content)


@pytest.mark.provokes(429)
async def test_where_a_message_is_too_old_to_edit_another_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, message = await retraining(house, monkeypatch)
    await owner.wait_until(lambda: "3/12" in message.content)
    message.is_edit_expired = True
    house.executor.gate.set()
    verdict = await owner.wait_for_message(lambda m: "is in use" in m.content, 60)
    assert verdict is not message
    assert "3/12" in message.content


async def test_a_connection_that_breaks_costs_a_look_and_no_verdict(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit, broken = discord.PartialMessage.edit, [aiohttp.ServerDisconnectedError(), OSError()]

    async def edit_or_not(message: discord.PartialMessage, **what: Any) -> discord.Message:
        if broken:
            raise broken.pop()
        return await edit(message, **what)

    monkeypatch.setattr(discord.PartialMessage, "edit", edit_or_not)
    owner, message = await retraining(house, monkeypatch)
    await owner.wait_until(lambda: len(broken) < 2)
    house.executor.gate.set()
    await owner.wait_until(lambda: "version 1 was accepted and is in use" in message.content)


async def test_retrain_everybody_who_is_due(house: House) -> None:
    alice, bob, owner = (house.person(name) for name in ("alice", "bob", "owner"))
    nobody = await (await owner.slash("general", "retrain")).answered()
    await owner.wait_until(lambda: "Nobody is due" in nobody.content)
    await with_feedback(house, alice)
    await with_feedback(house, bob)
    house.executor.verdict = Verdict(False, ("it forgot how to end a sentence",))
    message = await (await owner.slash("general", "retrain")).answered()
    await owner.wait_until(lambda: message.content.count("did not pass the checks") == 2)
    assert message.content.count("- it forgot how to end a sentence") == 2


async def test_retrain_says_why_it_cannot(house: House) -> None:
    alice, owner = house.person("alice"), house.person("owner")
    message = await (await owner.slash("general", "retrain", user=alice.id)).answered()
    await owner.wait_until(lambda: "has not turned personalization on" in message.content)
    assert message.content.startswith("-# This person")


async def test_reset_returns_to_base_after_a_confirmation(house: House) -> None:
    alice, owner = house.person("alice"), house.person("owner")
    await with_feedback(house, alice)
    trained = await (await owner.slash("general", "retrain", user=alice.id)).answered()
    await owner.wait_until(lambda: "in use" in trained.content)
    asked = await (
        await owner.slash("general", "reset", user=alice.id, keep_feedback=True)
    ).answered()
    assert asked.is_ephemeral
    await owner.click(asked, "bowerbird:confirm")
    await owner.wait_until(lambda: "is back to the base model" in asked.content)
    await house.ask(alice, "hi")
    assert house.backend.requests[-1].adapter is None
    assert len(await house.labels(alice)) == 2
    assert (house.scope_id, alice.id) in house.backend.unloaded


async def test_server_status(house: House) -> None:
    alice, owner = house.person("alice"), house.person("owner")
    await with_feedback(house, alice)
    status = await (await owner.slash("general", "server status")).answered()
    assert status.is_ephemeral
    assert "1 person lets me learn" in status.content
    assert "1 person is due" in status.content


@pytest.mark.parametrize("command", ["retrain", "server status"])
async def test_our_side_checks_the_permission_too(house: House, command: str) -> None:
    """Server owners can hand a command to everybody; subcommands carry no default at all."""
    alice = house.person("alice")
    for registered in house.playground.world.commands.values():
        registered.body["default_member_permissions"] = None
    refused = await (await alice.slash("general", command)).answered()
    assert refused.is_ephemeral
    assert "Manage Server" in refused.content


async def test_global_learning_belongs_to_no_server(playground: Playground, tmp_path: Path) -> None:
    async with houses.running(playground, tmp_path, adapter_scope="global") as house:
        carol = house.person("carol")
        world = house.playground.world
        guild = next(iter(world.guilds.values()))
        guild.owner_id = carol.id
        refused = await (await carol.slash("general", "server status")).answered()
        assert "only my owner" in refused.content
