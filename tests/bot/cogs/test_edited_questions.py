"""Questions edited after (or while) they are answered."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bowerbird.bot import answering
from bowerbird.bot.catalogue import english
from bowerbird.playground import Playground
from bowerbird.playground.model import Message
from bowerbird.playground.people import Person
from tests.bot import house as houses
from tests.bot.house import House

OFFER = f"-# {english()('again-offer')}"


def offers(house: House, person: Person, question: Message) -> list[Message]:
    below = house.replies_to(question, person.channel("general"))
    return [message for message in below if message.content == OFFER]


async def asked(house: House, person: Person, text: str) -> Message:
    question = await person.say("general", f"{house.mention} {text}")
    await house.finished_reply(person, question)
    return question


async def test_another_answer_is_offered_once_and_given_on_request(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    question = await asked(house, alice, "I like red")
    await alice.edit(question, f"{house.mention} I like blue")
    offer = await alice.wait_for_message(lambda m: m.content == OFFER)
    assert (offer.reference_id, offer.pings) == (question.id, [])
    await alice.edit(question, f"{house.mention} I like green")
    await asked(house, bob, "hi")  # time for a second offer, if there were one
    assert offers(house, alice, question) == [offer]
    custom_id = f"bowerbird:again:{alice.id}:{question.id}"
    await bob.click(offer, custom_id)
    await bob.wait_for_message(lambda m: m.is_ephemeral)
    assert len(house.backend.requests) == 2
    await alice.click(offer, custom_id)
    answer = await alice.wait_for_message(lambda m: m.content == "You said: I like green")
    assert (answer.reference_id, offer.is_deleted) == (question.id, True)


async def test_pressed_twice_it_is_answered_once(house: House) -> None:
    alice = house.person("alice")
    question = await asked(house, alice, "I like red")
    await alice.edit(question, f"{house.mention} I like blue")
    offer = await alice.wait_for_message(lambda m: m.content == OFFER)
    custom_id = f"bowerbird:again:{alice.id}:{question.id}"
    await asyncio.gather(alice.click(offer, custom_id), alice.click(offer, custom_id))
    await alice.wait_until(lambda: offer.is_deleted)
    await asked(house, alice, "and now?")  # time for a second answer, if there were one
    assert len(house.backend.requests) == 3


async def test_commas_and_capitals_are_no_other_question(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    question = await asked(house, alice, "what is blue")
    await alice.edit(question, f"{house.mention} What is blue?!")
    await asked(house, bob, "hi")
    assert offers(house, alice, question) == []


async def test_old_answers_are_let_be(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "EDITED_WITHIN_S", 0.0)
    alice, bob = house.person("alice"), house.person("bob")
    question = await asked(house, alice, "what is blue?")
    await alice.edit(question, f"{house.mention} what is red?")
    await asked(house, bob, "hi")
    assert offers(house, alice, question) == []


async def test_an_edit_while_streaming_is_offered_at_the_end(house: House) -> None:
    alice = house.person("alice")
    house.backend.gate.clear()
    question = await alice.say("general", f"{house.mention} one two")
    await alice.wait_for_reply(question)
    await alice.edit(question, f"{house.mention} three four")
    await alice.wait_until(lambda: next(iter(house.client.cached_messages)).content[-4:] == "four")
    house.backend.gate.set()
    await alice.wait_for_message(lambda m: m.content == OFFER)


async def test_begun_anew_it_answers_the_question_as_it_reads_now(house: House) -> None:
    alice = house.person("alice")
    house.backend.gate.clear()
    question = await alice.say("general", f"{house.mention} one two")
    reply = await alice.wait_for_reply(question)
    await alice.edit(question, f"{house.mention} three four")
    await alice.react(reply, "🔄")
    await alice.wait_until(lambda: len(house.backend.requests) == 2)
    house.backend.gate.set()
    await alice.wait_until(lambda: len(reply.reactions) == 3)
    assert reply.content == "You said: three four"
    assert offers(house, alice, question) == []


async def test_the_offer_outlives_a_restart(playground: Playground, tmp_path: Path) -> None:
    async with houses.running(playground, tmp_path) as house:
        alice = house.person("alice")
        question = await asked(house, alice, "I like red")
        await alice.edit(question, f"{house.mention} I like blue")
        offer = await alice.wait_for_message(lambda m: m.content == OFFER)
    async with houses.running(playground, tmp_path):
        await alice.click(offer, f"bowerbird:again:{alice.id}:{question.id}")
        await alice.wait_for_message(lambda m: m.content == "You said: I like blue")


@pytest.mark.provokes(404)
async def test_what_cannot_be_found_is_told(house: House) -> None:
    alice = house.person("alice")
    question = await asked(house, alice, "I like red")
    await alice.edit(question, f"{house.mention} I like blue")
    offer = await alice.wait_for_message(lambda m: m.content == OFFER)
    await alice.delete(question)
    await alice.click(offer, f"bowerbird:again:{alice.id}:{question.id}")
    told = await alice.wait_for_message(lambda m: m.is_ephemeral)
    assert told.content == f"-# {english()('again-gone')}"
