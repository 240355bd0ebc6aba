"""A person's taste, from Discord to the prompt and back."""

from __future__ import annotations

from bowerbird.personalization.generation.backend import GenerationRequest
from tests.bot.house import House


async def test_what_a_person_likes_goes_with_their_next_question_only(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    for person in (alice, bob):
        await house.opt_in(person)
    house.backend.script.append("Fried rice!")
    reply = await house.ask(alice, "What can I cook with rice?")
    await alice.react(reply, "👍")
    await house.until(lambda: house.labels(alice))
    await house.ask(bob, "More rice?")
    assert "Fried rice!" not in house.backend.prompts[-1]
    await house.ask(alice, "More rice?")
    assert "<assistant>Fried rice!\n<user>More rice?" in house.backend.prompts[-1]
    await (await alice.slash("general", "my personalization", state="off")).answered()
    await house.ask(alice, "More rice?")
    assert "Fried rice!" not in house.backend.prompts[-1]


async def test_deleting_the_question_stops_every_candidate(house: House) -> None:
    alice = house.person("alice")
    await house.opt_in(alice)
    for number in range(12):
        text = f"Sure {number}." if number % 2 else f"Well, {'and so on ' * 12}{number}."
        house.backend.script.append(text)
        reply = await house.ask(alice, f"Thing number {number}?")
        await alice.react(reply, "👍" if number % 2 else "👎")
        await house.until(lambda number=number: _has_labels(house, number + 1))
    house.backend.gate.clear()
    asked = len(house.backend.requests)
    question = await alice.say("general", f"{house.mention} Thing number 99?")
    await alice.wait_until(lambda: len(house.backend.requests) == asked + 4, what="the candidates")
    assert len({request.owner for request in _since(house, asked)}) == 1
    await alice.delete(question)
    await alice.wait_until(lambda: house.backend.cancelled == 4, what="the end of all of them")


async def _has_labels(house: House, count: int) -> bool:
    return len(await house.labels(house.person("alice"))) == count


def _since(house: House, asked: int) -> list[GenerationRequest]:
    return house.backend.requests[asked:]
