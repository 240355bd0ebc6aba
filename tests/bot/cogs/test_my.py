from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import pytest

from bowerbird.bot.cogs.base import BowerbirdCog
from bowerbird.personalization.errors import QueueFullError
from bowerbird.playground.people import Person
from bowerbird.storage.records import Consent, RunState
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
    assert "the last one included" in answer.content
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


async def test_forget_reaches_what_is_in_memory_only(house: House) -> None:
    alice = house.person("alice")
    alice.speak("de")
    files = {"notes.txt": "a secret"}
    question = await alice.say("general", f"{house.mention} read this", files=files)
    await house.finished_reply(alice, question)
    asked = await (await alice.slash("general", "my forget")).answered()
    languages = house.services.languages
    cog = house.client.get_cog("Bowerbird my")
    assert isinstance(cog, BowerbirdCog)
    assert cog.answerer.files._read
    await alice.click(asked, "bowerbird:confirm")
    await alice.wait_until(lambda: "Gelöscht" in asked.content)
    assert not cog.answerer.files._read
    assert (await languages.of(house.scope_id, alice.id)).locale == "en-US"


async def test_forget_can_be_called_off(house: House) -> None:
    alice = house.person("alice")
    await house.opt_in(alice)
    reply = await house.ask(alice, "hi")
    asked = await (await alice.slash("general", "my forget")).answered()
    await alice.click(asked, "bowerbird:cancel")
    await alice.wait_until(lambda: "Nothing was changed" in asked.content)
    assert await house.store.reply_of_message(reply.id) is not None


# --- versions -----------------------------------------------------------------------------------


async def trained(house: House, person: Person, times: int = 1) -> None:
    """With ``times`` versions of their own, each after a liked reply."""
    await house.opt_in(person)
    for number in range(times):
        reply = await house.ask(person, f"question {number}")
        await person.react(reply, "👍")
        await house.until(lambda wanted=number + 1: at_least(house, person, wanted))
        run, _ = await house.services.nightly.retrain(house.scope_id, person.id)
        assert run.state is RunState.PROMOTED


async def at_least(house: House, person: Person, wanted: int) -> bool:
    return len(await house.labels(person)) >= wanted


async def test_status_shows_how_each_version_pleased(house: House) -> None:
    alice = house.person("alice")
    await trained(house, alice, 2)
    answer = await (await alice.slash("general", "my status")).answered()
    assert "You are answered by **version 2**" in answer.content
    assert "the base model 100% (liked 1 of 1), version 1 100% (liked 1 of 1)." in answer.content
    assert "Version 2 was accepted" in answer.content
    (picture,) = answer.attachments
    assert picture.content_type == "image/png"
    assert picture.content.startswith(b"\x89PNG")


async def test_history_then_back_to_an_earlier_version_and_to_base(house: House) -> None:
    alice = house.person("alice")
    await trained(house, alice, 2)
    listed = await (await alice.slash("general", "my history")).answered()
    assert listed.is_ephemeral
    assert "Version 2 (**in use**) was accepted" in listed.content
    assert "Version 1 (liked 1 of 1, kept) was accepted" in listed.content
    assert "- liked replies became more likely" in listed.content
    choices = await alice.autocomplete("general", "my rollback", "version", version="")
    assert [choice["value"] for choice in choices] == [1, 0]
    back = await (await alice.slash("general", "my rollback", version=1)).answered()
    assert "answered by **version 1** again" in back.content
    await house.ask(alice, "and now?")
    used = house.backend.requests[-1].adapter
    assert used is not None
    assert used.version == 1
    assert used in house.backend.preloaded
    base = await (await alice.slash("general", "my rollback", version=0)).answered()
    assert "answered by **the base model** again" in base.content
    assert (house.scope_id, alice.id) in house.backend.unloaded
    await house.ask(alice, "and now?")
    assert house.backend.requests[-1].adapter is None


