"""What the event loop and the engine's thread tell each other. Knows no tensors."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bowerbird.personalization.errors import GenerationError, PersonalizationError
from bowerbird.personalization.generation.backend import GenerationChunk, GenerationRequest
from bowerbird.personalization.generation.decoder import Output, Row


@dataclass(slots=True, eq=False)
class Ticket:
    """One request on its way. ``outputs`` and ``arrived`` belong to the event loop, ``has_spoken``
    to the thread.

    ``deadline``: on the monotonic clock, until when it may wait for a row.
    """

    request: GenerationRequest
    row: Row
    asked_at: float
    deadline: float | None
    outputs: list[Output] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    has_spoken: bool = False

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


def as_chunk(outputs: Sequence[Output]) -> GenerationChunk:
    """Several steps' outputs for one reply as one. Raises what the reply failed with."""
    last = outputs[-1]
    if last.error is not None:
        raise last.error
    return GenerationChunk(
        "".join(output.text for output in outputs),
        tuple(token for output in outputs for token in output.token_ids),
        last.finish_reason,
        last.logprob,
    )


def deliver(news: Iterable[tuple[Ticket, Output]]) -> None:
    """Hand over what a step has made. On the event loop."""
    for ticket, output in news:
        ticket.outputs.append(output)
        ticket.arrived.set()


def abandon(tickets: Iterable[Ticket]) -> None:
    """Tell everybody who still waits that nothing comes any more. On the event loop, so that
    nobody can slip through."""
    for ticket in tickets:
        if not (ticket.outputs and ticket.outputs[-1].finish_reason is not None):
            error = GenerationError("generation has been shut down")
            deliver([(ticket, Output(ticket.row, error=error))])


def resolve(ready: asyncio.Future[None], error: PersonalizationError | None) -> None:
    """Tell ``start`` how it went. On the event loop."""
    if ready.done():
        return
    if error is None:
        ready.set_result(None)
    else:
        ready.set_exception(error)
