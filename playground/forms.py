"""The JSON bodies of messages, read into records.

Contract: `draft` for new messages, `changes` for edits; raises 50035 where a field has the wrong
type. Knows nothing of HTTP: uploads arrive as `Upload`s by their number (`files[0]`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bowerbird.playground import errors, uploads
from bowerbird.playground.messaging import Draft
from bowerbird.playground.model import Attachment, Channel, Message, MessageFlag
from bowerbird.playground.world import World

ATTACHMENT_LIMIT = 10


@dataclass(frozen=True, slots=True)
class Upload:
    filename: str
    content_type: str
    content: bytes = field(repr=False)


Uploads = Mapping[int, Upload]

_TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "content": (str, "string"),
    "embeds": (list, "list"),
    "components": (list, "list"),
    "attachments": (list, "list"),
    "allowed_mentions": (dict, "dict"),
    "message_reference": (dict, "dict"),
    "flags": (int, "integer"),
    "tts": (bool, "boolean"),
    "nonce": ((str, int), "string"),
}


def draft(world: World, channel: Channel, body: Mapping[str, Any], sent: Uploads) -> Draft:
    check_types(body)
    reference = body.get("message_reference") or {}
    return Draft(
        content=body.get("content") or "",
        reply_to=snowflake(reference, "message_id", "message_reference.message_id"),
        must_exist=reference.get("fail_if_not_exists", True),
        embeds=body.get("embeds") or [],
        components=body.get("components") or [],
        attachments=_attachments(world, channel, body, sent, kept={}),
        allowed_mentions=body.get("allowed_mentions"),
        flags=MessageFlag(body.get("flags") or 0),
        nonce=body.get("nonce"),
        is_tts=bool(body.get("tts")),
    )


def changes(
    world: World, message: Message, body: Mapping[str, Any], sent: Uploads
) -> dict[str, Any]:
    """What an edit changes, for `messaging.edit`. Attachments not listed are dropped."""
    check_types(body)
    names = ("content", "embeds", "components", "flags", "allowed_mentions")
    found: dict[str, Any] = {name: body[name] for name in names if name in body}
    if "attachments" in body or sent:
        kept = {attachment.id: attachment for attachment in message.attachments}
        channel = world.channel(message.channel_id)
        found["attachments"] = _attachments(world, channel, body, sent, kept)
    return found


def check_types(body: Mapping[str, Any]) -> None:
    for name, (expected, word) in _TYPES.items():
        value = body.get(name)
        if value is None:
            continue
        is_bool_for_int = expected is int and isinstance(value, bool)
        if not isinstance(value, expected) or is_bool_for_int:
            raise errors.invalid_form(
                name, "BASE_TYPE_BAD_TYPE", f"Could not interpret the value as {word}."
            )
    for name in ("embeds", "components", "attachments"):
        for index, entry in enumerate(body.get(name) or ()):
            if not isinstance(entry, dict):
                raise errors.invalid_form(
                    f"{name}.{index}", "MODEL_TYPE_CONVERT", "Only dictionaries may be used"
                )


def snowflake(body: Mapping[str, Any], name: str, path: str | None = None) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        raise errors.not_a_snowflake(path or name, value) from None


def _attachments(
    world: World,
    channel: Channel,
    body: Mapping[str, Any],
    sent: Uploads,
    kept: Mapping[int, Attachment],
) -> list[Attachment]:
    listed = body.get("attachments")
    if listed is None:
        listed = [{"id": number} for number in sent]
        found = list(kept.values())
    else:
        found = []
    for entry in listed:
        number = int(entry["id"])
        if number in kept:
            found.append(kept[number])
        elif number in sent:
            found.append(_store(world, channel, sent[number], entry))
        else:
            raise errors.invalid_form(
                "attachments",
                "ATTACHMENT_NOT_FOUND",
                f"Attachment {number} is not in the request.",
            )
    if len(found) > ATTACHMENT_LIMIT:
        raise errors.too_long("attachments", ATTACHMENT_LIMIT)
    return found


def _store(world: World, channel: Channel, upload: Upload, entry: Mapping[str, Any]) -> Attachment:
    filename = entry.get("filename") or upload.filename
    return uploads.store(
        world, channel, filename, upload.content_type, upload.content, entry.get("description")
    )
