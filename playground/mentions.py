"""Who a message mentions, and whom that notifies.

Contract: `resolve` reads the text's mention marks, keeps what `allowed_mentions` allows, and says
who gets a notification. As on Discord, a mark that is not allowed still shows in the text, but the
message then does not list the person under `mentions`. Knows nothing of sending.
Source: https://discord.com/developers/docs/resources/message#allowed-mentions-object
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bowerbird.playground import errors
from bowerbird.playground.model import Channel, User
from bowerbird.playground.permissions import Permission

if TYPE_CHECKING:
    from bowerbird.playground.world import World

_USER_MARK = re.compile(r"<@!?(\d{1,20})>")
_ROLE_MARK = re.compile(r"<@&(\d{1,20})>")
_EVERYONE_MARK = re.compile(r"@(everyone|here)\b")
_KINDS = ("users", "roles", "everyone")


@dataclass(frozen=True, slots=True)
class Mentions:
    user_ids: list[int]
    role_ids: list[int]
    everyone: bool
    pings: list[int]


def resolve(
    world: World,
    author: User,
    channel: Channel,
    content: str,
    allowed: dict[str, Any] | None,
    replied_to: int | None,
) -> Mentions:
    """Raises 50035 where `allowed` contradicts itself."""
    everything: dict[str, Any] = {"parse": list(_KINDS), "replied_user": True}
    rules = everything if allowed is None else allowed
    parse = rules.get("parse") or []
    for kind in ("users", "roles"):
        if kind in parse and rules.get(kind):
            raise errors.invalid_form(
                "allowed_mentions",
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.',
            )

    def keep(kind: str, marked: list[int]) -> list[int]:
        listed = {int(entry) for entry in rules.get(kind) or ()}
        return [i for i in dict.fromkeys(marked) if kind in parse or i in listed]

    audience = _audience(world, channel)
    marked_users = [int(i) for i in _USER_MARK.findall(content)]
    users = keep("users", [i for i in marked_users if i in world.users])
    if replied_to is not None and rules.get("replied_user", False) and replied_to not in users:
        users.append(replied_to)

    guild = None if channel.guild_id is None else world.guilds[channel.guild_id]
    can_shout = bool(world.permissions(author.id, channel) & Permission.MENTION_EVERYONE)
    everyone = bool(guild and can_shout and "everyone" in parse and _EVERYONE_MARK.search(content))
    roles: list[int] = []
    notified = {i for i in users if i in audience}
    if guild is not None:
        marked_roles = [int(i) for i in _ROLE_MARK.findall(content)]
        roles = keep("roles", [i for i in marked_roles if i in guild.roles])
        for role_id in roles:
            if can_shout or guild.roles[role_id].is_mentionable:
                holders = {i for i, m in guild.members.items() if role_id in m.role_ids}
                notified |= holders & audience
    if everyone:
        notified |= audience
    notified.discard(author.id)
    return Mentions(users, roles, everyone, sorted(notified))


def _audience(world: World, channel: Channel) -> set[int]:
    if channel.guild_id is None:
        return set(channel.recipient_ids)
    members = world.guilds[channel.guild_id].members
    return {user_id for user_id in members if world.can_view(user_id, channel)}
