"""Reactions, by Discord's rules.

Contract: a unicode reaction must be an emoji Discord knows; a look-alike character such as U+21BB
is refused (10014), as there. Adding somebody else's emoji needs no Add Reactions permission, a new
one does. Bots may use the emoji of their servers. Super reactions (`is_super`) are a paid feature
of people, who may have either kind with an emoji, or both.
"""

from __future__ import annotations

import re
from typing import Any

from bowerbird.playground import errors, serialize, server_emoji
from bowerbird.playground.model import Channel, Emoji, Message, Reaction, User
from bowerbird.playground.permissions import Permission
from bowerbird.playground.world import Event, World

DISTINCT_LIMIT = 20
_VARIATION = "\ufe0f"
# Unicode's Emoji property below the astral planes; above them, the emoji blocks as a whole.
_BASIC = (
    r"\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328"
    r"\u23cf\u23e9-\u23f3\u23f8-\u23fa\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe"
    r"\u2600-\u2604\u260e\u2611\u2614\u2615\u2618\u261d\u2620\u2622\u2623\u2626\u262a"
    r"\u262e\u262f\u2638-\u263a\u2640\u2642\u2648-\u2653\u265f\u2660\u2663\u2665\u2666"
    r"\u2668\u267b\u267e\u267f\u2692-\u2697\u2699\u269b\u269c\u26a0\u26a1\u26a7"
    r"\u26aa\u26ab\u26b0\u26b1\u26bd\u26be\u26c4\u26c5\u26c8\u26ce\u26cf\u26d1\u26d3\u26d4"
    r"\u26e9\u26ea\u26f0-\u26f5\u26f7-\u26fa\u26fd\u2702\u2705\u2708-\u270d\u270f\u2712"
    r"\u2714\u2716\u271d\u2721\u2728\u2733\u2734\u2744\u2747\u274c\u274e\u2753-\u2755"
    r"\u2757\u2763\u2764\u2795-\u2797\u27a1\u27b0\u27bf\u2934\u2935\u2b05-\u2b07"
    r"\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299"
)
_ONE = rf"[{_BASIC}\U0001f004-\U0001faff]\ufe0f?[\U0001f3fb-\U0001f3ff]?[\U000e0020-\U000e007f]*"
_EMOJI = re.compile(rf"(?:{_ONE}(?:\u200d{_ONE})*|{_ONE}{_ONE}|[0-9#*]\ufe0f?\u20e3)")

_CUSTOM = re.compile(r"<?(?:a?:)?(?P<name>\w{2,32}):(?P<id>\d{15,20})>?")


def parse(text: str) -> Emoji:
    """The emoji in a URL or a picker. Raises 10014 for anything that is not one."""
    if found := _CUSTOM.fullmatch(text):
        return Emoji(found["name"], int(found["id"]))
    if not _EMOJI.fullmatch(text):
        raise errors.unknown_emoji()
    return Emoji(text)


def add(
    world: World, user: User, message: Message, emoji: Emoji, *, is_super: bool = False
) -> None:
    """Adds `user`'s reaction; once more is no error and no event. Raises 30010, 50001, 50013."""
    channel = _reachable(world, user, message)
    reaction = _find(message, emoji)
    if reaction is None:
        if user.is_bot:  # people with Nitro use those of other servers too
            server_emoji.require_usable(world, user, emoji)
        world.require(user.id, channel, Permission.ADD_REACTIONS)
        if len(message.reactions) >= DISTINCT_LIMIT:
            raise errors.too_many_reactions(DISTINCT_LIMIT)
        reaction = Reaction(emoji)
        message.reactions.append(reaction)
    reactors = reaction.super_user_ids if is_super else reaction.user_ids
    if user.id in reactors:
        return
    reactors[user.id] = None
    body = _body(message, reaction.emoji, user.id) | _kind(is_super)
    body["message_author_id"] = str(message.author_id)
    if is_super:
        body["burst_colors"] = serialize.BURST_COLOURS
    if message.guild_id is not None:
        body["member"] = serialize.member(world.member(message.guild_id, user.id))
    _emit(world, "MESSAGE_REACTION_ADD", message, channel, body)


