"""Slash commands, menus, buttons, modals and their deadlines, with the real client."""

from __future__ import annotations

import discord
import pytest

from bowerbird.playground import Playground
from bowerbird.playground.errors import DiscordError
from bowerbird.playground.interactions import InteractionFailed
from bowerbird.playground.model import MessageKind
from tests.playground.trial_bot import TrialBot


async def test_the_picker_shows_what_one_may_use(playground: Playground, bot: TrialBot) -> None:
    alice, owner = playground.person("alice"), playground.person("owner")
    names = [choice.name for choice in alice.commands("general")]
    assert names == ["ask", "mute", "my personalization", "my rollback", "twice"]
    assert "reset" in [choice.name for choice in owner.commands("general")]
    assert "reset" not in [choice.name for choice in owner.commands(await owner.dm())]
    with pytest.raises(LookupError, match="not offered /reset"):
        await alice.slash("general", "reset", user="bob")


async def test_an_ephemeral_answer_is_for_one_person(playground: Playground, bot: TrialBot) -> None:
    alice, bob = playground.person("alice"), playground.person("bob")
    used = await alice.slash("general", "my personalization", state="on")
    answer = await used.answered()
    assert answer.content == "now on"
    assert answer.kind is MessageKind.CHAT_INPUT_COMMAND
    assert answer.is_ephemeral
    assert answer in alice.messages("general")
    assert answer not in bob.messages("general")
    assert not any(seen.name.startswith("MESSAGE") for seen in bob.seen)


async def test_options_are_checked_as_the_client_would(
    playground: Playground, bot: TrialBot
) -> None:
    alice, owner = playground.person("alice"), playground.person("owner")
    with pytest.raises(ValueError, match="needs the option 'state'"):
        await alice.slash("general", "my personalization")
    with pytest.raises(ValueError, match="not among the choices"):
        await alice.slash("general", "my personalization", state="maybe")
    with pytest.raises(ValueError, match="no option 'mood'"):
        await alice.slash("general", "ask", prompt="x", mood="bad")
    with pytest.raises(ValueError, match="1 to 50 characters"):
        await alice.slash("general", "ask", prompt="x" * 51)
    with pytest.raises(ValueError, match="takes a number"):
        await alice.slash("general", "my rollback", version="two")
    used = await owner.slash("general", "reset", user="bob")
    assert (await used.answered()).content == "Bob starts over"


async def test_choices_are_offered_while_typing(playground: Playground, bot: TrialBot) -> None:
    alice = playground.person("alice")
    offered = await alice.autocomplete("general", "my rollback", "version", version="")
    assert [choice["value"] for choice in offered] == [1, 2]


async def test_a_deferred_answer_fills_in_and_goes_on(
    playground: Playground, bot: TrialBot
) -> None:
    alice, bob = playground.person("alice"), playground.person("bob")
    used = await alice.slash("general", "ask", prompt="why")
    await bob.wait_for_message(lambda m: m.content == "edited why", since=0)
    answer = await used.answered()
    assert [version.content for version in answer.versions] == ["", "you said why", "edited why"]
    assert (await used.followed_up()).content == "and more"
    assert [m.content for m in bob.messages("general")] == ["edited why", "and more"]


async def test_buttons_and_menus_change_their_message(
    playground: Playground, bot: TrialBot
) -> None:
    alice, bob = playground.person("alice"), playground.person("bob")
    used = await alice.slash("general", "ask", prompt="why")
    await used.followed_up()
    answer = await used.answered()
    chosen = await bob.select(answer, "vote:mood", "loud")
    assert (await chosen.answered()).content == "feeling loud"
    clicked = await bob.click(answer, "vote:up")
    assert (await clicked.answered()).id == answer.id
    assert (answer.content, answer.components) == ("voted", [])
    with pytest.raises(LookupError, match="there are: none"):
        await bob.click(answer, "vote:up")