async def test_nobody_goes_back_to_what_is_not_there_or_not_theirs(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    await trained(house, alice)
    answer = await (await bob.slash("general", "my rollback", version=1)).answered()
    assert "Version 1 is not kept" in answer.content
    person = await house.store.person(house.scope_id, alice.id)
    assert person.active_version == 1


async def test_compare_asks_both_the_same_and_keeps_nothing(house: House) -> None:
    alice = house.person("alice")
    await trained(house, alice)
    before = len(await house.labels(alice))
    replies = (await house.store.person_summary(house.scope_id, alice.id)).replies
    answer = await (await alice.slash("general", "my compare", prompt="Tea?")).answered()
    assert answer.is_ephemeral
    assert answer.content.startswith(
        "> Tea?\n\n**Version 1**\nYou said: Tea?\n\n**The base model**"
    )
    assert "Neither reply is kept" in answer.content
    mine, base = house.backend.requests[-2:]
    assert {mine.adapter is None, base.adapter is None} == {True, False}
    assert mine.sampling.seed == base.sampling.seed
    seen = {
        request.adapter is None: prompt
        for request, prompt in zip((mine, base), house.backend.prompts[-2:], strict=True)
    }
    assert seen[True].endswith("<user>Tea?\n<assistant>")
    assert "question 0" not in seen[True]  # the base knows nothing of her taste
    assert "question 0" not in seen[False]  # her version has learned it
    assert answer.reactions == []
    assert len(await house.labels(alice)) == before
    summary = await house.store.person_summary(house.scope_id, alice.id)
    assert summary.replies == replies


async def test_compare_needs_a_version_and_says_what_went_wrong(house: House) -> None:
    alice = house.person("alice")
    answer = await (await alice.slash("general", "my compare", prompt="Tea?")).answered()
    assert "nothing to compare" in answer.content
    await trained(house, alice)
    garden = alice.channel("garden").id
    shut = frozenset({garden})
    await house.services.servers.change(
        house.scope_id, lambda old: replace(old, blocked_channels=shut)
    )
    answer = await (await alice.slash(garden, "my compare", prompt="Tea?")).answered()
    assert "do not want me to answer in this channel" in answer.content
    house.backend.script.extend([QueueFullError("many people are asking"), "fine"])
    answer = await (await alice.slash("general", "my compare", prompt="Tea?")).answered()
    assert "Many people are asking." in answer.content


async def test_long_comparisons_take_several_messages(house: House) -> None:
    alice = house.person("alice")
    await trained(house, alice)
    house.backend.answer = lambda _: "word " * 380
    asked = await alice.slash("general", "my compare", prompt="Tea?")
    first = await asked.answered()
    last = await asked.followed_up(2)
    assert len(first.content) <= 2000
    assert "Neither reply is kept" in last.content
    assert last.is_ephemeral


# --- privacy and export -------------------------------------------------------------------------


async def test_privacy_in_short(house: House) -> None:
    alice = house.person("alice")
    unasked = await (await alice.slash("general", "my privacy")).answered()
    assert unasked.is_ephemeral
    assert "you have not said yes" in unasked.content
    await house.opt_in(alice)
    said_yes = await (await alice.slash("general", "my privacy")).answered()
    assert "you said **yes**" in said_yes.content
    assert "for 365 days at most" in said_yes.content


@pytest.mark.parametrize(
    ("command", "options"), [("my privacy", {}), ("my compare", {"prompt": "Tea?"})]
)
async def test_a_store_that_is_busy_for_long_costs_no_answer(
    house: House, command: str, options: dict[str, str]
) -> None:
    """Without a sign from us within seconds, Discord says that we did not respond."""
    alice = house.person("alice")
    async with house.store._database._lock:  # as while the file is written anew
        asked = await alice.slash("general", command, **options)
        await asked.acknowledged()
    assert (await asked.answered()).is_ephemeral


async def test_export_comes_by_dm_with_all_there_is_and_nothing_of_others(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    await trained(house, alice)
    await trained(house, bob)
    await house.opt_in(alice, await alice.dm())
    await house.ask(alice, "a private question", await alice.dm())
    answer = await (await alice.slash("general", "my export")).answered()
    assert "Sent to you by direct message: bowerbird.zip." in answer.content
    (message,) = [m for m in alice.messages(await alice.dm()) if m.attachments]
    (attachment,) = message.attachments
    assert attachment.filename == "bowerbird.zip"
    with zipfile.ZipFile(io.BytesIO(attachment.content)) as archive:
        names = set(archive.namelist())
        known = json.loads(archive.read("bowerbird.json"))
    folder = f"adapters/{house.scope_id}/{alice.id}/v1"
    assert names == {
        "README.txt",
        "bowerbird.json",
        f"{folder}/adapter_config.json",
        f"{folder}/adapter_model.safetensors",
    }
    assert known["user_id"] == alice.id
    assert {reply["user_id"] for reply in known["replies"]} == {alice.id}
    assert "a private question" in json.dumps(known)


@pytest.mark.provokes(413)
async def test_export_larger_than_discord_takes(house: House) -> None:
    alice = house.person("alice")
    await trained(house, alice)
    house.playground.world.upload_limit_bytes = 100
    answer = await (await alice.slash("general", "my export")).answered()
    assert answer.content.startswith("-# Too large for Discord")
    assert "`bowerbird export`): bowerbird.zip." in answer.content
    assert alice.messages(await alice.dm()) == []


async def test_export_where_we_may_not_write_to_them(house: House) -> None:
    alice = house.person("alice")
    route = "POST /users/@me/channels"
    house.playground.fail_next(route, status=403)
    answer = await (await alice.slash("general", "my export")).answered()
    assert "Allow them in this server's privacy settings" in answer.content
