"""Interactions: a person uses a command, a button or a modal, and waits for the bot's answer.

Contract: the person's side. `use_command`, `use_component`, `submit_modal` and `ask_choices` start
one and hand back the live record, which people await; without an answer within
`Deadlines.interaction_answer_s` it fails. How a bot answers is `answers`' business.
Source: https://discord.com/developers/docs/interactions/receiving-and-responding
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeVar

from bowerbird.playground import components, errors, locales, serialize
from bowerbird.playground.model import (
    Channel,
    Command,
    Message,
    User,
)
from bowerbird.playground.world import Event, World

T = TypeVar("T")


class InteractionKind(IntEnum):
    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


class CallbackKind(IntEnum):
    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


_ATTACHMENT_SIZE_LIMIT = 10 * 1024 * 1024


@dataclass(slots=True)
class Modal:
    """A form the bot opened for one person; `body` is Discord's JSON."""

    source: Interaction
    body: dict[str, Any]

    @property
    def title(self) -> str:
        return str(self.body["title"])

    @property
    def custom_id(self) -> str:
        return str(self.body["custom_id"])

    @property
    def fields(self) -> list[tuple[str, dict[str, Any]]]:
        """(label, text input) in order."""
        return components.fields(self.body)


@dataclass(slots=True)
class Interaction:
    id: int
    token: str
    kind: InteractionKind
    application_id: int
    user: User
    channel: Channel
    data: dict[str, Any]
    created_at: float
    world: World = field(repr=False)
    command: Command | None = None
    message: Message | None = None  # the one the component sits on
    source: Interaction | None = None  # what opened the modal
    callback: CallbackKind | None = None
    is_failed: bool = False
    response: Message | None = None
    follow_ups: list[Message] = field(default_factory=list)
    modal: Modal | None = None
    choices: list[dict[str, Any]] | None = None

    @property
    def is_answered(self) -> bool:
        """Whether the bot answered for the person to see (a spinner is no answer)."""
        if self.callback is None:
            return False
        return self.response is None or not self.response.is_loading

    async def answered(self, timeout_s: float = 30.0) -> Message:
        """The bot's answer, once it is more than "… is thinking". Raises on failure and timeout."""
        return await self._until(lambda: self.response if self.is_answered else None, timeout_s)

    async def acknowledged(self, timeout_s: float = 30.0) -> CallbackKind:
        return await self._until(lambda: self.callback, timeout_s)

    async def modal_shown(self, timeout_s: float = 30.0) -> Modal:
        return await self._until(lambda: self.modal, timeout_s)

    async def followed_up(self, count: int = 1, timeout_s: float = 30.0) -> Message:
        """The `count`-th follow-up."""
        await self._until(lambda: len(self.follow_ups) >= count, timeout_s)
        return self.follow_ups[count - 1]

    async def choices_offered(self, timeout_s: float = 3.0) -> list[dict[str, Any]]:
        await self._until(lambda: self.choices is not None, timeout_s)
        return self.choices or []

    async def _until(self, condition: Callable[[], T | None], timeout_s: float) -> T:
        what = f"an answer to interaction {self.data.get('name') or self.data.get('custom_id')}"
        await self.world.until(lambda: condition() or self.is_failed, timeout_s, what)
        if value := condition():
            return value
        raise InteractionFailed(f"{what}: the application did not respond")


class InteractionFailed(Exception):  # noqa: N818 - Discord calls the event so
    """The bot did not answer in time: "The application did not respond"."""


def use_command(
    world: World, user: User, channel: Channel, command: Command, data: dict[str, Any]
) -> Interaction:
    kind = InteractionKind.COMMAND
    return _start(world, user, channel, kind, command.application_id, data, command=command)


def ask_choices(
    world: World, user: User, channel: Channel, command: Command, data: dict[str, Any]
) -> Interaction:
    kind = InteractionKind.AUTOCOMPLETE
    return _start(world, user, channel, kind, command.application_id, data, command=command)


