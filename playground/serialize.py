"""The world's records as Discord's API v10 JSON.

Contract: pure functions from records to dicts shaped as in Discord's OpenAPI description (the tests
hold recorded traffic to it) and, for gateway events, as in its documentation. `viewer` decides what
depends on who is looking: `me` on reactions, the other side of a DM. Changes nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bowerbird.playground import locales
from bowerbird.playground.model import (
    Attachment,
    Channel,
    Emoji,
    Guild,
    InteractionOrigin,
    Member,
    Message,
    MessageFlag,
    MessageKind,
    Reaction,
    Role,
    User,
)

if TYPE_CHECKING:
    from bowerbird.playground.world import World

Json = dict[str, Any]
BURST_COLOURS = ["#ffd983", "#ffb700"]


def timestamp(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat()


def user(record: User) -> Json:
    body: Json = {
        "id": str(record.id),
        "username": record.name,
        # People have no discriminator since 2023; bots kept theirs.
        "discriminator": f"{record.id % 9999 + 1:04}" if record.is_bot else "0",
        "global_name": None if record.is_bot else record.display_name,
        "avatar": None,
        "avatar_decoration_data": None,
        "banner": None,
        "accent_color": None,
        "collectibles": None,
        "primary_guild": None,
        "public_flags": 0,
        "flags": 0,
    }
    if record.is_bot:
        body["bot"] = True
    return body


def myself(record: User) -> Json:
    return user(record) | {
        "mfa_enabled": True,
        "locale": record.locale,
        "premium_type": 0,
        "email": None,
        "verified": True,
    }


def role(record: Role) -> Json:
    body: Json = {
        "id": str(record.id),
        "name": record.name,
        "permissions": str(int(record.permissions)),
        "position": record.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": record.bot_id is not None,
        "mentionable": record.is_mentionable,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }
    if record.bot_id is not None:
        body["tags"] = {"bot_id": str(record.bot_id)}
    return body


def member(record: Member, *, with_user: bool = True) -> Json:
    body: Json = {
        "avatar": None,
        "avatar_decoration_data": None,
        "banner": None,
        "collectibles": None,
        "communication_disabled_until": None,
        "flags": 0,
        "joined_at": timestamp(record.joined_at),
        "nick": record.nick,
        "pending": False,
        "premium_since": None,
        "roles": [str(role_id) for role_id in sorted(record.role_ids)],
        "mute": False,
        "deaf": False,
    }
    if with_user:
        body["user"] = user(record.user)
    return body


def server_emojis(record: Guild) -> list[Json]:
    return [
        {
            "id": str(entry.id),
            "name": entry.name,
            "roles": [],
            "require_colons": True,
            "managed": False,
            "animated": False,
            "available": True,
        }
        for entry in record.emojis.values()
    ]


def guild(record: Guild) -> Json:
    """A server as REST gives it."""
    return {
        "id": str(record.id),
        "name": record.name,
        "icon": None,
        "description": None,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": [],
        "banner": None,
        "owner_id": str(record.owner_id),
        "application_id": None,
        "region": "rotterdam",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "roles": [role(entry) for entry in record.roles.values()],
        "default_message_notifications": 0,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_presences": None,
        "max_members": 500_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": locales.DEFAULT,
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": server_emojis(record),
        "stickers": [],
        "incidents_data": None,
    }


def guild_create(world: World, record: Guild, viewer: User, *, everyone: bool) -> Json:
    """The GUILD_CREATE payload; without the presence intent a bot gets no member but itself."""
    places = [c for c in world.channels.values() if c.guild_id == record.id]
    visible = [c for c in places if world.can_view(viewer.id, c)]
    members = [m for m in record.members.values() if everyone or m.user.id == viewer.id]
    return guild(record) | {
        "joined_at": timestamp(record.members[viewer.id].joined_at),
        "large": False,
        "member_count": len(record.members),
        "members": [member(m) for m in members],
        # Channels are sent even where the bot may not look into them; threads are not.
        "channels": [channel(world, c, viewer) for c in places if c.thread is None],
        "threads": [channel(world, c, viewer) for c in visible if c.thread is not None],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def channel(world: World, record: Channel, viewer: User) -> Json:
    body: Json = {
        "id": str(record.id),
        "type": int(record.kind),
        "flags": 0,
        "last_message_id": _id_or_none(record.last_message_id),
    }
    if record.is_dm:
        others = [i for i in record.recipient_ids if i != viewer.id]
        return body | {"recipients": [user(world.users[i]) for i in others]}
    body |= {"guild_id": str(record.guild_id), "name": record.name, "rate_limit_per_user": 0}
    if record.thread is not None:
        return body | _thread(record, viewer)
    return body | {
        "position": record.position,
        "parent_id": None,
        "topic": record.topic,
        "nsfw": False,
        "permission_overwrites": [
            {
                "id": str(line.target_id),
                "type": 0 if line.is_role else 1,
                "allow": str(int(line.allow)),
                "deny": str(int(line.deny)),
            }
            for line in record.overwrites.values()
        ],
    }


def _thread(record: Channel, viewer: User) -> Json:
    state = record.thread_state
    body: Json = {
        "parent_id": str(state.parent_id),
        "owner_id": str(state.owner_id),
        "thread_metadata": {
            "archived": state.is_archived,
            "archive_timestamp": timestamp(state.changed_at),
            "auto_archive_duration": state.auto_archive_minutes,
            "locked": state.is_locked,
            "create_timestamp": timestamp(state.changed_at),
        },
        "message_count": len(record.message_ids),
        "member_count": len(state.members),
        "total_message_sent": state.total_messages,
    }
    if viewer.id in state.members:
        body["member"] = thread_member(record, viewer.id)
    return body


def thread_member(record: Channel, user_id: int) -> Json:
    return {
        "id": str(record.id),
        "user_id": str(user_id),
        "join_timestamp": timestamp(record.thread_state.members[user_id]),
        "flags": 0,
    }


def emoji(record: Emoji) -> Json:
    return {"id": _id_or_none(record.id), "name": record.name}


def reaction(record: Reaction, viewer: User) -> Json:
    normal, burst = len(record.user_ids), len(record.super_user_ids)
    return {
        "emoji": emoji(record.emoji),
        "count": normal + burst,
        "count_details": {"burst": burst, "normal": normal},
        "burst_colors": BURST_COLOURS if burst else [],
        "me": viewer.id in record.user_ids,
        "me_burst": viewer.id in record.super_user_ids,
    }


def attachment(record: Attachment) -> Json:
    body: Json = {
        "id": str(record.id),
        "filename": record.filename,
        "size": len(record.content),
        "url": record.url,
        "proxy_url": record.url,
        "content_type": record.content_type,
    }
    return body if record.description is None else body | {"description": record.description}


def origin(world: World, record: InteractionOrigin) -> Json:
    """`interaction_metadata`."""
    body: Json = {
        "id": str(record.interaction_id),
        "type": record.interaction_type,
        "user": user(world.users[record.user_id]),
        "authorizing_integration_owners": {},
    }
    if record.command_name is not None:
        body["name"] = record.command_name
        body["command_type"] = 1 if record.target_message_id is None else 3
    if record.target_message_id is not None:
        body["target_message_id"] = str(record.target_message_id)
    if record.interaction_type == 3:
        body["interacted_message_id"] = str(record.original_response_message_id)
    if record.triggering is not None:
        body["triggering_interaction_metadata"] = origin(world, record.triggering)
    return body


def message(world: World, record: Message, viewer: User, *, depth: int = 1) -> Json:
    """A message as REST gives it; `referenced_message` goes one level deep."""
    author = world.users[record.author_id]
    body: Json = {
        "id": str(record.id),
        "channel_id": str(record.channel_id),
        "type": int(record.kind),
        "author": user(author),
        "content": record.content,
        "timestamp": timestamp(record.created_at),
        "edited_timestamp": None if record.edited_at is None else timestamp(record.edited_at),
        "tts": record.is_tts,
        "pinned": record.is_pinned,
        "flags": int(record.flags),
        "mention_everyone": record.mentions_everyone,
        "mentions": [user(world.users[i]) for i in record.mention_ids],
        "mention_roles": [str(i) for i in record.mention_role_ids],
        "attachments": [attachment(a) for a in record.attachments],
        "embeds": record.embeds,
        "components": record.components,
    }
    if record.reactions:
        body["reactions"] = [reaction(r, viewer) for r in record.reactions]
    if record.nonce is not None:
        body["nonce"] = record.nonce
    if record.application_id is not None:
        body["application_id"] = str(record.application_id)
        body["webhook_id"] = str(record.application_id)
    if record.origin is not None:
        body["interaction_metadata"] = origin(world, record.origin)
        if record.origin.interaction_type == 2:
            body["interaction"] = {
                "id": str(record.origin.interaction_id),
                "type": 2,
                "name": record.origin.command_name,
                "user": user(world.users[record.origin.user_id]),
            }
    if record.thread_id is not None and record.flags & MessageFlag.HAS_THREAD:
        body["thread"] = channel(world, world.channels[record.thread_id], viewer)
    if record.reference_channel_id is not None:
        body |= _reference(world, record, viewer, depth)
    return body


def _reference(world: World, record: Message, viewer: User, depth: int) -> Json:
    reference: Json = {"type": 0, "channel_id": str(record.reference_channel_id)}
    if record.guild_id is not None:
        reference["guild_id"] = str(record.guild_id)
    if record.reference_id is None:
        return {"message_reference": reference}
    body: Json = {"message_reference": reference | {"message_id": str(record.reference_id)}}
    if depth and record.kind in (MessageKind.REPLY, MessageKind.THREAD_STARTER):
        original = world.messages.get(record.reference_id)
        body["referenced_message"] = (
            None if original is None else message(world, original, viewer, depth=depth - 1)
        )
    return body


def message_event(world: World, record: Message, viewer: User) -> Json:
    """A message as MESSAGE_CREATE and MESSAGE_UPDATE carry it: with where and who.

    Ephemeral messages and direct messages have neither `guild_id` nor `member`.
    """
    body = message(world, record, viewer)
    if record.guild_id is None:
        return body | {"channel_type": 1}
    if record.is_ephemeral:
        return body
    members = world.guilds[record.guild_id].members
    body["guild_id"] = str(record.guild_id)
    body["channel_type"] = int(world.channels[record.channel_id].kind)
    if record.author_id in members and record.application_id is None:
        body["member"] = member(members[record.author_id], with_user=False)
    for entry, user_id in zip(body["mentions"], record.mention_ids, strict=True):
        if user_id in members:
            entry["member"] = member(members[user_id], with_user=False)
    return body


def redact(body: Json, viewer_id: int, *, is_dm: bool) -> Json:
    """What is left of a message for a bot without the Message Content intent.

    Its own messages, direct messages and messages that mention it stay whole.
    """
    if body.get("referenced_message"):
        body |= {"referenced_message": redact(body["referenced_message"], viewer_id, is_dm=is_dm)}
    mentioned = any(entry["id"] == str(viewer_id) for entry in body["mentions"])
    if is_dm or mentioned or body["author"]["id"] == str(viewer_id):
        return body
    return body | {"content": "", "embeds": [], "attachments": [], "components": []}


def _id_or_none(value: int | None) -> str | None:
    return None if value is None else str(value)
