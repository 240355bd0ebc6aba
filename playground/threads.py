"""Opening, archiving and finding threads.

Contract: Discord's rules for threads on text channels (a thread on a message shares the message's
id; a thread has one level). Membership is `thread_members`' business.
"""

from __future__ import annotations

from bowerbird.playground import errors, messaging, thread_members
from bowerbird.playground.messaging import Draft
from bowerbird.playground.model import (
    Channel,
    ChannelKind,
    Message,
    MessageFlag,
    MessageKind,
    ThreadState,
    User,
)
from bowerbird.playground.permissions import Permission
from bowerbird.playground.world import World

NAME_LIMIT = 100
ARCHIVE_AFTER_MINUTES = (60, 1440, 4320, 10080)


def open_on_message(
    world: World, opener: User, message: Message, name: str, archive_after_minutes: int = 1440
) -> Channel:
    """A public thread on a message. Raises 50001, 50013, 50024, 50035, 160004."""
    parent = world.channel(message.channel_id)
    needed = Permission.CREATE_PUBLIC_THREADS | Permission.READ_MESSAGE_HISTORY
    _check(world, opener, parent, name, archive_after_minutes, needed)
    if message.thread_id is not None:
        raise errors.thread_already_exists()
    kind = ChannelKind.PUBLIC_THREAD
    thread = _open(world, opener, parent, name, kind, archive_after_minutes, message.id)
    message.thread_id = thread.id
    message.flags |= MessageFlag.HAS_THREAD
    messaging.announce_update(world, message)
    messaging.create(
        world,
        world.user(message.author_id),
        thread,
        Draft(allowed_mentions={"parse": []}),
        kind=MessageKind.THREAD_STARTER,
        reference=(message.id, parent.id),
    )
    return thread


def open_in_channel(
    world: World,
    opener: User,
    parent: Channel,
    name: str,
    archive_after_minutes: int = 1440,
    *,
    is_private: bool = False,
) -> Channel:
    """A thread without a starter message; a public one is announced in the channel."""
    needed = Permission.CREATE_PRIVATE_THREADS if is_private else Permission.CREATE_PUBLIC_THREADS
    _check(world, opener, parent, name, archive_after_minutes, needed)
    kind = ChannelKind.PRIVATE_THREAD if is_private else ChannelKind.PUBLIC_THREAD
    thread = _open(world, opener, parent, name, kind, archive_after_minutes, world.new_id())
    if not is_private:
        messaging.create(
            world,
            opener,
            parent,
            Draft(content=name, allowed_mentions={"parse": []}),
            kind=MessageKind.THREAD_CREATED,
            reference=(None, thread.id),
        )
    return thread


def archive(world: World, actor: User, thread: Channel, *, archived: bool, locked: bool) -> None:
    """Archives or revives a thread; its opener may, others need Manage Threads."""
    state = thread.thread_state
    if actor.id != state.owner_id or locked != state.is_locked:
        world.require(actor.id, thread, Permission.MANAGE_THREADS)
    state.is_archived, state.is_locked, state.changed_at = archived, locked, world.now()
    thread_members.announce(world, thread, "THREAD_UPDATE")


def join(world: World, actor: User, thread: Channel, user_id: int) -> None:
    """Joins, or adds somebody else. Raises 50001, 50013, 50024, 50083."""
    _check_open(world, actor, thread)
    if user_id != actor.id:
        world.require(actor.id, thread, Permission.SEND_MESSAGES_IN_THREADS)
    thread_members.join(world, thread, user_id)


def leave(world: World, actor: User, thread: Channel, user_id: int) -> None:
    _check_open(world, actor, thread)
    if user_id != actor.id:
        world.require(actor.id, thread, Permission.MANAGE_THREADS)
    thread_members.leave(world, thread, user_id)


def active(world: World, viewer: User, guild_id: int) -> list[Channel]:
    """The threads of a server that are not archived and that the viewer can see."""
    return [
        c
        for c in world.channels.values()
        if c.guild_id == guild_id
        and c.thread is not None
        and not c.thread.is_archived
        and world.can_view(viewer.id, c)
    ]


def _check(
    world: World, opener: User, parent: Channel, name: str, minutes: int, needed: Permission
) -> None:
    if parent.kind is not ChannelKind.TEXT:
        raise errors.wrong_channel_type()
    world.require(opener.id, parent, needed)
    if not name.strip():
        raise errors.required("name")
    if len(name) > NAME_LIMIT:
        raise errors.too_long("name", NAME_LIMIT)
    if minutes not in ARCHIVE_AFTER_MINUTES:
        raise errors.invalid_form(
            "auto_archive_duration",
            "BASE_TYPE_CHOICES",
            f"Value must be one of {set(ARCHIVE_AFTER_MINUTES)}.",
        )


def _check_open(world: World, actor: User, thread: Channel) -> None:
    world.require(actor.id, thread, Permission.VIEW_CHANNEL)
    if thread.thread_state.is_archived:
        raise errors.thread_archived()


def _open(
    world: World,
    opener: User,
    parent: Channel,
    name: str,
    kind: ChannelKind,
    minutes: int,
    thread_id: int,
) -> Channel:
    state = ThreadState(
        parent.id,
        opener.id,
        auto_archive_minutes=minutes,
        changed_at=world.now(),
        members={opener.id: world.now()},
    )
    thread = Channel(thread_id, kind, name.strip(), guild_id=parent.guild_id, thread=state)
    world.channels[thread.id] = thread
    thread_members.announce(world, thread, "THREAD_CREATE", newly_created=True)
    return thread
