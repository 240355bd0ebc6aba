"""Buttons, select menus and modal fields: checking what a bot sends, and what a person sends back.

Contract: works on Discord's component JSON, which the playground keeps as it is (with the `id`
every component gets numbered in). Knows nothing of interactions' life cycle.
Source: https://discord.com/developers/docs/components/reference
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bowerbird.playground import errors, serialize
from bowerbird.playground.model import Message

if TYPE_CHECKING:
    from bowerbird.playground.world import World

ROW, BUTTON, STRING_SELECT, TEXT_INPUT, LABEL = 1, 2, 3, 4, 18
ROLE_SELECT, CHANNEL_SELECT = 6, 8
LINK_STYLE = 5
INTERACTIVE = frozenset((2, 3, 4, 5, 6, 7, 8, 19, 21, 22, 23))
V2_ONLY = frozenset((9, 10, 11, 12, 13, 14, 17))
ROW_LIMIT, ROW_WIDTH, V2_LIMIT, ID_LIMIT, LABEL_LIMIT = 5, 5, 40, 100, 80

Component = dict[str, Any]


def walk(tree: Sequence[Component]) -> Iterator[tuple[str, Component]]:
    """Every component below `tree` with its path ("0.components.1"), outermost first."""
    yield from _walk(tree, "")


def _walk(tree: Sequence[Component], prefix: str) -> Iterator[tuple[str, Component]]:
    for index, component in enumerate(tree):
        path = f"{prefix}{index}"
        yield path, component
        yield from _walk(component.get("components") or (), f"{path}.components.")
        for key in ("accessory", "component"):
            if child := component.get(key):
                yield from _walk((child,), f"{path}.{key}.")


def numbered(tree: Sequence[Component]) -> list[Component]:
    """A copy in which every component has Discord's numeric `id`."""
    result: list[Component] = copy.deepcopy(list(tree))
    taken = {component["id"] for _, component in walk(result) if component.get("id")}
    number = 0
    for _, component in walk(result):
        for value in component.get("default_values") or ():
            value["id"] = str(value["id"])  # sent as either, shown as Discord shows ids
        emoji = component.get("emoji")
        if emoji and emoji.get("id") is None:
            emoji.pop("id", None)  # Discord leaves it out of what it tells
        if not component.get("id"):
            number = next(n for n in range(number + 1, 10_000) if n not in taken)
            component["id"] = number
    return result


def check(tree: Sequence[Component], *, is_v2: bool = False) -> None:
    """Raises 50035 for a tree Discord would refuse."""
    everything = list(walk(tree))
    if is_v2 and len(everything) > V2_LIMIT:
        raise errors.too_long("components", V2_LIMIT)
    if not is_v2 and len(tree) > ROW_LIMIT:
        raise errors.too_long("components", ROW_LIMIT)
    seen: set[str] = set()
    for path, component in everything:
        kind = component.get("type")
        if not isinstance(kind, int):
            raise errors.required(f"components.{path}.type")
        if not is_v2 and (kind in V2_ONLY or ("." not in path and kind != ROW)):
            raise errors.invalid_form(
                f"components.{path}.type",
                "UNION_TYPE_CHOICES",
                'Value of field "type" must be one of (1,).',
            )
        if kind == ROW and not 1 <= len(component.get("components") or ()) <= ROW_WIDTH:
            raise errors.invalid_form(
                f"components.{path}.components",
                "BASE_TYPE_BAD_LENGTH",
                f"Must be between 1 and {ROW_WIDTH} in length.",
            )
        _check_one(f"components.{path}", component, seen)


def _check_one(path: str, component: Component, seen: set[str]) -> None:
    if component["type"] == BUTTON:
        if len(component.get("label") or "") > LABEL_LIMIT:
            raise errors.too_long(f"{path}.label", LABEL_LIMIT)
        if component.get("style") == LINK_STYLE:
            return
    if component["type"] in INTERACTIVE:
        custom_id = component.get("custom_id")
        if not custom_id:
            raise errors.required(f"{path}.custom_id")
        if len(custom_id) > ID_LIMIT:
            raise errors.too_long(f"{path}.custom_id", ID_LIMIT)
        if custom_id in seen:
            raise errors.invalid_form(
                f"{path}.custom_id",
                "COMPONENT_CUSTOM_ID_DUPLICATED",
                "Component custom id cannot be duplicated",
            )
        seen.add(custom_id)


def check_modal(body: Mapping[str, Any]) -> None:
    """Raises 50035 for a modal Discord would refuse."""
    for key, limit in (("custom_id", ID_LIMIT), ("title", 45)):
        if not body.get(key):
            raise errors.required(f"data.{key}")
        if len(body[key]) > limit:
            raise errors.too_long(f"data.{key}", limit)
    tree = body.get("components") or ()
    if not 1 <= len(tree) <= ROW_LIMIT:
        raise errors.invalid_form(
            "data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length."
        )
    seen: set[str] = set()
    for path, component in walk(tree):
        _check_one(f"data.components.{path}", component, seen)


