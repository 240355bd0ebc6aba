"""Who is in a thread: joining and leaving, and the events about it.

Contract: joining is idempotent and silently does nothing for those who cannot see the parent
channel, which is how Discord treats a mention of an outsider. Knows nothing of opening threads.
"""

from __future__ import annotations

from typing import Any

from bowerbird.playground import serialize
from bowerbird.playground.model import Channel, ChannelKind
from bowerbird.playground.world import Event, World


def join(world: World, thread: Channel, user_id: int) -> None:
    state = thread.thread_state
    if user_id in state.members or not world.can_view(user_id, world.channel(state.parent_id)):
        return
    state.members[user_id] = world.now()
    if thread.kind is ChannelKind.PRIVATE_THREAD:
        announce(world, thread, "THREAD_CREATE", only=frozenset((user_id,)))
    _members_update(world, thread, added=user_id)


def leave(world: World, thread: Channel, user_id: int) -> None:
    state = thread.thread_state
    if user_id in state.members:
        del state.members[user_id]
        _members_update(world, thread, removed=user_id)


def announce(
    world: World, thread: Channel, name: str, *, only: frozenset[int] | None = None, **extra: Any
) -> None:
    """THREAD_CREATE or THREAD_UPDATE with the whole thread."""
    world.emit(
        Event(
            name,
            lambda viewer: serialize.channel(world, thread, viewer) | extra,
            guild_id=thread.guild_id,
            channel=thread,
            only=only,
        )
    )


def _members_update(
    world: World, thread: Channel, added: int | None = None, removed: int | None = None
) -> None:
    body: dict[str, Any] = {
        "id": str(thread.id),
        "guild_id": str(thread.guild_id),
        "member_count": len(thread.thread_state.members),
    }
    if added is not None:
        member = world.member(thread.guild_id or 0, added)
        entry = serialize.thread_member(thread, added)
        entry |= {"member": serialize.member(member), "presence": None}
        body["added_members"] = [entry]
    if removed is not None:
        body["removed_member_ids"] = [str(removed)]
    world.emit(
        Event("THREAD_MEMBERS_UPDATE", lambda v: dict(body), thread.guild_id, channel=thread)
    )
