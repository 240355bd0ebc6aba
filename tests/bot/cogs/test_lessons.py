"""After a 👎: what should I have said? Rarely, and with a button."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bowerbird.bot import lessons
from bowerbird.bot.catalogue import english
from bowerbird.playground import Playground
from bowerbird.playground.model import Message
from bowerbird.playground.people import Person
from tests.bot import house as houses
from tests.bot.house import House

QUESTION = f"-# {english()('teach-ask')}"


@pytest.fixture
def _always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lessons, "ONE_IN", 1)


async def disliked(house: House, person: Person, text: str) -> Message:
    """A recorded reply with this person's 👎, after whatever that brings about."""
    reply = await house.ask(person, text)
    await person.react(reply, "👎")

    async def is_known() -> bool:
        label = [x for x in await house.labels(person) if reply.id in x.reply.message_ids]
        return bool(label) and label[0].is_liked is False

    await house.until(is_known)
    return reply


def questions(house: House, person: Person) -> list[Message]:
    messages = house.playground.world.messages_in(person.channel("general"))
    return [m for m in messages if m.content == QUESTION and not m.is_deleted]


@pytest.mark.usefixtures("_always")
async def test_it_is_asked_once_and_the_answer_is_a_correction(
    playground: Playground, tmp_path: Path
) -> None:
    async with houses.running(playground, tmp_path) as house:
        alice, bob = house.person("alice"), house.person("bob")
        await house.opt_in(alice)
        first = await disliked(house, alice, "one")
        question = await alice.wait_for_message(lambda m: m.content == QUESTION)
        assert (question.reference_id, question.pings) == (first.id, [])
        await disliked(house, alice, "two")
        await house.ask(bob, "time for another question, if there were one")
        assert questions(house, alice) == [question]
    async with houses.running(playground, tmp_path) as house:
        custom_id = f"bowerbird:lesson:{alice.id}:{first.id}"
        await bob.click(question, custom_id)
        await bob.wait_for_message(lambda m: m.is_ephemeral)
        modal = await (await alice.click(question, custom_id)).modal_shown()
        await alice.submit(modal, {"better": "Blue!"})
        await alice.wait_until(lambda: question.is_deleted)
        label = next(x for x in await house.labels(alice) if first.id in x.reply.message_ids)
        assert label.correction == "Blue!"


@pytest.mark.usefixtures("_always")
async def test_buttons_ask_too_and_bystanders_are_not_asked(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    await house.services.servers.change(house.scope_id, lambda s: replace(s, votes="buttons"))
    await house.opt_in(alice)
    await house.opt_in(bob)
    asked = await alice.say("general", f"{house.mention} hi")
    reply = await alice.wait_for_reply(asked)
    await house.until(lambda: house.store.reply_of_message(reply.id))
    custom_id = f"bowerbird:vote:dislike:{alice.id}"
    await bob.click(reply, custom_id)
    await bob.wait_for_message(lambda m: m.is_ephemeral)
    assert questions(house, alice) == []
    await alice.click(reply, custom_id)
    await alice.wait_for_message(lambda m: m.content == QUESTION)


async def test_it_is_asked_of_one_dislike_in_five() -> None:
    drawn = sum(lessons.is_drawn(message_id) for message_id in range(5000))
    assert 900 < drawn < 1100


@pytest.mark.usefixtures("_always")
async def test_old_replies_are_not_asked_about(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lessons, "RECENT", lessons.EVERY * 0)
    alice = house.person("alice")
    await house.opt_in(alice)
    await disliked(house, alice, "one")
    await house.ask(alice, "and on")
    assert questions(house, alice) == []