def remove(
    world: World,
    actor: User,
    message: Message,
    emoji: Emoji,
    user_id: int,
    *,
    is_super: bool = False,
) -> None:
    """Takes `user_id`'s reaction away; somebody else's needs Manage Messages."""
    channel = _reachable(world, actor, message)
    if user_id != actor.id:
        if channel.is_dm:
            raise errors.not_in_dm()
        world.require(actor.id, channel, Permission.MANAGE_MESSAGES)
    reaction = _find(message, emoji)
    if reaction is None:
        raise errors.unknown_emoji()
    reactors = reaction.super_user_ids if is_super else reaction.user_ids
    if user_id not in reactors:
        return
    del reactors[user_id]
    if not reaction.user_ids and not reaction.super_user_ids:
        message.reactions.remove(reaction)
    body = _body(message, reaction.emoji, user_id) | _kind(is_super)
    _emit(world, "MESSAGE_REACTION_REMOVE", message, channel, body)


def _kind(is_super: bool) -> dict[str, Any]:
    return {"type": int(is_super), "burst": is_super}


def clear(world: World, actor: User, message: Message, emoji: Emoji | None = None) -> None:
    """Takes everybody's reactions away: all, or those with one emoji. Needs Manage Messages."""
    channel = _reachable(world, actor, message)
    if channel.is_dm:
        raise errors.not_in_dm()
    world.require(actor.id, channel, Permission.MANAGE_MESSAGES)
    if emoji is None:
        message.reactions.clear()
        _emit(world, "MESSAGE_REACTION_REMOVE_ALL", message, channel, _body(message))
        return
    reaction = _find(message, emoji)
    if reaction is None:
        raise errors.unknown_emoji()
    message.reactions.remove(reaction)
    body = _body(message, reaction.emoji)
    _emit(world, "MESSAGE_REACTION_REMOVE_EMOJI", message, channel, body)


def reactors(
    world: World, reader: User, message: Message, emoji: Emoji, *, limit: int, after: int
) -> list[User]:
    """Who reacted with an emoji, by id."""
    _reachable(world, reader, message)
    reaction = _find(message, emoji)
    found = sorted(i for i in (reaction.user_ids if reaction else ()) if i > after)
    return [world.users[i] for i in found[:limit]]


def _reachable(world: World, user: User, message: Message) -> Channel:
    channel = world.channel(message.channel_id)
    if message.is_deleted or message.is_ephemeral:
        raise errors.unknown_message()
    world.require(user.id, channel, Permission.READ_MESSAGE_HISTORY)
    if channel.thread is not None and channel.thread.is_archived:
        raise errors.thread_archived()
    return channel


def _find(message: Message, emoji: Emoji) -> Reaction | None:
    """Discord takes an emoji with and without its variation selector for the same one."""
    wanted = _bare(emoji)
    return next((r for r in message.reactions if _bare(r.emoji) == wanted), None)


def _bare(emoji: Emoji) -> str | int:
    """A server's emoji is its id, whatever it is called."""
    return emoji.id or emoji.name.replace(_VARIATION, "")


def _body(
    message: Message, emoji: Emoji | None = None, user_id: int | None = None
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "channel_id": str(message.channel_id),
        "message_id": str(message.id),
    }
    if message.guild_id is not None:
        body["guild_id"] = str(message.guild_id)
    if emoji is not None:
        body["emoji"] = serialize.emoji(emoji)
    if user_id is not None:
        body["user_id"] = str(user_id)
    return body


def _emit(
    world: World, name: str, message: Message, channel: Channel, body: dict[str, Any]
) -> None:
    world.emit(
        Event(
            name,
            lambda viewer: dict(body),
            guild_id=message.guild_id,
            channel=channel,
            message=message,
        )
    )
