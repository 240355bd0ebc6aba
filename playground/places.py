"""Channels that go away.

Contract: with a channel go its threads and all their messages, of which Discord tells nobody one by
one, nor of threads that are archived. Source: https://discord.com/developers/docs/events/gateway-events#channel-delete
"""

from __future__ import annotations

from typing import Any

from bowerbird.playground import serialize
from bowerbird.playground.model import Channel, User
from bowerbird.playground.world import Event, World


def delete(world: World, channel: Channel) -> None:
    """A text channel or a thread."""
    for other in list(world.channels.values()):
        if other.thread is not None and other.thread.parent_id == channel.id:
            delete(world, other)
    hearers = frozenset(u for u in world.users if world.can_view(u, channel))
    for message_id in channel.message_ids:
        world.messages.pop(message_id).is_deleted = True
    channel.message_ids.clear()
    del world.channels[channel.id]
    if channel.thread is not None and channel.thread.is_archived:
        return
    if channel.thread is None:
        name, fields = "CHANNEL_DELETE", None
    else:
        name, fields = "THREAD_DELETE", ("id", "guild_id", "parent_id", "type")

    def payload(viewer: User) -> dict[str, Any]:
        body = serialize.channel(world, channel, viewer)
        return {key: value for key, value in body.items() if fields is None or key in fields}

    world.emit(Event(name, payload, guild_id=channel.guild_id, only=hearers))
