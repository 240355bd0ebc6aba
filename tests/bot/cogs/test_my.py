from __future__ import annotations

from bowerbird.storage.records import Consent
from tests.bot.house import House


async def test_status_says_what_is_kept(house: House) -> None:
    alice = house.person("alice")
    off = await (await alice.slash("general", "my status")).answered()
    assert off.is_ephemeral
    assert "**off**" in off.content
    await house.opt_in(alice)
    reply = await house.ask(alice, "hi")
    await alice.react(reply, "👍")
    await house.until(lambda: house.labels(alice))
    on = await (await alice.slash("general", "my status")).answered()
    assert "answered by the base model" in on.content
    assert "1 exchange: 👍 1, 👎 0" in on.content
    assert "1 new vote or correction; I learn once there are 2." in on.content


async def test_personalization_on_keeps_the_recent_exchange(house: House) -> None:
    alice = house.person("alice")
    reply = await house.ask(alice, "hi")
    answer = await (await alice.slash("general", "my personalization", state="on")).answered()
    assert "the last 1 included" in answer.content
    assert await house.store.reply_of_message(reply.id) is not None


async def test_personalization_off_deletes(house: House) -> None:
    alice = house.person("alice")
    await house.opt_in(alice)
    reply = await house.ask(alice, "hi")
    answer = await (await alice.slash("general", "my personalization", state="off")).answered()
    assert "Deleted: 1 exchange" in answer.content
    assert await house.store.reply_of_message(reply.id) is None
    assert (await house.store.person(house.scope_id, alice.id)).consent is Consent.OFF
    assert (house.scope_id, alice.id) in house.backend.unloaded


async def test_forget_asks_first_and_gives_a_receipt(house: House) -> None:
    alice = house.person("alice")
    await house.opt_in(alice)
    await house.opt_in(alice, await alice.dm())
    reply = await house.ask(alice, "hi")
    asked = await (await alice.slash("general", "my forget")).answered()
    assert await house.store.reply_of_message(reply.id) is not None
    await alice.click(asked, "bowerbird:confirm")
    await alice.wait_until(lambda: "Deleted: 1 exchange" in asked.content)
    assert asked.components == []
    assert await house.store.reply_of_message(reply.id) is None
    assert (await house.store.person(0, alice.id)).consent is Consent.OFF


async def test_forget_can_be_called_off(house: House) -> None:
    alice = house.person("alice")
    await house.opt_in(alice)
    reply = await house.ask(alice, "hi")
    asked = await (await alice.slash("general", "my forget")).answered()
    await alice.click(asked, "bowerbird:cancel")
    await alice.wait_until(lambda: "Nothing was changed" in asked.content)
    assert await house.store.reply_of_message(reply.id) is not None
