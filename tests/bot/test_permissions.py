from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bowerbird.bot import permissions


def channel(*granted: str, error: Exception | None = None) -> Any:
    flags = discord.Permissions(**dict.fromkeys(granted, True))

    def permissions_for(_: object) -> discord.Permissions:
        if error is not None:
            raise error
        return flags

    return SimpleNamespace(guild=SimpleNamespace(me="us"), permissions_for=permissions_for)


def test_what_is_missing_is_named_as_server_owners_know_it() -> None:
    lacking = permissions.missing_to_reply(channel("view_channel", "send_messages"))
    assert lacking == ["Read Message History"]
    assert permissions.sentence(lacking).startswith("I need Read Message History here")


def test_with_everything_there_is_nothing_to_say() -> None:
    place = channel("view_channel", "send_messages", "read_message_history", "add_reactions")
    assert permissions.missing_to_reply(place) == []
    assert permissions.can_react(place)
    assert not permissions.can_react(channel("view_channel", "send_messages"))


@pytest.mark.parametrize(
    "place",
    [
        SimpleNamespace(guild=None),
        SimpleNamespace(guild=SimpleNamespace(me=None)),
        channel(error=discord.ClientException("Parent channel not found")),
    ],
)
def test_where_we_cannot_know_we_try(place: Any) -> None:
    assert permissions.missing_to_reply(place) == []
