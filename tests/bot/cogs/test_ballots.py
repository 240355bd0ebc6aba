"""Votes by button, and with a server's own emoji."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bowerbird.playground import Playground
from bowerbird.playground.model import Message
from bowerbird.playground.people import Person
from bowerbird.storage.records import Consent
from tests.bot import house as houses
from tests.bot.house import House

KINDS = ("like", "dislike", "regenerate", "correction")
PRIMARY = 1
YEAR_S = 366 * 24 * 3600.0


async def settle(house: House, **changes: Any) -> None:
    await house.services.servers.change(house.scope_id, lambda old: replace(old, **changes))


async def voted_by_button(house: House, person: Person, text: str = "hi") -> Message:
    """A finished reply, with buttons."""
    question = await person.say("general", f"{house.mention} {text}")
    reply = await person.wait_for_reply(question)
    await person.wait_until(lambda: len(buttons(reply)) == 4, what="the buttons")
    await house.until(lambda: house.services.feedback.reply_of(reply.id))
    return reply


def buttons(message: Message) -> list[dict[str, Any]]:
    return [item for row in message.components for item in row["components"]]


def chosen(message: Message) -> list[str]:
    return [item["emoji"]["name"] for item in buttons(message) if item["style"] == PRIMARY]


async def press(person: Person, message: Message, kind: str) -> None:
    custom_id = next(b["custom_id"] for b in buttons(message) if f":{kind}:" in b["custom_id"])
    await person.click(message, custom_id)


async def liked(house: House, person: Person) -> list[bool | None]:
    return [label.is_liked for label in await house.labels(person)]


async def test_buttons_replace_reactions_where_the_server_says_so(house: House) -> None:
    alice = house.person("alice")
    await settle(house, votes="buttons")
    reply = await voted_by_button(house, alice)
    assert [b["custom_id"] for b in buttons(reply)] == [
        f"bowerbird:vote:{kind}:{alice.id}" for kind in KINDS
    ]
    assert reply.reactions == []
    dm = await alice.dm()
    asked = await alice.say(dm, "hi")
    assert (await house.finished_reply(alice, asked)).components == []


async def test_votes_toggle_and_show(house: House) -> None:
    alice = house.person("alice")
    await settle(house, votes="buttons")
    await house.opt_in(alice)
    reply = await voted_by_button(house, alice)
    await press(alice, reply, "like")
    await alice.wait_until(lambda: chosen(reply) == ["👍"])
    assert await liked(house, alice) == [True]
    await press(alice, reply, "dislike")
    await alice.wait_until(lambda: chosen(reply) == ["👎"])
    assert await liked(house, alice) == [False]
    await press(alice, reply, "dislike")
    await alice.wait_until(lambda: chosen(reply) == [])
    assert await liked(house, alice) == []


async def test_a_press_is_acknowledged_however_long_the_vote_takes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, is_loaded = house.person("alice"), asyncio.Event()
    await settle(house, votes="buttons")
    await house.opt_in(alice)
    reply = await voted_by_button(house, alice)

    async def take_a_version_back(*_: int) -> None:
        await is_loaded.wait()

    monkeypatch.setattr(house.services.nightly, "look_back", take_a_version_back)
    pressed = await alice.click(reply, f"bowerbird:vote:dislike:{alice.id}")
    await pressed.acknowledged()
    assert chosen(reply) == []
    is_loaded.set()
    await alice.wait_until(lambda: chosen(reply) == ["👎"])


async def test_they_work_after_a_restart_a_year_later_and_whatever_is_set_since(
    playground: Playground, tmp_path: Path
) -> None:
    async with houses.running(playground, tmp_path) as house:
        alice = house.person("alice")
        await settle(house, votes="buttons")
        await house.opt_in(alice)
        reply = await voted_by_button(house, alice)
        await settle(house, votes="reactions")
    reply.created_at -= YEAR_S
    async with houses.running(playground, tmp_path) as house:
        await press(alice, reply, "like")
        await alice.wait_until(lambda: chosen(reply) == ["👍"])
        assert await liked(house, alice) == [True]
        await press(alice, reply, "regenerate")
        second = await alice.wait_for_message(
            lambda m: m.content == "You said: hi" and m.id != reply.id and len(m.reactions) == 3
        )

        async def regenerates() -> int | None:
            kept = await house.store.reply_of_message(second.id)
            return kept.regenerates if kept else None

        assert await house.until(regenerates) == reply.id


async def test_teach_opens_the_form(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    await settle(house, votes="buttons")
    await house.opt_in(alice)
    reply = await voted_by_button(house, alice)
    await press(bob, reply, "correction")
    await bob.wait_for_message(lambda m: m.is_ephemeral)
    opened = await alice.click(reply, f"bowerbird:vote:correction:{alice.id}")
    modal = await opened.modal_shown()
    await alice.submit(modal, {"better": "Blue!"})

    async def corrections() -> list[str | None]:
        return [label.correction for label in await house.labels(alice)]

    await house.until(corrections)
    assert await corrections() == ["Blue!"]


async def test_others_are_counted_if_they_agreed_and_never_train(house: House) -> None:
    alice, bob, carol = (house.person(name) for name in ("alice", "bob", "carol"))
    await settle(house, votes="buttons")
    await house.opt_in(alice)
    await house.opt_in(bob)
    reply = await voted_by_button(house, alice)
    for person, kind, said in (
        (carol, "like", "vote-not-counted"),
        (bob, "dislike", "vote-counted"),
        (bob, "dislike", "vote-taken-back"),
        (bob, "like", "vote-counted"),
    ):
        await press(person, reply, kind)
        told = await person.wait_for_message(lambda m: m.is_ephemeral)
        assert told.content == f"-# {house.english(said)}"
    assert (chosen(reply), await liked(house, alice)) == ([], [])
    summary = await house.store.person_summary(house.scope_id, alice.id)
    assert (summary.likes, summary.others_votes) == (0, 1)
    await press(bob, reply, "regenerate")
    await bob.wait_for_message(lambda m: m.is_ephemeral)
    assert len(house.backend.requests) == 1


async def test_the_undecided_are_offered_consent_also_after_a_restart(
    playground: Playground, tmp_path: Path
) -> None:
    async with houses.running(playground, tmp_path) as house:
        alice = house.person("alice")
        await settle(house, votes="buttons")
        first, second = [await voted_by_button(house, alice, text) for text in ("a", "b")]
        assert first.id != second.id
    async with houses.running(playground, tmp_path) as house:
        for reply in (first, second):
            await press(alice, reply, "like")
            await alice.wait_until(lambda reply=reply: chosen(reply) == ["👍"])
        person = await house.store.person(house.scope_id, alice.id)
        assert person.consent is Consent.OFFERED
        offers = [
            message
            for reply in (first, second)
            for message in house.replies_to(reply, alice.channel("general"))
        ]
        assert [offer.reference_id for offer in offers] == [first.id]


async def test_a_stopped_and_a_growing_reply_have_the_right_buttons(house: House) -> None:
    alice = house.person("alice")
    await settle(house, votes="buttons")
    house.backend.gate.clear()
    question = await alice.say("general", f"{house.mention} one two")
    reply = await alice.wait_for_reply(question)
    assert len(buttons(reply)) == 2
    await alice.click(reply, f"bowerbird:stop:{alice.id}")
    await alice.wait_until(lambda: len(buttons(reply)) == 4)


async def test_an_emoji_of_the_server_is_chosen_by_name_and_offered(house: House) -> None:
    alice, owner = house.person("alice"), house.person("owner")
    guild = next(iter(house.playground.world.guilds.values()))
    (shell,) = guild.emojis.values()
    await house.opt_in(alice)
    form = await (await owner.slash("general", "server settings")).answered()
    await owner.click(form, "bowerbird:settings:votes")
    await owner.wait_until(lambda: "bowerbird:settings:emoji" in str(form.components))
    modal = await (await owner.click(form, "bowerbird:settings:emoji")).modal_shown()
    await owner.submit(modal, {"likes": ":shell:", "dislikes": "🪨"})
    await owner.wait_until(lambda: str(shell) in form.content)
    question = await alice.say("general", f"{house.mention} hi")
    reply = await house.finished_reply(alice, question)
    assert [reaction.emoji.id for reaction in reply.reactions] == [shell.id, None, None]
    await alice.react(reply, str(shell), is_super=True)

    async def is_liked() -> bool:
        return await liked(house, alice) == [True]

    await house.until(is_liked)
    await alice.unreact(reply, str(shell), is_super=True)

    async def is_taken_back() -> bool:
        return not await is_liked()

    await house.until(is_taken_back)


async def test_a_servers_own_emoji_vote(house: House) -> None:
    alice = house.person("alice")
    yes, no = "<:yes:1400000000000000001>", "<:no:1400000000000000002>"
    await settle(house, positive_emoji=(yes, "🐦"), negative_emoji=(no,))
    await house.opt_in(alice)
    question = await alice.say("general", f"{house.mention} hi")
    reply = await alice.wait_for_reply(question)
    await alice.wait_until(lambda: len(reply.reactions) == 3)
    offered = [reaction.emoji.name for reaction in reply.reactions]
    assert offered == ["🐦", "👎", "🔄"]  # what we may not use ourselves is not offered
    for emoji, is_liked in ((yes, True), (no, False), ("🐦", True)):
        await alice.react(reply, emoji)

        async def is_heard(is_liked: bool = is_liked) -> bool:
            return await liked(house, alice) == [is_liked]

        await house.until(is_heard)
        await alice.unreact(reply, emoji)
    await alice.react(reply, "👍")  # means nothing here
    await alice.react(reply, yes)
    await house.until(lambda: liked(house, alice))
