"""Recorded traffic held to Discord's own OpenAPI description, where that file is at hand.

Contract: `violations(records)` lists every request and answer that Discord's schema refuses.
Without the file (env `DISCORD_OPENAPI`, else `../shared/reference/discord-openapi.json` beside the
repository) there is nothing to hold them to, and the list is empty.
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from bowerbird.playground.rest import Record

ROOT = Path(__file__).resolve().parents[2]
BESIDE = ROOT.parent / "shared" / "reference" / "discord-openapi.json"
_PARAMETER = re.compile(r"\{\w+\}")


class Schema:
    def __init__(self, description: dict[str, Any]) -> None:
        self.description = description
        self.operations: dict[tuple[str, str], dict[str, Any]] = {}
        for path, methods in description["paths"].items():
            for method, operation in methods.items():
                self.operations[method.upper(), _PARAMETER.sub("{}", path)] = operation

    def operation(self, record: Record) -> dict[str, Any] | None:
        exact = record.template.replace("{message_id}", "@original")
        wanted = [record.template]
        if record.path.endswith("/@original"):
            wanted = [exact]
        if record.path.endswith("/@me"):
            wanted.insert(0, record.template.replace("{user_id}", "@me"))
        for template in wanted:
            if found := self.operations.get((record.method, _PARAMETER.sub("{}", template))):
                return found
        return None

    def problems(self, record: Record) -> Iterator[str]:
        operation = self.operation(record)
        if operation is None:
            yield f"{record.name}: Discord has no such operation"
            return
        if record.body is not None and record.status < 400:
            content = operation.get("requestBody", {}).get("content", {})
            if schema := content.get("application/json", {}).get("schema"):
                yield from self.refusals(f"{record.name} request", schema, _worded(record.body))
        answer = operation["responses"].get(str(record.status))
        if answer is None and record.status >= 400:
            answer = operation["responses"].get("4XX")
        if record.status == 429:
            return  # described apart, in the prose
        if answer is None:
            yield f"{record.name}: Discord never answers {record.status}"
            return
        if "$ref" in answer:
            answer = self._resolve(answer["$ref"])
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        if record.status >= 400 and isinstance(record.answer, dict):
            # The file gives form errors numeric codes; Discord has always sent words.
            yield from self.refusals(
                f"{record.name} {record.status}",
                schema or {},
                {name: value for name, value in record.answer.items() if name != "errors"},
            )
        elif schema and record.answer is not None:
            yield from self.refusals(f"{record.name} {record.status}", schema, record.answer)

    def _resolve(self, reference: str) -> dict[str, Any]:
        node: Any = self.description
        for key in reference.removeprefix("#/").split("/"):
            node = node[key]
        return dict(node)

    def refusals(self, what: str, schema: dict[str, Any], value: Any) -> Iterator[str]:
        whole = {"components": self.description["components"], **schema}
        for error in Draft202012Validator(whole).iter_errors(value):
            place = "/".join(str(part) for part in error.absolute_path)
            yield f"{what}: {place}: {_deepest(error)}"


def _worded(body: Any, key: str = "") -> Any:
    """Ids as strings: Discord takes numbers too, and discord.py sends some; the file says not."""
    if isinstance(body, list):
        return [_worded(entry, key) for entry in body]
    if isinstance(body, dict):
        return {name: _worded(value, name) for name, value in body.items()}
    is_id = isinstance(body, int) and (key == "id" or key.endswith("_id") or body >= 1 << 50)
    return str(body) if is_id else body


def _deepest(error: Any) -> str:
    while error.context:
        error = max(error.context, key=lambda e: len(e.absolute_path))
    return f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"


@functools.cache
def official() -> Schema | None:
    path = Path(os.environ.get("DISCORD_OPENAPI") or BESIDE)
    return Schema(json.loads(path.read_text("utf-8"))) if path.is_file() else None


# What the file describes of the gateway's events; the rest is prose in Discord's documentation.
_EVENT_SCHEMAS = {
    "MESSAGE_CREATE": "MessageResponse",
    "MESSAGE_UPDATE": "MessageResponse",
    "THREAD_CREATE": "ThreadResponse",
    "THREAD_UPDATE": "ThreadResponse",
    "CHANNEL_CREATE": "GuildChannelResponse",
    "CHANNEL_UPDATE": "GuildChannelResponse",
    "GUILD_CREATE": "GuildResponse",
}


def event_violations(events: Iterable[tuple[str, dict[str, Any]]]) -> list[str]:
    """Everything in the dispatched events that Discord's description does not allow."""
    described = official()
    if described is None:
        return []
    problems: list[str] = []
    for name, data in events:
        if schema := _EVENT_SCHEMAS.get(name):
            reference = {"$ref": f"#/components/schemas/{schema}"}
            problems += described.refusals(name, reference, data)
    return list(dict.fromkeys(problems))


def violations(records: Iterable[Record]) -> list[str]:
    """Everything in the traffic that Discord's description does not allow."""
    described = official()
    if described is None:
        return []
    problems = (problem for record in records for problem in described.problems(record))
    return list(dict.fromkeys(problems))