def click_data(message: Message, custom_id: str) -> dict[str, Any]:
    button = _find(message, custom_id, (BUTTON,))
    return {"custom_id": custom_id, "component_type": BUTTON, "id": button["id"]}


def select_data(
    world: World, message: Message, custom_id: str, values: Sequence[str]
) -> dict[str, Any]:
    """A choice in a menu of strings, roles or channels (those that list users are absent).

    Roles and channels are chosen by id and sent along, as ``resolved``.
    """
    menu = _find(message, custom_id, (STRING_SELECT, ROLE_SELECT, CHANNEL_SELECT))
    low, high = menu.get("min_values", 1), menu.get("max_values", 1)
    if not low <= len(values) <= high:
        raise ValueError(f"choose {low} to {high} values, not {len(values)}")
    data: dict[str, Any] = {
        "custom_id": custom_id,
        "component_type": menu["type"],
        "id": menu["id"],
        "values": list(values),
    }
    if menu["type"] == STRING_SELECT:
        _require_offered(values, [option["value"] for option in menu.get("options") or ()])
        return data
    guild = world.guilds[world.channel(message.channel_id).guild_id or 0]
    if menu["type"] == ROLE_SELECT:
        _require_offered(values, [str(role_id) for role_id in guild.roles])
        roles = {value: serialize.role(guild.roles[int(value)]) for value in values}
        return data | {"resolved": {"roles": roles}}
    kinds = menu.get("channel_types")
    offered = {
        str(channel.id): channel
        for channel in world.channels.values()
        if channel.guild_id == guild.id and (not kinds or channel.kind in kinds)
    }
    _require_offered(values, list(offered))
    bot = world.users[message.author_id]
    channels = {
        value: serialize.channel(world, offered[value], bot) | {"permissions": "0"}
        for value in values
    }
    return data | {"resolved": {"channels": channels}}


def _require_offered(values: Sequence[str], offered: Sequence[str]) -> None:
    if wrong := [value for value in values if value not in offered]:
        raise LookupError(f"{wrong[0]!r} is not offered; there are: {', '.join(offered)}")


def _find(message: Message, custom_id: str, kinds: Sequence[int]) -> Component:
    here = [c for _, c in walk(message.components) if c.get("type") in kinds]
    for component in here:
        if component.get("custom_id") == custom_id:
            if component.get("disabled"):
                raise LookupError(f"{custom_id!r} is disabled")
            return component
    known = ", ".join(repr(c.get("custom_id")) for c in here) or "none"
    raise LookupError(f"no {custom_id!r} on this message; there are: {known}")


def fields(body: Mapping[str, Any]) -> list[tuple[str, Component]]:
    """A modal's text fields with their labels, in order."""
    found: list[tuple[str, Component]] = []
    for component in body["components"]:
        if component["type"] == LABEL:
            inner = component["component"]
            if inner["type"] == TEXT_INPUT:
                found.append((component.get("label") or "", inner))
        else:
            inputs = component.get("components") or ()
            found += [(i.get("label") or "", i) for i in inputs if i["type"] == TEXT_INPUT]
    return found


def modal_data(body: Mapping[str, Any], filled: Mapping[str, str]) -> dict[str, Any]:
    """What a person sends on submitting; keys are custom ids or labels. Raises ValueError."""
    values: dict[str, str] = {}
    known: set[str] = set()
    for label, field in fields(body):
        custom_id = field["custom_id"]
        known |= {custom_id, label}
        text = filled.get(custom_id, filled.get(label, field.get("value") or ""))
        low, high = field.get("min_length") or 0, field.get("max_length") or 4000
        if field.get("required", True) and not text:
            raise ValueError(f"the field {label or custom_id!r} must be filled in")
        if text and not low <= len(text) <= high:
            raise ValueError(f"{label or custom_id!r} takes {low} to {high} characters")
        values[custom_id] = text
    if unknown := set(filled) - known:
        raise ValueError(f"the form has no field {min(unknown)!r}")
    answers = [_answer(component, values) for component in numbered(body["components"])]
    return {"custom_id": body["custom_id"], "components": answers}


def _answer(component: Component, values: Mapping[str, str]) -> Component:
    answer: Component = {"type": component["type"], "id": component["id"]}
    if component["type"] == TEXT_INPUT:
        custom_id = component["custom_id"]
        return answer | {"custom_id": custom_id, "value": values[custom_id]}
    if component["type"] == LABEL:
        return answer | {"component": _answer(component["component"], values)}
    if component["type"] == ROW:
        return answer | {"components": [_answer(c, values) for c in component["components"]]}
    if component["type"] in INTERACTIVE:
        raise ValueError("the playground fills in text fields only")
    return answer
