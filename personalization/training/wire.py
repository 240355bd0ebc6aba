"""What goes through the worker's pipes: one JSON object a line, one key that names it.

To the worker ``{"job": …}`` and ``{"cancel": "<job id>"}``; end of input means: stop at once.
From it ``{"progress": …}`` and ``{"result": …}``. Text of people crosses here and nowhere touches
a disk.
"""

from __future__ import annotations

import json
from typing import Any, Final

from pydantic import TypeAdapter

from bowerbird.personalization.training.executor import TrainJob, TrainProgress, TrainResult

MAX_LINE_BYTES: Final = 16 * 2**20
"""Longest line a reader must take: 256 examples of long conversations are about 5 MB."""

Message = TrainJob | TrainProgress | TrainResult
_KINDS: Final[dict[str, TypeAdapter[Any]]] = {
    "job": TypeAdapter(TrainJob),
    "progress": TypeAdapter(TrainProgress),
    "result": TypeAdapter(TrainResult),
}
_NAMES: Final = {TrainJob: "job", TrainProgress: "progress", TrainResult: "result"}


def encode_line(message: Message) -> bytes:
    """NaN and infinities become ``null``: JSON has none."""
    name = _NAMES[type(message)]
    return _line(name, _KINDS[name].dump_python(message, mode="json"))


def encode_cancel(job_id: str) -> bytes:
    return _line("cancel", job_id)


def decode_line(line: bytes) -> Message | str:
    """The message, or the job id of a cancellation. ``ValueError`` if it is neither."""
    content = json.loads(line)
    if not isinstance(content, dict) or len(content) != 1:
        raise ValueError("a line holds one object with one key")
    ((name, value),) = content.items()
    if name == "cancel":
        return str(value)
    if name not in _KINDS:
        raise ValueError(f"unknown message {name!r}")
    message: Message = _KINDS[name].validate_python(value)
    return message


def _line(name: str, value: Any) -> bytes:
    return json.dumps({name: value}, ensure_ascii=False, allow_nan=False).encode() + b"\n"
