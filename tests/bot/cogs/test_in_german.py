"""Somebody whose Discord is in German, from the first question to forgetting."""

from __future__ import annotations

from dataclasses import replace

from bowerbird.playground.model import Message
from tests.bot.house import House


def said(message: Message) -> str:
    return message.content


async def test_a_german_is_spoken_to_in_german(house: House) -> None:
    alice = house.person("alice")
    alice.speak("de-AT")
    told = await (await alice.slash("general", "my status")).answered()
    assert "Personalisierung ist **aus**" in said(told)
    reply = await house.ask(alice, "Hallo?")  # a plain message tells no language: it is remembered
    await alice.react(reply, "👍")
    offer = await alice.wait_for_message(
        lambda m: "darf ich aus deinen Reaktionen lernen" in said(m)
    )
    labels = [button["label"] for row in offer.components for button in row["components"]]
    assert labels == ["Ja, lern von mir", "Nein, danke"]
    yes = f"bowerbird:consent:{house.scope_id}:{alice.id}:yes"
    await alice.click(offer, yes)
    await alice.wait_until(lambda: "Danke! Ab jetzt" in said(offer))
    assert "auch dieses eine" in said(offer)
    opened = await alice.context_menu(reply, "Teach a better reply")
    modal = await opened.modal_shown()
    assert (modal.title, modal.fields[0][0]) == (
        "Bessere Antwort zeigen",
        "Was hätte ich sagen sollen?",
    )
    refused = await alice.submit(modal, {"better": reply.content})
    assert "es wurde nichts geändert" in said(await refused.answered())
    failed = await alice.slash("general", "my compare", prompt="Wer bist du?")
    assert "nichts zu vergleichen" in said(await failed.answered())
    question = await (await alice.slash("general", "my forget")).answered()
    assert "Das löscht alles" in said(question)
    await alice.click(question, "bowerbird:confirm")
    await alice.wait_until(lambda: said(question).startswith("-# Gelöscht: 1 Gespräch"))
    hello = await alice.say("general", house.mention)
    assert "Yes?" in said(await alice.wait_for_reply(hello))  # forgotten, the language too


async def test_what_we_say_in_small_print_is_no_part_of_a_conversation(house: House) -> None:
    bob = house.person("bob")
    bob.speak("ja")
    await (await bob.slash("general", "my status")).answered()
    channel = await bob.dm()
    empty = await bob.say(channel, "", files={"picture.png": b"\x89PNG"})
    hint = await bob.wait_for_reply(empty)
    assert said(hint).startswith("-# 読めるのは")
    question = await bob.say(channel, "元気ですか")
    await house.finished_reply(bob, question)
    assert "読めるのは" not in str(house.backend.prompts[-1])


async def test_a_servers_language_is_everybodys_and_the_form_follows_at_once(house: House) -> None:
    admin = house.person("owner")
    form = await (await admin.slash("general", "server settings")).answered()
    await (await admin.click(form, "bowerbird:settings:language")).answered()
    await (await admin.select(form, "bowerbird:settings:languages", "fr")).answered()
    assert "**Langue** : Français" in said(form)
    assert (await house.services.servers.of(house.scope_id)).language == "fr"
    carol = house.person("carol")
    carol.speak("de")
    told = await (await carol.slash("general", "my status")).answered()
    assert "La personnalisation est **désactivée**" in said(told)
    await (await admin.select(form, "bowerbird:settings:languages", "own")).answered()
    told = await (await carol.slash("general", "my status")).answered()
    assert "Personalisierung ist **aus**" in said(told)


async def test_refusals_and_announcements_speak_the_servers_language(house: House) -> None:
    alice = house.person("alice")
    await house.services.servers.change(
        house.scope_id, lambda old: replace(old, language="es-ES", cooldown_s=60)
    )
    await house.ask(alice, "hi")
    question = await alice.say("general", f"{house.mention} again")
    assert "Un momento, por favor" in said(await alice.wait_for_reply(question))


async def test_commands_are_offered_in_german_and_used_by_their_names(house: House) -> None:
    alice = house.person("alice")
    alice.speak("de")
    offered = {choice.name: choice for choice in alice.commands("general")}
    shown = offered["my personalization"]
    assert (shown.shown, shown.options[0]["shown"]) == ("mein personalisierung", "zustand")
    assert [choice["name"] for choice in shown.options[0]["choices"]] == ["an", "aus"]
    assert offered["ask"].description == "Frag mich etwas."
    told = await (await alice.slash("general", "my personalization", state="on")).answered()
    assert "</my forget:" in said(told)
