"""Gateway intents: which events a bot asked for, and which of them it may ask for.

Contract: pure look-ups from event name and place to intent. Knows nothing of sockets.
Source: https://discord.com/developers/docs/events/gateway#gateway-intents
"""

from __future__ import annotations

from enum import IntFlag

from bowerbird.playground.model import ApplicationFlag


class Intent(IntFlag):
    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_EXPRESSIONS = 1 << 3
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    GUILD_MESSAGE_TYPING = 1 << 11
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    DIRECT_MESSAGE_TYPING = 1 << 14
    MESSAGE_CONTENT = 1 << 15


KNOWN_BITS = (1 << 26) - 1  # anything above is refused with 4013
_PRIVILEGED = {
    Intent.GUILD_MEMBERS: ApplicationFlag.GATEWAY_GUILD_MEMBERS_LIMITED,
    Intent.GUILD_PRESENCES: ApplicationFlag.GATEWAY_PRESENCE_LIMITED,
    Intent.MESSAGE_CONTENT: ApplicationFlag.GATEWAY_MESSAGE_CONTENT_LIMITED,
}
# Event name prefix → (intent in a server, intent in a DM); the longest prefix decides.
_NEEDED: dict[str, tuple[Intent, Intent]] = {
    "GUILD_MEMBER_": (Intent.GUILD_MEMBERS, Intent.GUILD_MEMBERS),
    "GUILD_EMOJIS_": (Intent.GUILD_EXPRESSIONS, Intent.GUILD_EXPRESSIONS),
    "GUILD_": (Intent.GUILDS, Intent.GUILDS),
    "CHANNEL_": (Intent.GUILDS, Intent.DIRECT_MESSAGES),
    "THREAD_": (Intent.GUILDS, Intent.GUILDS),
    "MESSAGE_": (Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES),
    "MESSAGE_REACTION_": (Intent.GUILD_MESSAGE_REACTIONS, Intent.DIRECT_MESSAGE_REACTIONS),
    "TYPING_START": (Intent.GUILD_MESSAGE_TYPING, Intent.DIRECT_MESSAGE_TYPING),
}


def not_granted(asked: int, flags: ApplicationFlag) -> bool:
    """Whether `asked` holds a privileged intent the application was not granted (4014)."""
    return any(asked & intent and not flags & flag for intent, flag in _PRIVILEGED.items())


def wants(asked: int, event_name: str, *, in_guild: bool) -> bool:
    """Whether a session with these intents gets the event; interactions always come."""
    prefixes = [prefix for prefix in _NEEDED if event_name.startswith(prefix)]
    if not prefixes:
        return True
    in_server, in_dm = _NEEDED[max(prefixes, key=len)]
    return bool(asked & (in_server if in_guild else in_dm))
