"""REST: messages, reactions, typing, threads."""

from __future__ import annotations

from typing import Any

from bowerbird.playground import errors, forms, messaging, reactions, serialize, threads
from bowerbird.playground.model import Channel, Message
from bowerbird.playground.permissions import Permission
from bowerbird.playground.routing import Call, Created, Json, Routes

routes = Routes()

MESSAGES = "/channels/{channel_id}/messages"
MESSAGE = "/channels/{channel_id}/messages/{message_id}"
REACTIONS = MESSAGE + "/reactions"
THREAD_MEMBERS = "/channels/{channel_id}/thread-members"
NONCE_REMEMBERED = 50  # messages looked through for a repeated nonce


@routes.add("POST", MESSAGES, limit="send")
def create_message(call: Call) -> Json:
    channel, body = call.channel(), call.form()
    if repeated := _same_nonce(call, channel, body):
        return call.message_json(repeated)
    draft = forms.draft(call.world, channel, body, call.uploads)
    return call.message_json(messaging.post(call.world, call.bot, channel, draft))


def _same_nonce(call: Call, channel: Channel, body: dict[str, Any]) -> Message | None:
    """`enforce_nonce`: a retried send must not say it twice."""
    if not body.get("enforce_nonce"):
        return None
    for message_id in channel.message_ids[-NONCE_REMEMBERED:]:
        message = call.world.messages[message_id]
        if message.nonce == body.get("nonce") and message.author_id == call.bot.id:
            return message
    return None


@routes.add("GET", MESSAGES)
def list_messages(call: Call) -> Json:
    found = messaging.history(
        call.world,
        call.bot,
        call.channel(),
        limit=call.number("limit", 50, 1, 100),
        before=call.snowflake("before"),
        after=call.snowflake("after"),
        around=call.snowflake("around"),
    )
    return [call.message_json(message) for message in found]


@routes.add("POST", MESSAGES + "/bulk-delete", limit="delete")
def delete_messages(call: Call) -> None:
    ids = [int(entry) for entry in call.form().get("messages") or ()]
    messaging.delete_many(call.world, call.bot, call.channel(), ids)


@routes.add("GET", MESSAGE)
def get_message(call: Call) -> Json:
    message = call.message()
    granted = call.world.permissions(call.bot.id, call.world.channel(message.channel_id))
    if message.is_ephemeral:
        raise errors.unknown_message()
    if not granted & Permission.READ_MESSAGE_HISTORY:
        raise errors.missing_access()
    return call.message_json(message)


@routes.add("PATCH", MESSAGE, limit="edit")
def edit_message(call: Call) -> Json:
    message = call.message()
    changes = forms.changes(call.world, message, call.form(), call.uploads)
    return call.message_json(messaging.edit(call.world, call.bot, message, changes))


@routes.add("DELETE", MESSAGE, limit="delete")
def delete_message(call: Call) -> None:
    message = call.message()
    if message.is_ephemeral:
        raise errors.unknown_message()
    messaging.delete(call.world, call.bot, message)


@routes.add("POST", "/channels/{channel_id}/typing", limit="typing")
def start_typing(call: Call) -> None:
    messaging.start_typing(call.world, call.bot, call.channel())


@routes.add("PUT", REACTIONS + "/{emoji}/@me", limit="react")
def add_reaction(call: Call) -> None:
    emoji = reactions.parse(call.parameters["emoji"])
    reactions.add(call.world, call.bot, call.message(), emoji)


@routes.add("DELETE", REACTIONS + "/{emoji}/@me", limit="react")
def remove_own_reaction(call: Call) -> None:
    emoji = reactions.parse(call.parameters["emoji"])
    reactions.remove(call.world, call.bot, call.message(), emoji, call.bot.id)


@routes.add("DELETE", REACTIONS + "/{emoji}/{user_id}", limit="react")
def remove_reaction(call: Call) -> None:
    emoji = reactions.parse(call.parameters["emoji"])
    reactions.remove(call.world, call.bot, call.message(), emoji, call.id("user_id"))


@routes.add("GET", REACTIONS + "/{emoji}")
def list_reactors(call: Call) -> Json:
    found = reactions.reactors(
        call.world,
        call.bot,
        call.message(),
        reactions.parse(call.parameters["emoji"]),
        limit=call.number("limit", 25, 1, 100),
        after=call.snowflake("after") or 0,
    )
    return [serialize.user(user) for user in found]


@routes.add("DELETE", REACTIONS + "/{emoji}", limit="react")
def clear_emoji(call: Call) -> None:
    emoji = reactions.parse(call.parameters["emoji"])
    reactions.clear(call.world, call.bot, call.message(), emoji)


@routes.add("DELETE", REACTIONS, limit="react")
def clear_reactions(call: Call) -> None:
    reactions.clear(call.world, call.bot, call.message())


@routes.add("POST", MESSAGE + "/threads", limit="threads")
def open_thread_on_message(call: Call) -> Json:
    body = call.form()
    thread = threads.open_on_message(
        call.world,
        call.bot,
        call.message(),
        body.get("name") or "",
        body.get("auto_archive_duration") or 1440,
    )
    return Created(serialize.channel(call.world, thread, call.bot))


@routes.add("POST", "/channels/{channel_id}/threads", limit="threads")
def open_thread(call: Call) -> Json:
    body = call.form()
    thread = threads.open_in_channel(
        call.world,
        call.bot,
        call.channel(),
        body.get("name") or "",
        body.get("auto_archive_duration") or 1440,
        # A thread opened without saying its type is private, for history's sake.
        is_private=body.get("type", 12) == 12,
    )
    return Created(serialize.channel(call.world, thread, call.bot))


@routes.add("GET", THREAD_MEMBERS)
def list_thread_members(call: Call) -> Json:
    thread = call.channel()
    return [serialize.thread_member(thread, user_id) for user_id in thread.thread_state.members]


@routes.add("GET", THREAD_MEMBERS + "/{user_id}")
def get_thread_member(call: Call) -> Json:
    thread, user_id = call.channel(), _member_id(call)
    if user_id not in thread.thread_state.members:
        raise errors.unknown_member()
    return serialize.thread_member(thread, user_id)


@routes.add("PUT", THREAD_MEMBERS + "/{user_id}")
def join_thread(call: Call) -> None:
    threads.join(call.world, call.bot, call.channel(), _member_id(call))


@routes.add("DELETE", THREAD_MEMBERS + "/{user_id}")
def leave_thread(call: Call) -> None:
    threads.leave(call.world, call.bot, call.channel(), _member_id(call))


def _member_id(call: Call) -> int:
    is_me = call.parameters["user_id"] == "@me"
    return call.bot.id if is_me else call.id("user_id")
