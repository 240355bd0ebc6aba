from __future__ import annotations

from tests.bot.cogs.test_feedback import button, offered_to
from tests.bot.house import House

MENU = "Teach a better reply"


async def test_a_correction_is_kept_with_its_origin(house: House) -> None:
    alice = house.person("alice")
    await house.opt_in(alice)
    reply = await house.ask(alice, "hi")
    assert MENU in alice.message_commands(reply)
    opened = await alice.context_menu(reply, MENU)
    modal = await opened.modal_shown()
    sent = await alice.submit(modal, {"better": "Hello, dear Alice."})
    await sent.answered()
    label = (await house.until(lambda: house.labels(alice)))[0]
    assert label.correction == "Hello, dear Alice."
    assert label.correction_origin == "modal"


async def test_the_same_words_are_no_correction(house: House) -> None:
    alice = house.person("alice")
    await house.opt_in(alice)
    reply = await house.ask(alice, "hi")
    modal = await (await alice.context_menu(reply, MENU)).modal_shown()
    sent = await alice.submit(modal, {})
    assert "nothing was changed" in (await sent.answered()).content
    assert await house.labels(alice) == []


async def test_a_long_reply_is_whole_in_the_form_or_not_in_it(house: House) -> None:
    """A part of it, sent back with a word changed, would teach to stop there."""
    alice = house.person("alice")
    await house.opt_in(alice)
    for words, begins_with in ((600, 600), (1000, 0)):
        said = "twig " * words + "end"
        house.backend.script.append(said)
        question = await alice.say("general", f"{house.mention} talk")
        reply = await alice.wait_for_reply(question)
        await house.until(lambda reply=reply: house.store.reply_of_message(reply.id))
        modal = await (await alice.context_menu(reply, MENU)).modal_shown()
        (field,) = (item for row in modal.body["components"] for item in row["components"])
        assert (field.get("value") or "").count("twig") == begins_with
    assert field["max_length"] == 4000


async def test_only_the_asker_teaches(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    await house.opt_in(alice)
    reply = await house.ask(alice, "hi")
    refused = await (await bob.context_menu(reply, MENU)).answered()
    assert refused.is_ephemeral
    assert "only the person I answered" in refused.content.lower().replace(
        "i answered", "I answered"
    )
    others = await bob.say("general", "not a reply")
    refused = await (await alice.context_menu(others, MENU)).answered()
    assert "one of my replies" in refused.content


async def test_teaching_offers_consent_and_waits_for_it(house: House) -> None:
    alice = house.person("alice")
    reply = await house.ask(alice, "hi")
    modal = await (await alice.context_menu(reply, MENU)).modal_shown()
    await alice.submit(modal, {"better": "Good day."})
    offer = await offered_to(alice, reply)
    assert await house.labels(alice) == []
    await alice.click(offer, button(offer, "yes"))
    assert (await house.until(lambda: house.labels(alice)))[0].correction == "Good day."
