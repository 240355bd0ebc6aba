"""A server's own emoji.

Contract: made and removed by the server's people, used by whoever is on the server, bots included;
everybody there hears of a change. The image is served below `/emojis/`. Source:
https://discord.com/developers/docs/resources/emoji
"""

from __future__ import annotations

from typing import Any

from bowerbird.playground import errors, serialize
from bowerbird.playground.model import Emoji, Guild, ServerEmoji, User
from bowerbird.playground.world import Event, World


def create(
    world: World, guild: Guild, name: str, image: bytes, content_type: str = "image/svg+xml"
) -> ServerEmoji:
    emoji = ServerEmoji(world.new_id(), name, image, content_type)
    guild.emojis[emoji.id] = emoji
    _announce(world, guild)
    return emoji


def remove(world: World, guild: Guild, emoji: ServerEmoji) -> None:
    """Reactions with it stay, as on Discord; new ones are refused."""
    del guild.emojis[emoji.id]
    _announce(world, guild)


def find(world: World, emoji_id: int) -> ServerEmoji | None:
    """On whichever server."""
    found = (guild.emojis.get(emoji_id) for guild in world.guilds.values())
    return next(filter(None, found), None)


def require_usable(world: World, user: User, emoji: Emoji) -> None:
    """Raises 10014 for one that is on none of the user's servers."""
    usable = (guild.emojis for guild in world.guilds.values() if user.id in guild.members)
    if emoji.id is not None and not any(emoji.id in emojis for emojis in usable):
        raise errors.unknown_emoji()


def _announce(world: World, guild: Guild) -> None:
    def payload(_: User) -> dict[str, Any]:
        return {"guild_id": str(guild.id), "emojis": serialize.server_emojis(guild)}

    world.emit(Event("GUILD_EMOJIS_UPDATE", payload, guild_id=guild.id))
