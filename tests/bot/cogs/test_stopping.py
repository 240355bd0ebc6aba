"""⏹ and 🔄 while a reply is being written, by reaction and by button."""

from __future__ import annotations

from pathlib import Path

from bowerbird.bot.answering import WORTH_KEEPING
from bowerbird.playground import Playground
from bowerbird.playground.model import Message
from bowerbird.playground.people import Person
from bowerbird.storage.records import Reply
from tests.bot import house as houses
from tests.bot.house import House

LONG = "w" * WORTH_KEEPING + " and so on"


def custom_ids(message: Message) -> list[str]:
    return [item["custom_id"] for row in message.components for item in row["components"]]


async def growing(house: House, person: Person, said: str) -> tuple[Message, Message]:
    """A question, and its reply, held up after the first word of ``said``."""
    house.backend.gate.clear()
    house.backend.script.append(said)
    question = await person.say("general", f"{house.mention} talk")
    return question, await person.wait_for_reply(question)


async def recorded(house: House, message: Message) -> Reply:
    async def reply() -> Reply | None:
        return await house.store.reply_of_message(message.id)

    found = await house.until(reply)
    assert isinstance(found, Reply)
    return found


async def test_a_button_stops_and_what_was_said_stays(house: House) -> None:
    alice = house.person("alice")
    await house.opt_in(alice)
    _, reply = await growing(house, alice, "one two three")
    assert custom_ids(reply) == [
        f"bowerbird:stop:{alice.id}",
        f"bowerbird:restart:{alice.id}",
    ]
    await alice.click(reply, custom_ids(reply)[0])
    kept = await recorded(house, reply)
    await alice.wait_until(lambda: len(reply.reactions) == 3)
    assert (reply.content, reply.components) == ("one", [])
    assert kept.text == "one"
    assert kept.sampling["finish_reason"] == "stopped"
    assert house.backend.cancelled == 1
    assert not house.services.replies.is_busy


async def test_a_finished_reply_has_no_stop_button(house: House) -> None:
    reply = await house.ask(house.person("alice"), "hi")
    assert reply.components == []


async def test_a_reaction_stops_too_but_only_the_askers(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    _, reply = await growing(house, alice, "one two three")
    await bob.react(reply, "⏹️")
    await bob.click(reply, custom_ids(reply)[0])
    await bob.wait_for_message(lambda m: m.is_ephemeral)
    assert house.backend.cancelled == 0
    await alice.react(reply, "⏹️")
    await alice.wait_until(lambda: not reply.components)
    assert (reply.content, house.backend.cancelled) == ("one", 1)


async def test_little_text_makes_way_for_the_new_reply(house: House) -> None:
    alice = house.person("alice")
    await house.opt_in(alice)
    question, reply = await growing(house, alice, "one two three")
    house.backend.script.append("better")
    await alice.react(reply, "🔄")
    kept = await recorded(house, reply)
    assert (reply.content, kept.text, kept.regenerates) == ("better", "better", None)
    assert kept.sampling["finish_reason"] == "stop"
    assert house.replies_to(question, alice.channel("general")) == [reply]


async def test_text_worth_keeping_stays_beside_the_new_reply(house: House) -> None:
    alice = house.person("alice")
    await house.opt_in(alice)
    question, reply = await growing(house, alice, LONG)
    house.backend.script.append("better")
    await alice.click(reply, custom_ids(reply)[1])
    second = await alice.wait_for_message(lambda m: m.content == "better")
    assert second.reference_id == question.id
    kept = await recorded(house, second)
    assert kept.regenerates == reply.id
    first = await recorded(house, reply)
    assert (first.text, reply.components) == ("w" * WORTH_KEEPING, [])
    assert first.sampling["finish_reason"] == "stopped"

    async def is_paired() -> bool:
        return [x.was_regenerated for x in await house.labels(alice)] == [True]

    await house.until(is_paired)


async def test_ask_can_be_begun_anew_too(house: House) -> None:
    alice = house.person("alice")
    house.backend.gate.clear()
    house.backend.script.extend([LONG, "better"])
    asked = await alice.slash("general", "ask", prompt="hm?")
    reply = await asked.answered()
    await alice.wait_until(lambda: reply.components)
    await alice.react(reply, "🔄")
    second = await alice.wait_for_message(lambda m: m.content.endswith("better"))
    assert second.content == "> hm?\n\nbetter"
    assert reply.content.startswith("> hm?\n\nwww")
    await alice.wait_until(lambda: len(second.reactions) == 3)


async def test_only_the_last_part_can_be_stopped(house: House) -> None:
    alice = house.person("alice")
    _, reply = await growing(house, alice, "w" * 3000 + " and so on")
    rest = await alice.wait_for_message(lambda m: m.reference_id == reply.id)
    await alice.wait_until(lambda: rest.components and not reply.components)
    await alice.click(rest, custom_ids(rest)[0])
    await alice.wait_until(lambda: not rest.components)
    assert len(reply.content + rest.content) == 3000


async def test_what_a_restart_cut_off_is_tidied_at_a_press(
    playground: Playground, tmp_path: Path
) -> None:
    async with houses.running(playground, tmp_path) as house:
        alice = house.person("alice")
        _, reply = await growing(house, alice, "one two")
    assert custom_ids(reply)
    async with houses.running(playground, tmp_path):
        await alice.click(reply, custom_ids(reply)[0])
        await alice.wait_until(lambda: not reply.components)
        assert reply.content == "one"
