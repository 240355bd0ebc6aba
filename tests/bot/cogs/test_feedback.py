"""Reactions, ↻, and the offer of consent, through the real client."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import discord
import pytest

from bowerbird.playground import Playground
from bowerbird.playground.model import Message
from bowerbird.playground.people import Person
from bowerbird.playground.permissions import Permission
from bowerbird.storage.records import Consent
from tests.bot import house as houses
from tests.bot.house import House


async def offered_to(person: Person, reply: Message) -> Message:
    return await person.wait_for_message(
        lambda m: m.reference_id == reply.id and bool(m.components), since=0
    )


def button(message: Message, answer: str) -> str:
    ids = [item["custom_id"] for row in message.components for item in row["components"]]
    return next(custom_id for custom_id in ids if custom_id.endswith(answer))


async def test_votes_of_the_consenting_are_stored_changed_and_removed(house: House) -> None:
    alice = house.person("alice")
    await house.opt_in(alice)
    reply = await house.ask(alice, "hi")
    await alice.react(reply, "👍🏽")
    label = (await house.until(lambda: house.labels(alice)))[0]
    assert label.is_liked is True
    assert label.reply.turns[-1].text == "hi"
    assert label.reply.turns[0].role == "system"
    await alice.react(reply, "👎")

    async def is_disliked() -> bool:
        return (await house.labels(alice))[0].is_liked is False

    await house.until(is_disliked)
    await alice.unreact(reply, "👎")
    await alice.unreact(reply, "👍🏽")

    async def is_unlabelled() -> bool:
        return not any(label.is_liked is not None for label in await house.labels(alice))

    await house.until(is_unlabelled)


async def test_cleared_reactions_are_cleared_votes(house: House) -> None:
    alice, owner = house.person("alice"), house.person("owner")
    await house.opt_in(alice)
    reply = await house.ask(alice, "hi")
    await alice.react(reply, "❤️")
    await house.until(lambda: house.labels(alice))
    await owner.clear_reactions(reply, "❤️")

    async def has_none() -> bool:
        return not await house.labels(alice)

    await house.until(has_none)


async def test_consent_is_offered_once_and_keeps_what_waited(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    reply = await house.ask(alice, "hi")
    await alice.react(reply, "👍")
    offer = await offered_to(alice, reply)
    assert offer.content.startswith("-# ")
    assert offer.pings == []
    assert await house.store.reply_of_message(reply.id) is None
    await bob.click(offer, button(offer, "yes"))
    refused = await bob.wait_for_message(lambda m: m.is_ephemeral)
    assert "somebody else" in refused.content
    await alice.click(offer, button(offer, "yes"))
    await alice.wait_until(lambda: not offer.components)
    assert "I keep" in offer.content
    labels = await house.labels(alice)
    assert [label.is_liked for label in labels] == [True]
    second = await house.ask(alice, "again")
    await alice.react(second, "👎")

    async def both() -> bool:
        return len(await house.labels(alice)) == 2

    await house.until(both)


async def test_a_no_drops_what_waited_and_is_not_asked_again(house: House) -> None:
    alice = house.person("alice")
    reply = await house.ask(alice, "hi")
    await alice.react(reply, "👍")
    offer = await offered_to(alice, reply)
    await alice.click(offer, button(offer, "no"))
    await alice.wait_until(lambda: not offer.components)
    assert (await house.store.person(house.scope_id, alice.id)).consent is Consent.OFF
    second = await house.ask(alice, "again")
    await alice.react(second, "👍")
    third = await house.ask(alice, "and again")
    await alice.react(third, "👍")
    await house.ask(alice, "the end")
    offers = [m for r in (second, third) for m in house.replies_to(r, alice.channel("general"))]
    assert offers == []
    assert await house.store.reply_of_message(second.id) is None


@pytest.mark.provokes(403)
async def test_an_offer_that_cannot_be_posted_is_made_at_the_next_occasion(house: House) -> None:
    alice, garden = house.person("alice"), house.person("alice").channel("garden")
    reply = await house.ask(alice, "hi", garden)
    house.playground.deny(garden, Permission.SEND_MESSAGES)
    await alice.react(reply, "👍")
    await alice.wait_until(
        lambda: any(one.status == 403 for one in house.playground.requests), what="the refusal"
    )

    async def is_unasked() -> bool:
        return (await house.store.person(house.scope_id, alice.id)).consent is Consent.UNASKED

    await house.until(is_unasked)
    second = await house.ask(alice, "and here?")
    await alice.react(second, "👍")
    offer = await offered_to(alice, second)
    await alice.click(offer, button(offer, "yes"))
    await alice.wait_until(lambda: not offer.components)
    assert len(await house.labels(alice)) == 2


async def test_the_offer_works_after_a_restart(playground: Playground, tmp_path: Path) -> None:
    async with houses.running(playground, tmp_path) as house:
        alice = house.person("alice")
        reply = await house.ask(alice, "hi")
        await alice.react(reply, "👍")
        offer = await offered_to(alice, reply)
    async with houses.running(playground, tmp_path) as house:
        await alice.click(offer, button(offer, "yes"))
        await alice.wait_until(lambda: not offer.components)
        assert (await house.store.person(house.scope_id, alice.id)).consent is Consent.ON


async def test_after_a_restart_only_the_asker_is_offered(
    playground: Playground, tmp_path: Path
) -> None:
    async with houses.running(playground, tmp_path) as house:
        alice, bob = house.person("alice"), house.person("bob")
        reply = await house.ask(alice, "hi")
    async with houses.running(playground, tmp_path) as house:
        await bob.react(reply, "👍")
        await alice.react(reply, "👍")
        offer = await offered_to(alice, reply)
        assert alice.mention in offer.content
        offers = [m for m in house.replies_to(reply, alice.channel("general")) if m.components]
        assert offers == [offer]


async def test_a_vote_before_the_reply_is_recorded_counts(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    await house.opt_in(alice)
    house.backend.gate.clear()
    for person in (alice, bob):
        question = await person.say("general", f"{house.mention} slowly please")
        reply = await person.wait_for_reply(question)
        await person.react(reply, "👍")
    house.backend.gate.set()
    assert (await house.until(lambda: house.labels(alice)))[0].is_liked is True
    offer = await bob.wait_for_message(lambda m: bool(m.components), since=0)
    assert bob.mention in offer.content  # offered once the reply was there


async def test_a_connection_that_breaks_at_the_votes_spoils_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(message: discord.Message, emoji: str) -> None:
        raise aiohttp.ServerDisconnectedError

    monkeypatch.setattr(discord.Message, "add_reaction", broken)
    alice = house.person("alice")
    house.backend.gate.clear()
    question = await alice.say("general", f"{house.mention} slowly please")
    reply = await alice.wait_for_reply(question)
    await alice.react(reply, "👍")
    house.backend.gate.set()
    assert alice.mention in (await offered_to(alice, reply)).content


async def test_votes_of_others_are_counted_only_with_their_consent(house: House) -> None:
    alice, bob, carol = (house.person(name) for name in ("alice", "bob", "carol"))
    await house.opt_in(alice)
    await house.opt_in(bob)
    reply = await house.ask(alice, "hi")
    for person in (alice, bob, carol):
        await person.react(reply, "👍")

    async def others_votes() -> bool:
        summary = await house.store.person_summary(house.scope_id, alice.id)
        return (summary.likes, summary.others_votes) == (1, 1)

    await house.until(others_votes)
    assert not [m for m in house.replies_to(reply, alice.channel("general")) if m.components]


async def test_regenerate_makes_a_pair(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    await house.opt_in(alice)
    question = await alice.say("general", f"{house.mention} once more with feeling")
    first = await house.finished_reply(alice, question)
    await bob.react(first, "🔄")
    await alice.react(first, "🔄")
    general = alice.channel("general")
    await alice.wait_until(lambda: len(house.replies_to(question, general)) == 2)
    second = house.replies_to(question, general)[1]
    await alice.wait_until(lambda: len(second.reactions) >= 3)
    assert len(house.backend.requests) == 2  # bob's ↻ did nothing
    assert house.backend.prompts[0] == house.backend.prompts[1]
    seeds = [request.sampling.seed for request in house.backend.requests]
    assert seeds[0] != seeds[1]
    again = await house.store.reply_of_message(second.id)
    assert again is not None
    assert again.regenerates == first.id
    await alice.react(second, "👍")

    async def is_pair() -> bool:
        labels = {label.reply.message_ids[0]: label for label in await house.labels(alice)}
        return len(labels) == 2 and labels[first.id].was_regenerated

    await house.until(is_pair)


async def test_regenerate_rebuilds_an_unknown_conversation(
    playground: Playground, tmp_path: Path
) -> None:
    async with houses.running(playground, tmp_path) as house:
        alice = house.person("alice")
        first = await house.ask(alice, "I like blue")
        question = await alice.say("general", "and you?", reply_to=first)
        reply = await house.finished_reply(alice, question)
        prompt = house.backend.prompts[-1]
    async with houses.running(playground, tmp_path) as house:
        await alice.react(reply, "🔄")
        general = alice.channel("general")
        await alice.wait_until(lambda: len(house.replies_to(question, general)) == 2)
        assert house.backend.prompts == [prompt]


async def test_other_peoples_words_are_not_stored(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    await house.opt_in(alice)
    first = await house.ask(bob, "a private matter")
    question = await alice.say("general", "interesting", reply_to=first)
    reply = await house.finished_reply(alice, question)
    assert "a private matter" in house.backend.prompts[-1]
    kept = await house.until(lambda: house.store.reply_of_message(reply.id))
    assert kept.is_exact is False
    assert "a private matter" not in str([t.text for t in kept.turns if t.author_id == bob.id])
    assert bob.id not in {turn.author_id for turn in kept.turns}


async def test_a_dm_is_known_again_after_a_restart(playground: Playground, tmp_path: Path) -> None:
    """A reaction there comes with a channel that is not in any cache."""
    async with houses.running(playground, tmp_path) as house:
        alice = house.person("alice")
        dm = await alice.dm()
        await house.finished_reply(alice, await alice.say(dm, "my name is Alice"))
        question = await alice.say(dm, "who am I?")
        reply = await house.finished_reply(alice, question)
        prompt = house.backend.prompts[-1]
        assert "my name is Alice" in prompt
    async with houses.running(playground, tmp_path) as house:
        await alice.react(reply, "🔄")
        await alice.wait_until(lambda: len(house.replies_to(question, dm)) == 2)
        assert house.backend.prompts == [prompt]
        again = house.replies_to(question, dm)[1]
        await alice.wait_until(lambda: len(again.reactions) == 3)
        await alice.react(again, "👍")
        offer = await offered_to(alice, reply)
        await alice.click(offer, button(offer, "yes"))
        await alice.wait_until(lambda: not offer.components)
        labels = await house.store.labelled_replies(0, alice.id)
        assert [label.is_liked for label in labels] == [True]
        assert labels[0].reply.regenerates == reply.id


async def test_ask_can_be_asked_again(house: House) -> None:
    alice = house.person("alice")
    await house.opt_in(alice)
    message = await (await alice.slash("general", "ask", prompt="name a colour")).answered()
    await alice.wait_until(lambda: len(message.reactions) == 3)
    await alice.react(message, "🔄")
    again = await alice.wait_for_message(
        lambda m: m.id != message.id and m.content == "> name a colour\n\nYou said: name a colour"
    )
    kept = await house.until(lambda: house.store.reply_of_message(again.id))
    assert (kept.regenerates, kept.origin) == (message.id, "slash")
