"""REST: registering commands, answering interactions, follow-ups."""

from __future__ import annotations

from bowerbird.playground import answers, commands, errors, serialize
from bowerbird.playground.interactions import Interaction
from bowerbird.playground.model import Command
from bowerbird.playground.routing import Call, Created, Json, Routes

routes = Routes()

GLOBAL = "/applications/{application_id}/commands"
IN_GUILD = "/applications/{application_id}/guilds/{guild_id}/commands"
CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
WEBHOOK = "/webhooks/{application_id}/{interaction_token}"
ANSWER = WEBHOOK + "/messages/{message_id}"


def _scope(call: Call) -> tuple[int, int | None]:
    """(application, guild or None); only one's own application may be touched."""
    application_id = call.id("application_id")
    if application_id != call.application.id:
        raise errors.missing_access()
    guild_id = call.id("guild_id") if "guild_id" in call.parameters else None
    if guild_id is not None and call.bot.id not in call.world.guild(guild_id).members:
        raise errors.missing_access()
    return application_id, guild_id


def _command(call: Call) -> Command:
    application_id, guild_id = _scope(call)
    command = call.world.commands.get(call.id("command_id"))
    if command is None or (command.application_id, command.guild_id) != (application_id, guild_id):
        raise errors.unknown_command()
    return command


def _json_of(record: Command) -> Json:
    body = dict(record.body)
    body |= {
        "id": str(record.id),
        "application_id": str(record.application_id),
        "version": str(record.version),
    }
    if record.guild_id is not None:
        body["guild_id"] = str(record.guild_id)
    return body


def list_commands(call: Call) -> Json:
    return [_json_of(c) for c in commands.registered(call.world, *_scope(call))]


def register_command(call: Call) -> Json:
    command, is_new = commands.register(call.world, *_scope(call), call.form())
    body = _json_of(command)
    return Created(body) if is_new else body


def replace_commands(call: Call) -> Json:
    if not isinstance(call.body, list):
        raise errors.invalid_form("_", "LIST_TYPE_CONVERT", "Only iterables may be used")
    kept = commands.replace_all(call.world, *_scope(call), call.body)
    return [_json_of(command) for command in kept]


def get_command(call: Call) -> Json:
    return _json_of(_command(call))


def edit_command(call: Call) -> Json:
    return _json_of(commands.amend(call.world, _command(call), call.form()))


def delete_command(call: Call) -> None:
    del call.world.commands[_command(call).id]


for _place in (GLOBAL, IN_GUILD):
    routes.add("GET", _place, limit="commands")(list_commands)
    routes.add("POST", _place, limit="commands")(register_command)
    routes.add("PUT", _place, limit="commands")(replace_commands)
    routes.add("GET", _place + "/{command_id}", limit="commands")(get_command)
    routes.add("PATCH", _place + "/{command_id}", limit="commands")(edit_command)
    routes.add("DELETE", _place + "/{command_id}", limit="commands")(delete_command)


@routes.add("POST", CALLBACK, limit=None, needs_token=False)
def answer_interaction(call: Call) -> Json:
    interaction = answers.find_for_callback(
        call.world, call.id("interaction_id"), call.parameters["interaction_token"]
    )
    answers.respond(interaction, call.form(), call.uploads)
    if call.query.get("with_response") not in ("1", "true"):
        return None
    bot = call.world.users[interaction.application_id]
    return answers.callback_result(interaction, bot)


def _interaction(call: Call) -> Interaction:
    return answers.find_for_webhook(
        call.world, call.id("application_id"), call.parameters["interaction_token"]
    )


def _json(interaction: Interaction, message_id: int | None) -> Json:
    message = answers.answer(interaction, message_id)
    bot = interaction.world.users[interaction.application_id]
    return serialize.message(interaction.world, message, bot)


@routes.add("POST", WEBHOOK, limit="webhook", needs_token=False)
def follow_up(call: Call) -> Json:
    interaction = _interaction(call)
    message = answers.follow_up(interaction, call.form(), call.uploads)
    return _json(interaction, message.id)


def _message_id(call: Call) -> int | None:
    return None if call.parameters["message_id"] == "@original" else call.id("message_id")


@routes.add("GET", ANSWER, limit="webhook", needs_token=False)
def get_answer(call: Call) -> Json:
    return _json(_interaction(call), _message_id(call))


@routes.add("PATCH", ANSWER, limit="webhook", needs_token=False)
def edit_answer(call: Call) -> Json:
    interaction = _interaction(call)
    message = answers.answer(interaction, _message_id(call))
    answers.edit_answer(interaction, message, call.form(), call.uploads)
    return _json(interaction, message.id)


@routes.add("DELETE", ANSWER, limit="webhook", needs_token=False)
def delete_answer(call: Call) -> None:
    interaction = _interaction(call)
    message = answers.answer(interaction, _message_id(call))
    answers.delete_answer(interaction, message)
