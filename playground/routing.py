"""What the REST routes share: a table of routes, and one call as its handler sees it.

Contract: handlers are plain functions from a `Call` to JSON (`None` answers 204, `Created` 201);
they refuse by raising `DiscordError`. The door (`rest`) does the rest: tokens, limits, records.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bowerbird.playground import errors, serialize
from bowerbird.playground.forms import Uploads
from bowerbird.playground.model import Application, ApplicationFlag, Channel, Message, User
from bowerbird.playground.permissions import Permission
from bowerbird.playground.world import World

Json = Any
_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Created:
    """An answer with status 201."""

    body: Json


@dataclass(slots=True)
class Call:
    """One request that got past the door. `body` is the JSON, `uploads` the files by number."""

    world: World
    gateway_url: str
    application: Application
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    uploads: Uploads

    @property
    def bot(self) -> User:
        return self.world.users[self.application.id]

    def id(self, name: str) -> int:
        """A snowflake from the path. Raises 50035."""
        text = self.parameters[name]
        if not text.isdecimal():
            raise errors.not_a_snowflake(name, text)
        return int(text)

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """A number from the query. Raises 50035 out of bounds."""
        text = self.query.get(name)
        if text is None:
            return default
        if not text.isdecimal() or not low <= int(text) <= high:
            raise errors.invalid_form(
                name, "NUMBER_TYPE_RANGE", f"int value should be between {low} and {high}."
            )
        return int(text)

    def snowflake(self, name: str) -> int | None:
        """A snowflake from the query."""
        text = self.query.get(name)
        if text is not None and not text.isdecimal():
            raise errors.not_a_snowflake(name, text)
        return None if text is None else int(text)

    def form(self) -> dict[str, Any]:
        """The body, which must be a JSON object."""
        if not isinstance(self.body, dict):
            raise errors.invalid_form("_", "DICT_TYPE_CONVERT", "Only dictionaries may be used")
        return self.body

    def channel(self, needed: Permission = Permission.VIEW_CHANNEL) -> Channel:
        """The path's channel. Raises 10003, 50001, 50013."""
        channel = self.world.channel(self.id("channel_id"))
        self.world.require(self.bot.id, channel, needed)
        return channel

    def message(self) -> Message:
        """The path's message. Raises 10003, 10008, 50001."""
        channel = self.channel()
        return self.world.message(channel.id, self.id("message_id"))

    def message_json(self, message: Message) -> Json:
        """Content is withheld where the application was not granted Message Content."""
        body = serialize.message(self.world, message, self.bot)
        if self.application.flags & ApplicationFlag.GATEWAY_MESSAGE_CONTENT_LIMITED:
            return body
        return serialize.redact(body, self.bot.id, is_dm=message.guild_id is None)


Handler = Callable[[Call], Json]


@dataclass(frozen=True, slots=True)
class Route:
    """`template` as in Discord's documentation; `limit` names a field of `RateLimits`.

    `limit` None: neither bucket nor global limit. `needs_token` False: the path holds its own.
    """

    method: str
    template: str
    handler: Handler = field(repr=False)
    limit: str | None = "other"
    needs_token: bool = True

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def is_webhook(self) -> bool:
        return self.template.startswith("/webhooks/")

    def major(self, parameters: Mapping[str, str]) -> str:
        """What buckets are kept apart by: channel, server, or webhook with token."""
        names = ("channel_id", "guild_id", "application_id", "interaction_token")
        return "+".join(parameters[name] for name in names if name in parameters)

    @property
    def pattern(self) -> str:
        """For aiohttp: a parameter stops at the next slash."""
        return _PARAMETER.sub(r"{\1:[^/]+}", self.template)


class Routes:
    """A room's routes, in the order they are to be tried."""

    def __init__(self) -> None:
        self.all: list[Route] = []

    def add(
        self, method: str, template: str, *, limit: str | None = "other", needs_token: bool = True
    ) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            self.all.append(Route(method, template, handler, limit, needs_token))
            return handler

        return register
