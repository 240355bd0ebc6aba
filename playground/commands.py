"""Application commands: registering them, showing them in the picker, filling in their options.

Contract: what the bot registers is checked and kept as JSON; a person is offered what Discord's
client would offer (context, `default_member_permissions`), and options are checked as the client
checks them, raising LookupError or ValueError. Subcommands' permissions are the bot's business, as
on Discord.
Source: https://discord.com/developers/docs/interactions/application-commands
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bowerbird.playground import errors, serialize
from bowerbird.playground.model import Channel, Command, CommandKind, Message, User
from bowerbird.playground.permissions import Permission
from bowerbird.playground.world import World

SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER = range(1, 11)
_SLASH_NAME = re.compile(r"[-_'\w]{1,32}")
_ID = re.compile(r"\d{15,20}")
_MENTION = re.compile(r"</([^:<>]+):(\d+)>")
GLOBAL_LIMIT, OPTION_LIMIT, DESCRIPTION_LIMIT = 100, 25, 100
_DEFAULTS: dict[str, Any] = {
    "default_member_permissions": None,
    "name_localizations": None,
    "description_localizations": None,
    "nsfw": False,
    "contexts": None,
    "integration_types": [0],
}


@dataclass(frozen=True, slots=True)
class CommandChoice:
    """One line of the `/` picker: the full name ("my personalization") and its options' JSON.

    ``shown``: the name in the person's language. So are ``description`` and, as `shown`, what the
    options are called.
    """

    name: str
    shown: str
    description: str
    options: tuple[dict[str, Any], ...]
    command: Command


# --- registering ---------------------------------------------------------------------------------


def register(
    world: World, application_id: int, guild_id: int | None, body: Mapping[str, Any]
) -> tuple[Command, bool]:
    """Upserts by name and kind; returns the command and whether it is new. Raises 50035."""
    checked = _checked(body)
    kind = checked["type"]
    for command in registered(world, application_id, guild_id):
        if command.name == checked["name"] and command.kind == kind:
            if command.body != checked:
                command.body, command.version = checked, world.new_id()
            return command, False
    command_id = world.new_id()
    command = Command(command_id, application_id, guild_id, world.new_id(), checked)
    world.commands[command_id] = command
    return command, True


def replace_all(
    world: World, application_id: int, guild_id: int | None, bodies: Sequence[Mapping[str, Any]]
) -> list[Command]:
    """Bulk overwrite: what is not listed is gone. Nothing changes if one body is refused."""
    if len(bodies) > GLOBAL_LIMIT:
        raise errors.DiscordError(400, 30032, "Maximum number of application commands reached")
    for body in bodies:
        _checked(body)
    kept = [register(world, application_id, guild_id, body)[0] for body in bodies]
    ids = {command.id for command in kept}
    for command in registered(world, application_id, guild_id):
        if command.id not in ids:
            del world.commands[command.id]
    return kept


def amend(world: World, command: Command, changes: Mapping[str, Any]) -> Command:
    command.body = _checked(command.body | dict(changes))
    command.version = world.new_id()
    return command


def registered(world: World, application_id: int, guild_id: int | None) -> list[Command]:
    return [
        command
        for command in world.commands.values()
        if command.application_id == application_id and command.guild_id == guild_id
    ]


def _checked(body: Mapping[str, Any]) -> dict[str, Any]:
    name = body.get("name")
    if not isinstance(name, str) or not name:
        raise errors.required("name")
    kind = body.get("type") or CommandKind.SLASH
    given = {key: value for key, value in body.items() if value is not None}
    result = _DEFAULTS | given | {"type": int(kind)}
    if (needed := result["default_member_permissions"]) is not None:
        result["default_member_permissions"] = str(needed)
    if kind != CommandKind.SLASH:
        if len(name) > 32:
            raise errors.too_long("name", 32)
        return result | {"description": ""}
    _check_named(body, "")
    _check_options(body.get("options") or (), "options")
    return result


def _check_named(body: Mapping[str, Any], prefix: str) -> None:
    name = body.get("name") or ""
    if not _SLASH_NAME.fullmatch(name) or name != name.lower():
        raise errors.invalid_form(
            f"{prefix}name",
            "APPLICATION_COMMAND_INVALID_NAME",
            "Command name is invalid",
        )
    description = body.get("description")
    if not description:
        raise errors.required(f"{prefix}description")
    if len(description) > DESCRIPTION_LIMIT:
        raise errors.too_long(f"{prefix}description", DESCRIPTION_LIMIT)


def _check_options(options: Sequence[Mapping[str, Any]], path: str) -> None:
    if len(options) > OPTION_LIMIT:
        raise errors.too_long(path, OPTION_LIMIT)
    was_optional = False
    for index, option in enumerate(options):
        _check_named(option, f"{path}.{index}.")
        if option.get("type") in (SUBCOMMAND, GROUP):
            _check_options(option.get("options") or (), f"{path}.{index}.options")
        elif option.get("required") and was_optional:
            raise errors.invalid_form(
                f"{path}.{index}",
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        else:
            was_optional = not option.get("required")


# --- the picker ----------------------------------------------------------------------------------


def usable(world: World, user: User, channel: Channel, kind: CommandKind) -> list[Command]:
    """The commands Discord's client offers this person here."""
    if not world.permissions(user.id, channel) & Permission.USE_APPLICATION_COMMANDS:
        return []
    return [
        command
        for command in world.commands.values()
        if command.kind is kind and _is_offered(world, user, channel, command)
    ]


