"""`/server settings`, pressed and filled in as an admin does, and `/server status`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bowerbird.bot.settings_text import MAX_EMOJI
from bowerbird.playground import Playground
from bowerbird.playground.model import Message
from bowerbird.playground.people import Person
from bowerbird.playground.permissions import Permission
from bowerbird.storage.records import ServerSettings
from tests.bot import house as houses
from tests.bot.house import House

ID = "bowerbird:settings:"


async def opened(house: House, admin: Person) -> Message:
    form = await (await admin.slash("general", "server settings")).answered()
    assert form.is_ephemeral
    return form


async def current(house: House) -> ServerSettings:
    stored = await house.store.server_settings(house.scope_id)
    assert stored == await house.services.servers.of(house.scope_id)
    return stored


async def press(admin: Person, form: Message, name: str) -> None:
    await (await admin.click(form, ID + name)).answered()


async def choose(admin: Person, form: Message, name: str, *values: str) -> None:
    await (await admin.select(form, ID + name, *values)).answered()


async def test_channels_are_chosen_and_shown(house: House) -> None:
    owner = house.person("owner")
    general = owner.channel("general").id
    form = await opened(house, owner)
    assert "everywhere I can read" in form.content
    await press(owner, form, "channels")
    await choose(owner, form, "allowed_channels", str(general))
    await owner.wait_until(lambda: f"only in <#{general}>" in form.content)
    await choose(owner, form, "blocked_channels", str(general))
    await owner.wait_until(lambda: f"not in <#{general}>" in form.content)
    menu = form.components[0]["components"][0]
    assert [value["id"] for value in menu["default_values"]] == [str(general)]
    await choose(owner, form, "allowed_channels")
    await owner.wait_until(lambda: "everywhere I can read, not in" in form.content)
    assert await current(house) == ServerSettings(blocked_channels=frozenset({general}))
    await press(owner, form, "back")
    await press(owner, form, "back_to_defaults")
    await owner.wait_until(lambda: "everywhere I can read;" in form.content)
    assert await current(house) == ServerSettings()


async def test_limits_are_filled_in_and_mistakes_explained(house: House) -> None:
    owner = house.person("owner")
    form = await opened(house, owner)
    modal = await (await owner.click(form, ID + "limits")).modal_shown()
    refused = await (await owner.submit(modal, {"pause": "soon", "daily": "5"})).answered()
    assert refused.is_ephemeral
    assert "from 0 (none) to 3600, not “soon”" in refused.content
    assert await current(house) == ServerSettings()
    modal = await (await owner.click(form, ID + "limits")).modal_shown()
    await owner.submit(modal, {"pause": "20", "daily": ""})
    await owner.wait_until(lambda: "20 s between two questions, no daily limit" in form.content)
    assert await current(house) == ServerSettings(cooldown_s=20)


async def test_votes_and_emoji(house: House) -> None:
    owner = house.person("owner")
    form = await opened(house, owner)
    await press(owner, form, "votes")
    await press(owner, form, "as_buttons")
    await owner.wait_until(lambda: "**Votes**: as buttons" in form.content)
    modal = await (await owner.click(form, ID + "emoji")).modal_shown()
    await owner.submit(modal, {"likes": "❤️ 🔥", "dislikes": "💔"})
    await owner.wait_until(lambda: "❤️ and 💔" in form.content)
    assert await current(house) == ServerSettings(
        votes="buttons", positive_emoji=("❤️", "🔥"), negative_emoji=("💔",)
    )


async def test_the_longest_emoji_fit_into_the_form_again(house: House) -> None:
    """Discord refuses a form in which a field holds more than it takes."""
    emoji = tuple(f"<a:{'n' * 32}:{2**63 + number}>" for number in range(MAX_EMOJI))
    await house.services.servers.change(
        house.scope_id, lambda old: replace(old, positive_emoji=emoji, negative_emoji=emoji)
    )
    owner = house.person("owner")
    form = await opened(house, owner)
    await press(owner, form, "votes")
    modal = await (await owner.click(form, ID + "emoji")).modal_shown()
    for _, field in modal.fields:
        assert field["value"].split() == list(emoji)
        assert len(field["value"]) <= field["max_length"]


async def test_announcements_only_where_we_may_write(house: House) -> None:
    owner = house.person("owner")
    general = owner.channel("general")
    world = house.playground.world
    news = world.create_channel(world.guilds[house.scope_id], "news")
    house.playground.deny(news, Permission.SEND_MESSAGES, house.playground.bot)
    form = await opened(house, owner)
    await press(owner, form, "announcements")
    refused = await (await owner.select(form, ID + "announcements", str(news.id))).answered()
    assert f"I may not write in <#{news.id}>" in refused.content
    await choose(owner, form, "announcements", str(general.id))
    await owner.wait_until(lambda: f"summary in <#{general.id}>" in form.content)
    assert (await current(house)).announcement_channel_id == general.id


async def test_roles(playground: Playground, tmp_path: Path) -> None:
    guild = next(iter(playground.world.guilds.values()))
    role = playground.world.create_role(guild, "Talkers", guild.roles[guild.id].permissions)
    async with houses.running(playground, tmp_path) as house:
        owner = house.person("owner")
        form = await opened(house, owner)
        await press(owner, form, "roles")
        await choose(owner, form, "allowed_roles", str(role.id))
        await owner.wait_until(lambda: f"people with <@&{role.id}>" in form.content)
        assert (await current(house)).allowed_roles == {role.id}
        assert form.pings == []


async def test_two_admins_at_once_do_not_undo_each_other(
    playground: Playground, tmp_path: Path
) -> None:
    guild = next(iter(playground.world.guilds.values()))
    admins = playground.world.create_role(guild, "Admins", Permission.MANAGE_GUILD)
    carol = playground.person("carol")
    guild.members[carol.id].role_ids.add(admins.id)
    async with houses.running(playground, tmp_path) as house:
        owner = house.person("owner")
        hers, his = await opened(house, carol), await opened(house, owner)
        modal = await (await carol.click(hers, ID + "limits")).modal_shown()
        await press(owner, his, "votes")
        await press(owner, his, "as_buttons")
        await carol.submit(modal, {"pause": "20", "daily": "0"})
        await carol.wait_until(lambda: "20 s" in hers.content and "as buttons" in hers.content)
        assert await current(house) == ServerSettings(cooldown_s=20, votes="buttons")
        modal = await (await carol.click(hers, ID + "limits")).modal_shown()
        guild.members[carol.id].role_ids.clear()  # no admin any more, but the form is still open
        for name in ("channels", "limits"):
            refused = await (await carol.click(hers, ID + name)).answered()
            assert "Manage Server" in refused.content
        refused = await (await carol.submit(modal, {"pause": "0", "daily": "0"})).answered()
        assert "Manage Server" in refused.content
        assert (await current(house)).cooldown_s == 20


async def test_settings_outlive_a_restart(playground: Playground, tmp_path: Path) -> None:
    async with houses.running(playground, tmp_path) as house:
        owner = house.person("owner")
        form = await opened(house, owner)
        modal = await (await owner.click(form, ID + "limits")).modal_shown()
        await owner.submit(modal, {"pause": "0", "daily": "7"})
        await owner.wait_until(lambda: "7 replies a day" in form.content)
    async with houses.running(playground, tmp_path) as house:
        form = await opened(house, house.person("owner"))
        assert "7 replies a day" in form.content


async def test_status_lists_what_is_set_and_what_it_takes(house: House) -> None:
    owner = house.person("owner")
    folder = house.services.adapters.path(house.scope_id, 5, 1)
    folder.mkdir(parents=True)
    (folder / "adapter_model.safetensors").write_bytes(b"x" * 2_340_000)
    status = await (await owner.slash("general", "server status")).answered()
    assert status.is_ephemeral
    assert "Models on disk: 2.3 MB." in status.content
    assert "**Who may ask**: everybody" in status.content
    assert status.attachments == []  # nobody has voted


async def test_status_draws_how_much_is_liked(house: House) -> None:
    owner = house.person("owner")
    for name in ("alice", "bob"):
        person = house.person(name)
        await house.opt_in(person)
        await person.react(await house.ask(person, "hi"), "👍")

    async def are_kept() -> bool:
        votes = await house.store.votes_by_version(house.scope_id)
        return [(one.version, one.likes) for one in votes] == [(None, 2)]

    await house.until(are_kept)
    status = await (await owner.slash("general", "server status")).answered()
    (chart,) = status.attachments
    assert chart.content.startswith(b"\x89PNG")
    assert "of all people" in (chart.description or "")


@pytest.mark.parametrize("command", ["server status", "server settings"])
async def test_our_side_checks_the_permission_too(house: House, command: str) -> None:
    alice = house.person("alice")
    for registered in house.playground.world.commands.values():
        registered.body["default_member_permissions"] = None
    refused = await (await alice.slash("general", command)).answered()
    assert refused.is_ephemeral
    assert "Manage Server" in refused.content
