"""Sending, editing, deleting and reading messages, by Discord's rules.

Contract: the verbs of a channel for people and bots alike. `post`, `edit` and `delete` check
permissions; `create` and `change` are the unchecked halves, for answers to interactions, which need
none. Every text a message ever had stays in `Message.versions`. Knows nothing of HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bowerbird.playground import components, errors, mentions, serialize, thread_members
from bowerbird.playground.model import (
    Attachment,
    Channel,
    InteractionOrigin,
    Message,
    MessageFlag,
    MessageKind,
    User,
    Version,
)
from bowerbird.playground.permissions import Permission
from bowerbird.playground.snowflake import created_at_s
from bowerbird.playground.world import Event, World

CONTENT_LIMIT = 2000
EMBED_LIMIT = 10
SETTABLE_FLAGS = (
    MessageFlag.SUPPRESS_EMBEDS | MessageFlag.SUPPRESS_NOTIFICATIONS | MessageFlag.COMPONENTS_V2
)
OLD_EDIT_RETRY_S = 0.2


@dataclass(slots=True)
class Draft:
    """A message about to be sent. `reply_to` is a message id in the same channel."""

    content: str = ""
    reply_to: int | None = None
    must_exist: bool = True
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    allowed_mentions: dict[str, Any] | None = None
    flags: MessageFlag = MessageFlag.NONE
    nonce: str | int | None = None
    is_tts: bool = False


def post(world: World, author: User, channel: Channel, draft: Draft) -> Message:
    """Sends a message as `author`. Raises 50001, 50006, 50007, 50013, 50035, 50083, 160002."""
    if channel.is_dm and all(world.users[i].is_bot for i in channel.recipient_ids):
        raise errors.cannot_message_user()
    in_thread = channel.thread is not None
    needed = Permission.SEND_MESSAGES_IN_THREADS if in_thread else Permission.SEND_MESSAGES
    if draft.embeds:
        needed |= Permission.EMBED_LINKS
    if draft.attachments:
        needed |= Permission.ATTACH_FILES
    world.require(author.id, channel, needed)
    if channel.thread is not None and channel.thread.is_locked:
        world.require(author.id, channel, Permission.MANAGE_THREADS)
    if draft.reply_to is not None:
        granted = world.permissions(author.id, channel)
        if not granted & Permission.READ_MESSAGE_HISTORY:
            raise errors.cannot_reply_without_history()
    return create(world, author, channel, draft)


def create(
    world: World,
    author: User,
    channel: Channel,
    draft: Draft,
    *,
    kind: MessageKind | None = None,
    reference: tuple[int | None, int] | None = None,
    origin: InteractionOrigin | None = None,
    visible_to: int | None = None,
    is_loading: bool = False,
) -> Message:
    """The unchecked half of `post`. `origin` makes it an interaction's answer, `visible_to`
    ephemeral, `is_loading` the "… is thinking" placeholder; `reference` is (message, channel)."""
    content = _text(draft.content)
    _check_forms(draft.embeds, draft.components, draft.flags, content)
    replied_to, reply_to = _replied_to(world, channel, draft)
    if reply_to is not None:
        reference = (reply_to, channel.id)
    has_something = content or draft.embeds or draft.components or draft.attachments
    is_system = kind in (MessageKind.THREAD_CREATED, MessageKind.THREAD_STARTER)
    if not (has_something or is_loading or is_system):
        raise errors.empty_message()
    found = mentions.resolve(world, author, channel, content, draft.allowed_mentions, replied_to)
    flags = draft.flags & SETTABLE_FLAGS
    if visible_to is not None:
        flags |= MessageFlag.EPHEMERAL
    if is_loading:
        flags |= MessageFlag.LOADING
    quiet = bool(flags & MessageFlag.SUPPRESS_NOTIFICATIONS) or visible_to is not None
    message_id = world.new_id()
    message = Message(
        id=message_id,
        channel_id=channel.id,
        guild_id=channel.guild_id,
        author_id=author.id,
        content=content,
        created_at=created_at_s(message_id),
        kind=kind or (MessageKind.DEFAULT if reply_to is None else MessageKind.REPLY),
        flags=flags,
        mention_ids=found.user_ids,
        mention_role_ids=found.role_ids,
        mentions_everyone=found.everyone,
        pings=[] if quiet else found.pings,
        embeds=[_embed(world, embed) for embed in draft.embeds],
        components=components.numbered(draft.components),
        attachments=draft.attachments,
        reference_id=None if reference is None else reference[0],
        reference_channel_id=None if reference is None else reference[1],
        nonce=draft.nonce,
        is_tts=draft.is_tts,
        application_id=None if origin is None else author.id,
        origin=origin,
        visible_to=visible_to,
        versions=[Version(world.now(), content)],
    )
    place(world, channel, message)
    return message


def place(world: World, channel: Channel, message: Message) -> None:
    """Puts a finished record into its channel and tells everybody."""
    world.messages[message.id] = message
    channel.message_ids.append(message.id)
    if not message.is_ephemeral:
        channel.last_message_id = message.id
        if channel.thread is not None:
            channel.thread.total_messages += 1
            for user_id in (message.author_id, *message.mention_ids):
                thread_members.join(world, channel, user_id)
    _announce(world, "MESSAGE_CREATE", message)


def edit(world: World, editor: User, message: Message, changes: dict[str, Any]) -> Message:
    """Edits one's own message; others may only hide its embeds, with Manage Messages.

    `changes` holds any of content, embeds, components, flags, allowed_mentions, attachments (the
    records to keep and to add). Raises 30046, 50001, 50005, 50006, 50013, 50035.
    """
    channel = world.channel(message.channel_id)
    world.require(editor.id, channel, Permission.VIEW_CHANNEL)
    if message.author_id != editor.id:
        if set(changes) - {"flags", "allowed_mentions"} or message.is_ephemeral:
            raise errors.not_the_author()
        world.require(editor.id, channel, Permission.MANAGE_MESSAGES)
    is_old = world.now() - message.created_at > world.deadlines.old_message_s
    if message.is_edit_expired or (is_old and not world.take_old_edit(channel.id)):
        raise errors.too_many_old_edits(OLD_EDIT_RETRY_S)
    return change(world, message, changes)


def change(world: World, message: Message, changes: dict[str, Any]) -> Message:
    """The unchecked half of `edit`; it also ends a "… is thinking"."""
    content = _text(changes.get("content", message.content) or "")
    embeds = changes.get("embeds", message.embeds) or []
    tree = changes.get("components", message.components) or []
    attachments = changes.get("attachments", message.attachments)
    flags = message.flags
    if changes.get("flags") is not None:
        kept = flags & ~MessageFlag.SUPPRESS_EMBEDS
        flags = kept | (MessageFlag(int(changes["flags"])) & SETTABLE_FLAGS)
    _check_forms(embeds, tree, flags, content)
    if not (content or embeds or tree or attachments):
        raise errors.empty_message()
    author, channel = world.user(message.author_id), world.channel(message.channel_id)
    replied_to = world.messages.get(message.reference_id or 0)
    keeps_ping = replied_to is not None and replied_to.author_id in message.mention_ids
    found = mentions.resolve(
        world,
        author,
        channel,
        content,
        changes.get("allowed_mentions"),
        replied_to.author_id if replied_to is not None and keeps_ping else None,
    )
    was_loading = message.is_loading
    if content != message.content or was_loading:
        message.versions.append(Version(world.now(), content))
    if not was_loading:
        message.edited_at = world.now()
    message.content = content
    message.flags = flags & ~MessageFlag.LOADING
    message.mention_ids, message.mention_role_ids = found.user_ids, found.role_ids
    message.embeds = [_embed(world, embed) for embed in embeds]
    message.components = components.numbered(tree)
    message.attachments = list(attachments)
    _announce(world, "MESSAGE_UPDATE", message)
    return message


def delete(world: World, deleter: User, message: Message) -> None:
    channel = world.channel(message.channel_id)
    if message.author_id != deleter.id:
        if channel.is_dm:
            raise errors.not_in_dm()
        world.require(deleter.id, channel, Permission.MANAGE_MESSAGES)
    else:
        world.require(deleter.id, channel, Permission.VIEW_CHANNEL)
    remove(world, message)


def remove(world: World, message: Message) -> None:
    """The unchecked half of `delete`."""
    channel = world.channel(message.channel_id)
    _forget(world, channel, message)
    body = {"id": str(message.id)} | _where(message)
    world.emit(
        Event(
            "MESSAGE_DELETE",
            lambda viewer: dict(body),
            guild_id=message.guild_id,
            channel=channel,
            only=_only(message),
            message=message,
        )
    )


def delete_many(world: World, deleter: User, channel: Channel, ids: list[int]) -> None:
    """Bulk delete; ids which are not there are passed over, as on Discord."""
    if channel.guild_id is None:
        raise errors.not_in_dm()
    world.require(deleter.id, channel, Permission.MANAGE_MESSAGES)
    if not 2 <= len(ids) <= 100:
        raise errors.wrong_count_to_delete()
    gone = [i for i in dict.fromkeys(ids) if i in channel.message_ids]
    for message_id in gone:
        _forget(world, channel, world.messages[message_id])
    body = {
        "ids": [str(i) for i in gone],
        "channel_id": str(channel.id),
        "guild_id": str(channel.guild_id),
    }
    world.emit(
        Event("MESSAGE_DELETE_BULK", lambda v: dict(body), channel.guild_id, channel=channel)
    )


def history(
    world: World,
    reader: User,
    channel: Channel,
    *,
    limit: int = 50,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
) -> list[Message]:
    """Up to `limit` messages, newest first; nothing without Read Message History, as on Discord."""
    world.require(reader.id, channel, Permission.VIEW_CHANNEL)
    if not world.permissions(reader.id, channel) & Permission.READ_MESSAGE_HISTORY:
        return []
    found = [m for m in world.messages_in(channel) if not m.is_ephemeral]
    if around is not None:
        older = [m for m in found if m.id < around][-(limit // 2) :]
        newer = [m for m in found if m.id >= around][: limit - len(older)]
        found = older + newer
    elif after is not None:
        found = [m for m in found if m.id > after][:limit]
    elif before is not None:
        found = [m for m in found if m.id < before][-limit:]
    else:
        found = found[-limit:]
    return found[::-1]


def start_typing(world: World, user: User, channel: Channel) -> None:
    in_thread = channel.thread is not None
    needed = Permission.SEND_MESSAGES_IN_THREADS if in_thread else Permission.SEND_MESSAGES
    world.require(user.id, channel, needed)
    body: dict[str, Any] = {
        "channel_id": str(channel.id),
        "user_id": str(user.id),
        "timestamp": int(world.now()),
    }
    if channel.guild_id is not None:
        member = world.member(channel.guild_id, user.id)
        body |= {"guild_id": str(channel.guild_id), "member": serialize.member(member)}
    world.emit(Event("TYPING_START", lambda v: dict(body), channel.guild_id, channel=channel))


def announce_update(world: World, message: Message) -> None:
    """MESSAGE_UPDATE for a change made elsewhere (a thread opened on it)."""
    _announce(world, "MESSAGE_UPDATE", message)


# --- inside ------------------------------------------------------------------------------------


def _announce(world: World, name: str, message: Message) -> None:
    world.emit(
        Event(
            name,
            lambda viewer: serialize.message_event(world, message, viewer),
            guild_id=message.guild_id,
            channel=world.channels[message.channel_id],
            only=_only(message),
            message=message,
        )
    )


def _only(message: Message) -> frozenset[int] | None:
    if message.visible_to is None:
        return None
    return frozenset((message.visible_to, message.author_id))


def _where(message: Message) -> dict[str, str]:
    where = {"channel_id": str(message.channel_id)}
    if message.guild_id is not None:
        where["guild_id"] = str(message.guild_id)
    return where


def _forget(world: World, channel: Channel, message: Message) -> None:
    message.is_deleted = True
    del world.messages[message.id]
    channel.message_ids.remove(message.id)


def _replied_to(world: World, channel: Channel, draft: Draft) -> tuple[int | None, int | None]:
    """(author, message) replied to; a vanished message is refused unless told otherwise."""
    if draft.reply_to is None:
        return None, None
    target = world.messages.get(draft.reply_to)
    if target is None or target.channel_id != channel.id or target.is_ephemeral:
        if draft.must_exist:
            raise errors.invalid_form(
                "message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message"
            )
        return None, None
    return target.author_id, target.id


def _text(content: str) -> str:
    """Discord trims white space at both ends before it counts."""
    content = content.strip()
    if len(content) > CONTENT_LIMIT:
        raise errors.too_long("content", CONTENT_LIMIT)
    return content


def _check_forms(
    embeds: list[dict[str, Any]], tree: list[dict[str, Any]], flags: MessageFlag, content: str
) -> None:
    if len(embeds) > EMBED_LIMIT:
        raise errors.too_long("embeds", EMBED_LIMIT)
    for index, embed in enumerate(embeds):
        for name, limit in (("title", 256), ("description", 4096)):
            if len(embed.get(name) or "") > limit:
                raise errors.too_long(f"embeds.{index}.{name}", limit)
    is_v2 = bool(flags & MessageFlag.COMPONENTS_V2)
    if is_v2 and (content or embeds):
        raise errors.invalid_form(
            "content",
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
            "The 'content' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
        )
    components.check(tree, is_v2=is_v2)


def _embed(world: World, embed: dict[str, Any]) -> dict[str, Any]:
    if "content_scan_version" in embed:
        return embed
    body = {name: value for name, value in embed.items() if value is not None}
    body["fields"] = [{"inline": False} | entry for entry in embed.get("fields") or []]
    if not body["fields"]:
        del body["fields"]
    body |= {"type": embed.get("type") or "rich", "content_scan_version": 0}
    return body