def _is_offered(world: World, user: User, channel: Channel, command: Command) -> bool:
    contexts = command.body["contexts"]
    if channel.is_dm:
        in_dm = command.body.get("dm_permission", True) is not False
        allowed = in_dm if contexts is None else 1 in contexts
        is_here = command.application_id in channel.recipient_ids
        return allowed and is_here and command.guild_id is None
    guild = world.guilds[channel.guild_id or 0]
    if command.guild_id not in (None, guild.id) or command.application_id not in guild.members:
        return False
    if contexts is not None and 0 not in contexts:
        return False
    needed = command.body["default_member_permissions"]
    if needed is None:
        return True
    granted = world.permissions(user.id, channel)
    # "0" hides the command from everybody but administrators.
    needed_bits = Permission(int(needed)) or Permission.ADMINISTRATOR
    return granted & needed_bits == needed_bits


def choices(world: World, user: User, channel: Channel) -> list[CommandChoice]:
    found: list[CommandChoice] = []
    for command in usable(world, user, channel, CommandKind.SLASH):
        found += _leaves(command, command.body, user.locale)
    return sorted(found, key=lambda choice: choice.name)


def _leaves(
    command: Command, body: Mapping[str, Any], locale: str, above: tuple[str, str] = ("", "")
) -> list[CommandChoice]:
    name = f"{above[0]}{body['name']}"
    shown = f"{above[1]}{_localised(body, 'name', locale)}"
    options = body.get("options") or ()
    if any(option["type"] in (SUBCOMMAND, GROUP) for option in options):
        names = (f"{name} ", f"{shown} ")
        return [leaf for option in options for leaf in _leaves(command, option, locale, names)]
    fields = tuple(_in_language(option, locale) for option in options)
    description = _localised(body, "description", locale)
    return [CommandChoice(name, shown, description, fields, command)]


def _in_language(option: Mapping[str, Any], locale: str) -> dict[str, Any]:
    """The option as a person reads it: ``shown`` is its name."""
    choices = [
        choice | {"name": _localised(choice, "name", locale)}
        for choice in option.get("choices") or ()
    ]
    return dict(option) | {
        "shown": _localised(option, "name", locale),
        "description": _localised(option, "description", locale),
        **({"choices": choices} if choices else {}),
    }


def _localised(body: Mapping[str, Any], what: str, locale: str) -> str:
    return str((body.get(f"{what}_localizations") or {}).get(locale) or body[what])


def mentioned(world: World, text: str, locale: str) -> dict[str, str]:
    """The commands that a text mentions, by the mention: what a client in this language shows."""
    found: dict[str, str] = {}
    for mention in _MENTION.finditer(text):
        if (command := world.commands.get(int(mention[2]))) is not None:
            found[mention[0]] = shown_name(world, command.application_id, mention[1], locale)
    return found


def shown_name(world: World, application_id: int, name: str, locale: str) -> str:
    """What a client in this language calls a slash command; its own name if it is no more."""
    for command in world.commands.values():
        if (command.application_id, command.kind) == (application_id, CommandKind.SLASH):
            for leaf in _leaves(command, command.body, locale):
                if leaf.name == name:
                    return leaf.shown
    return name


def message_menu(world: World, user: User, channel: Channel) -> list[str]:
    return [command.name for command in usable(world, user, channel, CommandKind.MESSAGE)]


# --- using one -----------------------------------------------------------------------------------


def slash_data(
    world: World,
    user: User,
    channel: Channel,
    name: str,
    given: Mapping[str, Any],
    *,
    focused: str | None = None,
) -> tuple[Command, dict[str, Any]]:
    """The command and the `data` of its interaction; `focused` names the option being typed."""
    offered = choices(world, user, channel)
    choice = next((c for c in offered if c.name == name), None)
    if choice is None:
        known = ", ".join(c.name for c in offered) or "none"
        raise LookupError(f"{user.name} is not offered /{name} here; there are: {known}")
    known_options = {option["name"]: option for option in choice.options}
    if unknown := set(given) - set(known_options):
        raise ValueError(f"/{name} has no option {min(unknown)!r}")
    resolved: dict[str, dict[str, Any]] = {}
    options: list[dict[str, Any]] = []
    for option_name, option in known_options.items():
        is_focused = option_name == focused
        if given.get(option_name) is None:
            if option.get("required") and focused is None:
                raise ValueError(f"/{name} needs the option {option_name!r}")
            if not is_focused:
                continue
        entry: dict[str, Any] = {"name": option_name, "type": option["type"]}
        if is_focused:
            entry |= {"value": given.get(option_name, ""), "focused": True}
        else:
            entry["value"] = _value(world, channel, option, given[option_name], resolved)
        options.append(entry)
    command = choice.command
    for word in reversed(name.split(" ")[1:]):
        depth = GROUP if any(o["type"] == SUBCOMMAND for o in options) else SUBCOMMAND
        options = [{"name": word, "type": depth, "options": options}]
    data = _base(command) | {"options": options}
    return command, data | ({"resolved": resolved} if resolved else {})


