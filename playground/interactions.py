"""Interactions: a person uses a command, button or modal; the bot answers within Discord's deadlines.

Contract: `use_command`, `use_component`, `submit_modal` and `ask_choices` start one and hand back the
live record, which people await. `respond`, `follow_up`, `edit_answer` and `delete_answer` are the bot's
side: one first answer within `Deadlines.interaction_answer_s` (else the person sees a failure and the
bot gets 10062), then follow-ups until the token ends. Knows nothing of HTTP.
Source: https://discord.com/developers/docs/interactions/receiving-and-responding
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from bowerbird.playground import components, errors, forms, messaging, serialize
from bowerbird.playground.forms import Uploads
from bowerbird.playground.model import (
    Channel,
    Command,
    InteractionOrigin,
    Message,
    MessageFlag,
    MessageKind,
    User,
)
from bowerbird.playground.world import Event, World


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


_ALWAYS = {CallbackKind.MESSAGE, CallbackKind.DEFERRED_MESSAGE}
_UPDATES = {CallbackKind.DEFERRED_UPDATE, CallbackKind.UPDATE}
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

    async def answered(self, timeout_s: float = 10.0) -> Message:
        """The bot's answer, once it is more than "… is thinking". Raises on failure and timeout."""
        await self._until(lambda: self.response is not None and self.is_answered, timeout_s)
        assert self.response is not None
        return self.response

    async def acknowledged(self, timeout_s: float = 10.0) -> CallbackKind:
        await self._until(lambda: self.callback is not None, timeout_s)
        assert self.callback is not None
        return self.callback

    async def modal_shown(self, timeout_s: float = 10.0) -> Modal:
        await self._until(lambda: self.modal is not None, timeout_s)
        assert self.modal is not None
        return self.modal

    async def followed_up(self, count: int = 1, timeout_s: float = 10.0) -> Message:
        """The `count`-th follow-up."""
        await self._until(lambda: len(self.follow_ups) >= count, timeout_s)
        return self.follow_ups[count - 1]

    async def choices_offered(self, timeout_s: float = 3.0) -> list[dict[str, Any]]:
        await self._until(lambda: self.choices is not None, timeout_s)
        return self.choices or []

    async def _until(self, condition: Any, timeout_s: float) -> None:
        what = f"an answer to interaction {self.data.get('name') or self.data.get('custom_id')}"
        await self.world.until(lambda: self.is_failed or condition(), timeout_s, what)
        if self.is_failed and not condition():
            raise InteractionFailed(f"{what}: the application did not respond")


class InteractionFailed(Exception):
    """The bot did not answer in time: "The application did not respond"."""


# --- the person's side ---------------------------------------------------------------------------


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
        _tell_person(interaction, "INTERACTION_FAILURE")


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
        "locale": serialize.LOCALE,
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
        "guild": {"id": guild_id, "locale": serialize.LOCALE, "features": []},
        "guild_locale": serialize.LOCALE,
        "member": member | {"permissions": permissions},
        "authorizing_integration_owners": {"0": guild_id},
    }


# --- the bot's side ------------------------------------------------------------------------------


def find_for_callback(world: World, interaction_id: int, token: str) -> Interaction:
    """Raises 10062 where the interaction is unknown, failed or past its first deadline."""
    interaction = world.interactions.get(interaction_id)
    if interaction is None or interaction.token != token or interaction.is_failed:
        raise errors.unknown_interaction()
    return interaction


def find_for_webhook(world: World, application_id: int, token: str) -> Interaction:
    """Raises 10015 for a token never given out, 50027 for one past its 15 minutes."""
    for interaction in world.interactions.values():
        if interaction.token == token and interaction.application_id == application_id:
            age_s = world.now() - interaction.created_at
            if interaction.is_failed or age_s > world.deadlines.interaction_token_s:
                raise errors.invalid_webhook_token()
            return interaction
    raise errors.unknown_webhook()


def respond(interaction: Interaction, body: Mapping[str, Any], uploads: Uploads) -> None:
    """The first answer. Raises 40060 for a second one, 50035 for one of the wrong kind."""
    if interaction.callback is not None:
        raise errors.already_acknowledged()
    callback = _callback_kind(interaction, body.get("type"))
    data: dict[str, Any] = body.get("data") or {}
    if callback is CallbackKind.MODAL:
        components.check_modal(data)
        modal = dict(data) | {"components": components.numbered(data["components"])}
        interaction.modal = Modal(interaction, modal)
    elif callback is CallbackKind.CHOICES:
        interaction.choices = list(data.get("choices") or [])
        if len(interaction.choices) > 25:
            raise errors.too_long("data.choices", 25)
    elif callback in _ALWAYS:
        is_loading = callback is CallbackKind.DEFERRED_MESSAGE
        interaction.response = _send(interaction, data, uploads, is_loading=is_loading)
    else:
        interaction.response = interaction.message
        if callback is CallbackKind.UPDATE and interaction.message is not None:
            changes = forms.changes(interaction.world, interaction.message, data, uploads)
            messaging.change(interaction.world, interaction.message, changes)
    interaction.callback = callback
    is_modal = callback is CallbackKind.MODAL
    _tell_person(interaction, "INTERACTION_MODAL_CREATE" if is_modal else "INTERACTION_SUCCESS")


