"""Discord's permission bits and the rule that combines roles and channel overwrites.

Contract: `combine` is Discord's documented algorithm over plain data. Knows nothing of the world.
Source: https://discord.com/developers/docs/topics/permissions#permission-overwrites
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntFlag


class Permission(IntFlag):
    NONE = 0
    CREATE_INSTANT_INVITE = 1 << 0
    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    CHANGE_NICKNAME = 1 << 26
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    EVERYTHING = (1 << 53) - 1


P = Permission
# What a new server gives @everyone, as far as text goes.
EVERYONE = (
    P.CREATE_INSTANT_INVITE
    | P.ADD_REACTIONS
    | P.VIEW_CHANNEL
    | P.SEND_MESSAGES
    | P.EMBED_LINKS
    | P.ATTACH_FILES
    | P.READ_MESSAGE_HISTORY
    | P.USE_EXTERNAL_EMOJIS
    | P.CHANGE_NICKNAME
    | P.USE_APPLICATION_COMMANDS
    | P.CREATE_PUBLIC_THREADS
    | P.SEND_MESSAGES_IN_THREADS
)
# What the invite link of an ordinary chat bot asks for.
ORDINARY_BOT = (
    P.VIEW_CHANNEL
    | P.SEND_MESSAGES
    | P.SEND_MESSAGES_IN_THREADS
    | P.CREATE_PUBLIC_THREADS
    | P.EMBED_LINKS
    | P.ATTACH_FILES
    | P.READ_MESSAGE_HISTORY
    | P.ADD_REACTIONS
)
# What both sides may do in a direct message, where there are no roles to ask.
IN_DM = EVERYONE & ~P.CREATE_PUBLIC_THREADS & ~P.SEND_MESSAGES_IN_THREADS


@dataclass(slots=True)
class Overwrite:
    """One line of a channel's permission page."""

    target_id: int
    is_role: bool
    allow: Permission = Permission.NONE
    deny: Permission = Permission.NONE


def combine(
    base: Permission,
    overwrites: Iterable[Overwrite],
    *,
    everyone_id: int,
    role_ids: Iterable[int],
    user_id: int,
) -> Permission:
    """Permissions in a channel: the base, then the overwrites of @everyone, roles and person."""
    if base & P.ADMINISTRATOR:
        return P.EVERYTHING
    lines = {overwrite.target_id: overwrite for overwrite in overwrites}
    result = base
    if everyone := lines.get(everyone_id):
        result = (result & ~everyone.deny) | everyone.allow
    allow = deny = P.NONE
    for role_id in role_ids:
        if role := lines.get(role_id):
            allow, deny = allow | role.allow, deny | role.deny
    result = (result & ~deny) | allow
    if own := lines.get(user_id):
        result = (result & ~own.deny) | own.allow
    if not result & P.VIEW_CHANNEL:
        return P.NONE
    return result