def menu_data(
    world: World, user: User, channel: Channel, name: str, message: Message
) -> tuple[Command, dict[str, Any]]:
    """The command and the `data` of a message command; the bot gets the whole message."""
    offered = usable(world, user, channel, CommandKind.MESSAGE)
    command = next((c for c in offered if c.name == name), None)
    if command is None:
        known = ", ".join(c.name for c in offered) or "none"
        raise LookupError(f"{user.name} is not offered {name!r} here; there are: {known}")
    if not world.can_read(user.id, message):
        raise errors.unknown_message()
    bot = world.users[command.application_id]
    target = serialize.message(world, message, bot)
    resolved = {"messages": {str(message.id): target}}
    return command, _base(command) | {"target_id": str(message.id), "resolved": resolved}


def _base(command: Command) -> dict[str, Any]:
    base: dict[str, Any] = {
        "id": str(command.id),
        "name": command.name,
        "type": int(command.kind),
    }
    return base if command.guild_id is None else base | {"guild_id": str(command.guild_id)}


def _value(
    world: World,
    channel: Channel,
    option: Mapping[str, Any],
    given: Any,
    resolved: dict[str, dict[str, Any]],
) -> Any:
    kind, name = option["type"], option["name"]
    if option.get("choices"):
        for offered in option["choices"]:
            if given in (offered["value"], offered["name"]):
                return offered["value"]
        raise ValueError(f"{given!r} is not among the choices of {name!r}")
    if kind in (STRING, INTEGER, NUMBER):
        return _plain(option, given)
    if kind == BOOLEAN:
        words = {"true": True, "false": False}
        value = given if isinstance(given, bool) else words.get(str(given).lower())
        if value is None:
            raise ValueError(f"{name!r} takes true or false, not {given!r}")
        return value
    if kind in (USER, MENTIONABLE):
        return _resolve_user(world, channel, given, resolved)
    if kind == CHANNEL:
        target = world.channel(_id_of(given))
        body = serialize.channel(world, target, world.users[next(iter(world.applications))])
        resolved.setdefault("channels", {})[str(target.id)] = body | {"permissions": "0"}
        return str(target.id)
    if kind == ROLE and channel.guild_id is not None:
        role = world.guilds[channel.guild_id].roles.get(_id_of(given))
        if role is None:
            raise errors.unknown_role()
        resolved.setdefault("roles", {})[str(role.id)] = serialize.role(role)
        return str(role.id)
    raise ValueError(f"the playground cannot fill in option {name!r} (type {kind}) here")


def _plain(option: Mapping[str, Any], given: Any) -> str | int | float:
    kind, name = option["type"], option["name"]
    value: str | int | float
    size: float
    if kind == STRING:
        value = str(given)
        size, low, high = len(value), option.get("min_length", 0), option.get("max_length", 6000)
        unit = " characters"
    else:
        try:
            value = int(given) if kind == INTEGER else float(given)
        except (TypeError, ValueError):
            raise ValueError(f"{name!r} takes a number, not {given!r}") from None
        limit = 2**53
        size, low, high = value, option.get("min_value", -limit), option.get("max_value", limit)
        unit = ""
    if not low <= size <= high:
        raise ValueError(f"{name!r} takes {low} to {high}{unit}")
    return value


def _resolve_user(
    world: World, channel: Channel, given: Any, resolved: dict[str, dict[str, Any]]
) -> str:
    is_name = isinstance(given, str) and not _ID.search(given)
    target = world.user_named(given.lstrip("@")) if is_name else world.user(_id_of(given))
    resolved.setdefault("users", {})[str(target.id)] = serialize.user(target)
    guild = world.guilds.get(channel.guild_id or 0)
    if guild is not None and target.id in guild.members:
        member = serialize.member(guild.members[target.id], with_user=False)
        member["permissions"] = str(int(world.permissions(target.id, channel)))
        resolved.setdefault("members", {})[str(target.id)] = member
    return str(target.id)


def _id_of(given: Any) -> int:
    """The id in a record, a number, or a mention such as <@123>."""
    if isinstance(given, int):
        return given
    if isinstance(given, str) and (found := _ID.search(given)):
        return int(found.group())
    record_id = getattr(given, "id", None)
    if isinstance(record_id, int):
        return record_id
    raise ValueError(f"{given!r} is neither an id nor a mention")
