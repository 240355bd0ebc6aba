"""The names of our commands, in every language, are names that Discord takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import regex

from bowerbird.bot.catalogue import DEFAULT, LOCALES, NEAREST, resource
from bowerbird.bot.translator import Translator
from bowerbird.playground import Playground, RateLimits
from bowerbird.storage.sql import SqlStore
from tests.bot import house as houses
from tests.playground import schema

# https://discord.com/developers/docs/interactions/application-commands (naming)
NAME = regex.compile(r"[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}")
SLASH, SUBCOMMAND = 1, 1


@pytest.fixture
async def payloads(tmp_path: Path) -> list[dict[str, Any]]:
    """What is sent to Discord."""
    async with (
        Playground(rate_limits=RateLimits.generous()) as playground,
        houses.running(playground, tmp_path) as house,
    ):
        tree, translator = house.client.tree, Translator()
        sent = [await one.get_translated_payload(tree, translator) for one in tree.get_commands()]
        assert schema.violations(playground.requests) == []
        registered = {command.name: command.body for command in playground.world.commands.values()}
        german = registered["my"]["options"][0]["name_localizations"]["de"]
        assert german == "personalisierung"
        return sent


def named(body: dict[str, Any]) -> Iterator[tuple[dict[str, Any], bool]]:
    """Everything with a name below ``body``, itself included, and whether it must be a slug."""
    yield body, body.get("type") == SLASH or "options" in body or "description" in body
    for below in body.get("options") or ():
        yield from named(below)
    for choice in body.get("choices") or ():
        yield choice, False


async def test_every_text_of_the_tree_is_there_in_every_language_and_valid(
    payloads: list[dict[str, Any]],
) -> None:
    locales = {*LOCALES, *NEAREST} - {DEFAULT, "en-GB"}
    for payload in payloads:
        for body, is_slug in named(payload):
            names = body["name_localizations"]
            assert names.keys() == locales, body["name"]
            for name in (body["name"], *names.values()):
                assert not is_slug or (NAME.fullmatch(name) and name == name.lower()), name
                assert 1 <= len(name) <= 32
            if is_slug and body.get("description"):
                texts = body["description_localizations"]
                assert texts.keys() == locales, body["name"]
                assert all(1 <= len(text) <= 100 for text in texts.values()), texts


async def test_no_two_neighbours_have_one_name(payloads: list[dict[str, Any]]) -> None:
    levels = [payloads, *(payload.get("options") or [] for payload in payloads)]
    levels += [body.get("options") or [] for level in levels[1:] for body in level]
    for level in levels:
        for locale in ("de", "es-ES", "fr", "ja", "zh-CN"):
            names = [body["name_localizations"][locale] for body in level]
            assert len(names) == len(set(names)), names


async def test_english_in_the_catalogue_is_what_stands_in_the_code(
    payloads: list[dict[str, Any]],
) -> None:
    """Whoever translates reads the catalogue, so it must not lag behind."""
    texts = {
        entry.id.name: "".join(part.value for part in entry.value.elements)
        for entry in resource(DEFAULT).body
        if entry.__class__.__name__ == "Message" and entry.id.name.startswith(("command", "choice"))
    }
    attributes = {
        f"{entry.id.name}.{one.id.name}": one.value.elements[0].value
        for entry in resource(DEFAULT).body
        if getattr(entry, "attributes", None)
        for one in entry.attributes
    }
    expected: dict[str, str] = {}

    def walk(body: dict[str, Any], above: str) -> None:
        key = f"{above}-{body['name'].lower().replace(' ', '-')}"
        expected[key] = body["name"]
        if body.get("description"):
            expected[f"{key}.description"] = body["description"]
        for option in body.get("options") or ():
            if option["type"] == SUBCOMMAND:
                walk(option, key)
                continue
            expected[f"{key}.{option['name']}"] = option["name"]
            expected[f"{key}.{option['name']}-description"] = option["description"]
            for choice in option.get("choices") or ():
                expected[f"choice-{choice['name']}"] = choice["name"]

    for payload in payloads:
        walk(payload, "command")
    assert texts | attributes == expected


async def test_commands_are_known_by_their_ids_also_after_a_restart(tmp_path: Path) -> None:
    async with Playground(rate_limits=RateLimits.generous()) as playground:
        async with houses.running(playground, tmp_path) as house:
            told = house.english("status-off")
            ids = {command.name: command.id for command in playground.world.commands.values()}
            assert f"</my personalization:{ids['my']}>" in told
        store = SqlStore(houses.settings_for(playground, tmp_path).store_url)
        await store.open()
        assert f'"my": {ids["my"]}' in (await store.get_meta("command_ids") or "")
        await store.aclose()
