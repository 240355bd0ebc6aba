"""What a frame from the playground's page carries, checked on reading.

Contract: every fault is a ValueError that says which field is wrong, or Discord's own refusal where
an id names nothing this person may see. Ids are strings of digits, as in Discord's JSON.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from bowerbird.playground import errors
from bowerbird.playground.forms import ATTACHMENT_LIMIT
from bowerbird.playground.model import Channel, Message
from bowerbird.playground.people import Person


class Form:
    """The fields of one frame, for one person."""

    def __init__(self, person: Person, values: Any) -> None:
        if not isinstance(values, Mapping):
            raise ValueError('"with" must be a JSON object')
        self.person = person
        self.values: Mapping[str, Any] = values

    def has(self, key: str) -> bool:
        return self.values.get(key) is not None

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if not isinstance(value, str):
            raise ValueError(f"{key!r} must be text")
        return value

    def number(self, key: str, default: int | None = None) -> int:
        value = self.values.get(key, default)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        raise ValueError(f"{key!r} must be a number")

    def flag(self, key: str, *, default: bool) -> bool:
        return bool(self.values.get(key, default))

    def map(self, key: str) -> dict[str, Any]:
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise ValueError(f"{key!r} must be a JSON object")
        return value

    def list(self, key: str) -> list[Any]:
        value = self.values.get(key, [])
        if not isinstance(value, list):
            raise ValueError(f"{key!r} must be a JSON list")
        return value

    def files(self, key: str) -> Sequence[tuple[str, bytes]]:
        """Names and contents of ``[{"name", "content"}]``, the contents in base64."""
        found = []
        for entry in self.list(key):
            one = Form(self.person, entry)
            try:
                content = base64.b64decode(one.text("content"), validate=True)
            except binascii.Error as error:
                raise ValueError(f"{key!r} holds no base64: {error}") from None
            found.append((one.text("name").replace("/", "_") or "file", content))
        if len(found) > ATTACHMENT_LIMIT:
            raise errors.too_long("attachments", ATTACHMENT_LIMIT)
        return found

    def channel(self) -> Channel:
        """Raises 10003, 50001."""
        channel = self.person.world.channel(self.number("channel"))
        if not self.person.world.can_view(self.person.id, channel):
            raise errors.missing_access()
        return channel

    def message(self, key: str = "message") -> Message:
        """Raises 10003, 10008, 50001."""
        message = self.person.world.message(self.channel().id, self.number(key))
        if not self.person.world.can_read(self.person.id, message):
            raise errors.unknown_message()
        return message
