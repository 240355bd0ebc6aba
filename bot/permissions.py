"""What we may do in a channel, and one sentence about what is missing.

Knows discord.py's permission flags and what each of our deeds needs; decides nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import discord

_WORDS = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "read_message_history": "Read Message History",
    "add_reactions": "Add Reactions",
}


def _ours(channel: Any) -> discord.Permissions | None:
    """Our permissions there; ``None`` where Discord asks for none (DMs) or we cannot know."""
    guild = getattr(channel, "guild", None)
    if guild is None or guild.me is None or isinstance(channel, discord.PartialMessageable):
        return None
    try:
        granted: discord.Permissions = channel.permissions_for(guild.me)
    except (AttributeError, discord.ClientException):  # a thread whose channel we do not know
        return None
    return granted


def missing(channel: Any, deeds: Iterable[str]) -> list[str]:
    """Which of these permissions (flag names) we lack, as server owners know them."""
    granted = _ours(channel)
    if granted is None:
        return []
    return [_WORDS[deed] for deed in deeds if not getattr(granted, deed)]


def missing_to_reply(channel: Any) -> list[str]:
    """What we lack to answer a message. A reply also needs Read Message History."""
    send = "send_messages_in_threads" if isinstance(channel, discord.Thread) else "send_messages"
    return missing(channel, ("view_channel", send, "read_message_history"))


def can_react(channel: Any) -> bool:
    return not missing(channel, ("add_reactions", "read_message_history"))


def place_ids(channel: Any) -> frozenset[int]:
    """The channel, what it is a thread of, and the category around them."""
    ids: list[int | None] = [getattr(channel, name, None) for name in ("id", "parent_id")]
    with suppress(discord.ClientException):  # a thread whose channel we do not know
        ids.append(getattr(channel, "category_id", None))
    return frozenset(one for one in ids if one is not None)


def sentence(lacking: Iterable[str]) -> str:
    """For the log and for admins."""
    return f"I need {' and '.join(lacking)} here; a server admin can grant it."