def use_component(world: World, user: User, message: Message, data: dict[str, Any]) -> Interaction:
    if message.is_deleted or not world.can_read(user.id, message):
        raise errors.unknown_message()
    channel, kind = world.channel(message.channel_id), InteractionKind.COMPONENT
    return _start(world, user, channel, kind, message.author_id, data, message=message)


def submit_modal(world: World, user: User, modal: Modal, data: dict[str, Any]) -> Interaction:
    source = modal.source
    return _start(
        world,
        user,
        source.channel,
        InteractionKind.MODAL,
        source.application_id,
        data,
        message=source.message,
        source=source,
    )


def _start(
    world: World,
    user: User,
    channel: Channel,
    kind: InteractionKind,
    application_id: int,
    data: dict[str, Any],
    **more: Any,
) -> Interaction:
    interaction = Interaction(
        id=world.new_id(),
        token=secrets.token_urlsafe(48),
        kind=kind,
        application_id=application_id,
        user=user,
        channel=channel,
        data=data,
        created_at=world.now(),
        world=world,
        **more,
    )
    world.interactions[interaction.id] = interaction
    _drop_expired(world)
    answer_s = world.deadlines.interaction_answer_s
    asyncio.get_running_loop().call_later(answer_s, _fail_if_silent, interaction)
    world.emit(
        Event(
            "INTERACTION_CREATE",
            lambda viewer: _payload(interaction, viewer),
            only=frozenset((application_id,)),
            interaction=interaction,
        )
    )
    return interaction


def _fail_if_silent(interaction: Interaction) -> None:
    if interaction.callback is None:
        interaction.is_failed = True
        tell_person(interaction, "INTERACTION_FAILURE")


def _drop_expired(world: World) -> None:
    oldest = world.now() - 2 * world.deadlines.interaction_token_s
    for interaction in list(world.interactions.values()):
        if interaction.created_at >= oldest:
            return
        del world.interactions[interaction.id]


def _payload(interaction: Interaction, viewer: User) -> dict[str, Any]:
    world, channel, user = interaction.world, interaction.channel, interaction.user
    body: dict[str, Any] = {
        "id": str(interaction.id),
        "application_id": str(interaction.application_id),
        "type": int(interaction.kind),
        "data": interaction.data,
        "token": interaction.token,
        "version": 1,
        "channel_id": str(channel.id),
        "channel": serialize.channel(world, channel, viewer),
        "locale": user.locale,
        "entitlements": [],
        "app_permissions": str(int(world.permissions(interaction.application_id, channel))),
        "attachment_size_limit": _ATTACHMENT_SIZE_LIMIT,
        "context": 1 if channel.is_dm else 0,
    }
    if interaction.message is not None:
        body["message"] = serialize.message(world, interaction.message, viewer)
    if channel.guild_id is None:
        owners = {"1": str(user.id)}
        return body | {"user": serialize.user(user), "authorizing_integration_owners": owners}
    guild_id = str(channel.guild_id)
    member = serialize.member(world.member(channel.guild_id, user.id))
    permissions = str(int(world.permissions(user.id, channel)))
    return body | {
        "guild_id": guild_id,
        "guild": {"id": guild_id, "locale": locales.DEFAULT, "features": []},
        "guild_locale": locales.DEFAULT,
        "member": member | {"permissions": permissions},
        "authorizing_integration_owners": {"0": guild_id},
    }


def tell_person(interaction: Interaction, name: str) -> None:
    body: dict[str, Any] = {"id": str(interaction.id), "nonce": None}
    if interaction.modal is not None:
        body |= dict(interaction.modal.body)
        body |= {"id": str(interaction.id), "channel_id": str(interaction.channel.id)}
    interaction.world.emit(
        Event(
            name,
            lambda viewer: dict(body),
            only=frozenset((interaction.user.id,)),
            channel=interaction.channel,
            interaction=interaction,
        )
    )
