"""`/bowerbird`: the owner alone; draining lets what is running finish and admits nothing new."""

from __future__ import annotations

import pytest

from bowerbird.bot.cogs import owner as owner_cog
from tests.bot.house import House


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner_cog, "LOOK_EVERY_S", 0.02)


async def test_it_is_offered_to_administrators_only(house: House) -> None:
    alice, owner = house.person("alice"), house.person("owner")
    assert not any(choice.name.startswith("bowerbird") for choice in alice.commands("general"))
    assert any(choice.name == "bowerbird drain" for choice in owner.commands("general"))
    dm = await alice.dm()
    assert not any(choice.name.startswith("bowerbird") for choice in alice.commands(dm))


@pytest.mark.parametrize("command", ["status", "drain", "resume"])
async def test_administrators_are_not_the_owner(house: House, command: str) -> None:
    alice = house.person("alice")
    for registered in house.playground.world.commands.values():
        registered.body["default_member_permissions"] = None
    refused = await (await alice.slash("general", f"bowerbird {command}")).answered()
    assert refused.is_ephemeral
    assert "Only the person who runs me" in refused.content
    await house.ask(alice, "still there?")


async def test_drain_finishes_what_runs_and_admits_nothing_new(house: House) -> None:
    alice, bob, owner = (house.person(name) for name in ("alice", "bob", "owner"))
    house.backend.gate.clear()
    running = await alice.say("general", f"{house.mention} a long one")
    await alice.wait_until(lambda: len(house.backend.requests) == 1)
    drained = await (await owner.slash("general", "bowerbird drain")).answered()
    assert drained.is_ephemeral
    assert "Still being answered: 1" in drained.content
    late = await bob.say("general", f"{house.mention} and me?")
    notice = await bob.wait_for_reply(late)
    assert "about to be restarted" in notice.content
    assert notice.pings == []
    in_dm = await bob.say(await bob.dm(), "and here?")
    assert "about to be restarted" in (await bob.wait_for_reply(in_dm)).content
    house.backend.gate.set()
    assert (await house.finished_reply(alice, running)).content == "You said: a long one"
    await owner.wait_until(lambda: "nothing is being answered" in drained.content)
    status = await (await owner.slash("general", "bowerbird status")).answered()
    assert "new questions: none are admitted" in status.content
    await (await owner.slash("general", "bowerbird resume")).answered()
    await house.ask(bob, "now?")


async def test_status_in_numbers(house: House) -> None:
    alice, owner = house.person("alice"), house.person("owner")
    await house.opt_in(alice)
    status = await (await owner.slash("general", "bowerbird status")).answered()
    assert status.is_ephemeral
    assert "On 1 server;" in status.content
    assert "Being answered: 0; new questions: all admitted." in status.content
    assert "1 person lets me learn; 0 own models in use, 0 bytes on disk." in status.content
    assert f"`{house.services.settings.base_model}`" in status.content