def callback_result(interaction: Interaction, viewer: User) -> dict[str, Any]:
    """The body of `?with_response=1`."""
    about: dict[str, Any] = {"id": str(interaction.id), "type": int(interaction.kind)}
    result: dict[str, Any] = {"interaction": about}
    callback, response = interaction.callback, interaction.response
    if response is not None and callback is not None:
        about |= {
            "response_message_id": str(response.id),
            "response_message_loading": response.is_loading,
            "response_message_ephemeral": response.is_ephemeral,
        }
        if callback is not CallbackKind.DEFERRED_UPDATE:
            message = serialize.message(interaction.world, response, viewer)
            result["resource"] = {"type": int(callback), "message": message}
    return result


def follow_up(interaction: Interaction, body: Mapping[str, Any], uploads: Uploads) -> Message:
    """A further message; the first one after "… is thinking" takes its place, as on Discord."""
    original = interaction.response
    if interaction.callback is None:
        raise errors.unknown_webhook()
    if original is not None and original.is_loading:
        return edit_answer(interaction, original, body, uploads)
    message = _send(interaction, body, uploads, reply_to=original)
    interaction.follow_ups.append(message)
    interaction.world.wake()
    return message


def answer(interaction: Interaction, message_id: int | None) -> Message:
    """`@original` (None) or a follow-up by id. Raises 10008."""
    message = interaction.response
    if message_id is not None and (message is None or message.id != message_id):
        found = (m for m in interaction.follow_ups if m.id == message_id)
        message = next(found, None)
    if message is None or message.is_deleted:
        raise errors.unknown_message()
    return message


def edit_answer(
    interaction: Interaction, message: Message, body: Mapping[str, Any], uploads: Uploads
) -> Message:
    changes = forms.changes(interaction.world, message, body, uploads)
    if message.is_loading:
        for name in ("embeds", "components"):
            changes.setdefault(name, [])
    return messaging.change(interaction.world, message, changes)


def delete_answer(interaction: Interaction, message: Message) -> None:
    messaging.remove(interaction.world, message)


def _callback_kind(interaction: Interaction, number: Any) -> CallbackKind:
    allowed: set[CallbackKind] = set(_ALWAYS)
    if interaction.message is not None:
        allowed |= _UPDATES
    if interaction.kind is not InteractionKind.MODAL:
        allowed.add(CallbackKind.MODAL)
    if interaction.kind is InteractionKind.AUTOCOMPLETE:
        allowed = {CallbackKind.CHOICES}
    if number not in {int(kind) for kind in allowed}:
        listed = ", ".join(str(int(kind)) for kind in sorted(allowed))
        raise errors.invalid_form(
            "type", "BASE_TYPE_CHOICES", f"Value must be one of {{{listed}}}."
        )
    return CallbackKind(number)


def _send(
    interaction: Interaction,
    data: Mapping[str, Any],
    uploads: Uploads,
    *,
    is_loading: bool = False,
    reply_to: Message | None = None,
) -> Message:
    world = interaction.world
    draft = forms.draft(world, interaction.channel, data, uploads)
    is_ephemeral = bool(draft.flags & MessageFlag.EPHEMERAL)
    target = reply_to or interaction.message
    kind, reference = MessageKind.DEFAULT, None
    if target is not None:
        kind, reference = MessageKind.REPLY, (target.id, target.channel_id)
    elif interaction.command is not None:
        is_menu = "target_id" in interaction.data
        kind = MessageKind.CONTEXT_MENU_COMMAND if is_menu else MessageKind.CHAT_INPUT_COMMAND
    return messaging.create(
        world,
        world.user(interaction.application_id),
        interaction.channel,
        draft,
        kind=kind,
        reference=reference,
        origin=_origin(interaction),
        visible_to=interaction.user.id if is_ephemeral else None,
        is_loading=is_loading,
    )


def _origin(interaction: Interaction) -> InteractionOrigin:
    target = interaction.data.get("target_id")
    return InteractionOrigin(
        interaction.id,
        int(interaction.kind),
        interaction.user.id,
        command_name=_full_name(interaction),
        target_message_id=None if target is None else int(target),
        original_response_message_id=(
            None if interaction.message is None else interaction.message.id
        ),
        triggering=None if interaction.source is None else _origin(interaction.source),
    )


def _full_name(interaction: Interaction) -> str | None:
    if interaction.command is None:
        return None
    words, options = [interaction.command.name], interaction.data.get("options") or []
    while options and options[0]["type"] in (1, 2):
        words.append(options[0]["name"])
        options = options[0].get("options") or []
    return " ".join(words)


def _tell_person(interaction: Interaction, name: str) -> None:
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
