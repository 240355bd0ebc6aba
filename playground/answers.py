"""How a bot answers an interaction: once within the deadline, then follow-ups until the token ends.

Contract: `respond` is the callback, `follow_up`, `edit_answer` and `delete_answer` the webhook
that lives for `Deadlines.interaction_token_s`. Refusals are Discord's: 10062 too late or unknown,
40060 a second answer, 50027 an ended token, 10015 no such token. Knows nothing of HTTP.
Source: https://discord.com/developers/docs/interactions/receiving-and-responding
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bowerbird.playground import components, errors, forms, messaging, serialize
from bowerbird.playground.forms import Uploads
from bowerbird.playground.interactions import (
    CallbackKind,
    Interaction,
    InteractionKind,
    Modal,
    tell_person,
)
from bowerbird.playground.model import (
    InteractionOrigin,
    Message,
    MessageFlag,
    MessageKind,
    User,
)
from bowerbird.playground.world import World

_ALWAYS = {CallbackKind.MESSAGE, CallbackKind.DEFERRED_MESSAGE}
_UPDATES = {CallbackKind.DEFERRED_UPDATE, CallbackKind.UPDATE}
_CHOICE_LIMIT = 25


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
        if len(interaction.choices) > _CHOICE_LIMIT:
            raise errors.too_long("data.choices", _CHOICE_LIMIT)
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
    tell_person(interaction, "INTERACTION_MODAL_CREATE" if is_modal else "INTERACTION_SUCCESS")


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
        if callback in (CallbackKind.MESSAGE, CallbackKind.UPDATE):
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
