"""The queue: people are told their place when it takes long, and nothing when it does not."""

from __future__ import annotations

import pytest

from bowerbird.bot import answering
from bowerbird.bot.catalogue import english
from bowerbird.personalization.errors import QueueFullError
from tests.bot.house import House

NEXT = f"-# {english()('answer-next')}"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "LONG_WAIT_S", 0.05)


async def test_the_place_in_the_queue_is_told_and_then_replaced(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    house.backend.door.clear()
    first = await alice.say("general", f"{house.mention} one")
    notice = await alice.wait_for_reply(first)
    second = await bob.say("general", f"{house.mention} two")
    place = await bob.wait_for_reply(second)
    assert (notice.content, place.content) == (NEXT, f"-# {english()('answer-place', place=2)}")
    assert place.pings == []
    await alice.delete(first)
    await alice.wait_until(lambda: notice.is_deleted)
    await bob.wait_until(lambda: place.content == NEXT)
    house.backend.door.set()
    reply = await house.finished_reply(bob, second)
    assert (reply, reply.content, reply.components) == (place, "You said: two", [])


async def test_nothing_is_told_of_a_reply_that_is_being_made(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, asked_for = house.person("alice"), list[object]()
    place = house.backend.place
    monkeypatch.setattr(house.backend, "place", lambda r: asked_for.append(r) or place(r))
    house.backend.gate.clear()
    house.backend.script.append(" slowly")  # white space first: nothing to read yet
    question = await alice.say("general", f"{house.mention} hi")
    await alice.wait_until(lambda: len(asked_for) > 1)
    assert house.replies_to(question, alice.channel("general")) == []
    house.backend.gate.set()
    assert (await house.finished_reply(alice, question)).content == "slowly"


async def test_somebody_who_gives_up_leaves_the_queue(house: House) -> None:
    alice = house.person("alice")
    house.backend.door.clear()
    question = await alice.say("general", f"{house.mention} hi")
    notice = await alice.wait_for_reply(question)
    assert [len(row["components"]) for row in notice.components] == [1]
    await alice.react(notice, "🔄")  # there is nothing yet that could be begun anew
    await alice.click(notice, f"bowerbird:stop:{alice.id}")
    await alice.wait_until(lambda: notice.is_deleted)
    assert house.backend.queue == []
    house.backend.door.set()
    await house.ask(alice, "again")
    assert len(house.backend.requests) == 2


async def test_ask_waits_in_the_queue_too(house: House) -> None:
    alice = house.person("alice")
    house.backend.door.clear()
    asked = await alice.slash("general", "ask", prompt="hm?")
    message = await asked.answered()
    assert message.content == f"> hm?\n\n{NEXT}"
    house.backend.door.set()
    await alice.wait_until(lambda: len(message.reactions) == 3)
    assert message.content == "> hm?\n\nYou said: hm?"


async def test_an_error_takes_the_place_of_the_notice(house: House) -> None:
    alice = house.person("alice")
    house.backend.door.clear()
    house.backend.script.append(QueueFullError("it took too long"))
    question = await alice.say("general", f"{house.mention} hi")
    notice = await alice.wait_for_reply(question)
    house.backend.door.set()
    await alice.wait_until(lambda: notice.content == "-# It took too long.")
    assert (notice.components, house.replies_to(question, alice.channel("general"))) == (
        [],
        [notice],
    )