async def test_a_message_menu_opens_a_modal(playground: Playground, bot: TrialBot) -> None:
    alice = playground.person("alice")
    said = await alice.say("general", "not for the bot")
    assert alice.message_commands(said) == ["Teach a better reply"]
    opened = await alice.context_menu(said, "Teach a better reply")
    modal = await opened.modal_shown()
    assert modal.title == "Teach a better reply"
    assert [label for label, _ in modal.fields] == ["A better reply", "Why?"]
    assert (await bot.until_heard("target")).content == "not for the bot", "targets come whole"
    with pytest.raises(ValueError, match="must be filled in"):
        await alice.submit(modal, {})
    with pytest.raises(ValueError, match="no field 'colour'"):
        await alice.submit(modal, {"better": "x", "colour": "red"})
    sent = await alice.submit(modal, {"A better reply": "shorter", "why": "time"})
    assert (await sent.answered()).content == "learned 'shorter' because 'time'"


async def test_a_button_opens_a_modal(playground: Playground, bot: TrialBot) -> None:
    alice = playground.person("alice")
    used = await alice.slash(await alice.dm(), "ask", prompt="why")
    await used.followed_up()
    clicked = await alice.click(await used.answered(), "vote:teach")
    sent = await alice.submit(await clicked.modal_shown(), {"better": "x"})
    assert (await sent.answered()).content == "learned 'x' because ''"


async def test_no_answer_in_time_fails(playground: Playground, bot: TrialBot) -> None:
    playground.world.deadlines.interaction_answer_s = 0.3
    alice = playground.person("alice")
    used = await alice.slash("general", "mute")
    with pytest.raises(InteractionFailed, match="did not respond"):
        await used.answered()
    assert any(seen.name == "INTERACTION_FAILURE" for seen in alice.seen)
    late = await bot.until_heard("mute")
    with pytest.raises(discord.NotFound) as caught:
        await late.response.send_message("sorry")
    assert caught.value.code == 10062


async def test_a_second_answer_is_refused(playground: Playground, bot: TrialBot) -> None:
    used = await playground.person("alice").slash("general", "twice")
    assert (await used.answered()).content == "once"
    refused = await bot.until_heard("refused")
    assert (refused.status, refused.code) == (400, 40060)


async def test_a_token_ends(playground: Playground, bot: TrialBot) -> None:
    alice = playground.person("alice")
    used = await alice.slash("general", "my rollback", version=2)
    answer = await used.answered()
    webhook = discord.Webhook.partial(used.application_id, used.token, client=bot)
    assert (await webhook.fetch_message(answer.id)).content == "back to 2"
    extra = await webhook.send("extra", wait=True)
    await webhook.delete_message(extra.id)
    assert used.follow_ups[0].is_deleted
    playground.world.deadlines.interaction_token_s = 0.0
    with pytest.raises(discord.HTTPException) as caught:
        await webhook.send("late")
    assert (caught.value.status, caught.value.code) == (401, 50027)


async def test_syncing_keeps_ids_and_drops_what_is_gone(
    playground: Playground, bot: TrialBot
) -> None:
    before = {command.name: command.id for command in await bot.tree.fetch_commands()}
    bot.tree.remove_command("mute")
    synced = {command.name: command.id for command in await bot.tree.sync()}
    assert set(before) - set(synced) == {"mute"}
    assert all(before[name] == synced[name] for name in synced)
    guild = discord.Object(bot.guilds[0].id)
    bot.tree.copy_global_to(guild=guild)
    assert len(await bot.tree.sync(guild=guild)) == len(synced)
    one = (await bot.tree.fetch_commands(guild=guild))[0]
    await one.delete()
    assert len(await bot.tree.fetch_commands(guild=guild)) == len(synced) - 1


async def test_bad_commands_are_refused(playground: Playground, bot: TrialBot) -> None:
    with pytest.raises(discord.HTTPException) as caught:
        await bot.http.upsert_global_command(
            playground.bot.id, {"name": "Not Valid", "description": "x", "type": 1}
        )
    assert caught.value.code == 50035


async def test_nobody_clicks_what_they_cannot_see(playground: Playground, bot: TrialBot) -> None:
    alice, bob = playground.person("alice"), playground.person("bob")
    used = await alice.slash(await alice.dm(), "ask", prompt="why")
    await used.followed_up()
    with pytest.raises(DiscordError, match="Unknown Message"):
        await bob.click(await used.answered(), "vote:up")
