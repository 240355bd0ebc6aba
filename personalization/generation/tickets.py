"""What the event loop tells the engine's thread. Knows no tensors."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bowerbird.personalization.generation.backend import GenerationRequest
from bowerbird.personalization.generation.decoder import Output, Row


@dataclass(slots=True, eq=False)
class Ticket:
    """One request on its way. ``outputs`` and ``arrived`` belong to the event loop.

    ``deadline``: on the monotonic clock, until when it may wait for a row.
    """

    request: GenerationRequest
    row: Row
    asked_at: float
    deadline: float | None
    outputs: list[Output] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def owner(self) -> tuple[int, int]:
        return self.request.owner


@dataclass(frozen=True, slots=True)
class Submit:
    ticket: Ticket


@dataclass(frozen=True, slots=True)
class Cancel:
    ticket: Ticket


class Stop:
    """The thread ends."""


Command = Submit | Cancel | Stop
