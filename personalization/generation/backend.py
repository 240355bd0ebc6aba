"""The seam between asking for a reply and the machinery that makes its tokens.

A backend takes *one* request; batching is its own affair. Contract, proved by one suite over all
implementations: the same greedy request gives the same tokens whatever else runs; closing the
stream frees the row at once; an unknown or damaged adapter raises ``AdapterError``; an adapter
version is immutable, so a request keeps the one it started with. Knows no text beyond tokens.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from bowerbird.personalization.types import AdapterRef, FinishReason, Sampling


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """``prompt_ids`` from ``prompting.encode``; ``owner`` is whose turn in the queue it uses.

    ``deadline_s``: seconds from now after which a request still waiting fails with
    ``QueueFullError``; ``None`` waits for ever. ``stop``: strings that end the reply; the text goes
    up to the first of them, while the tokens include those that completed it. ``judged``: so many
    tokens at the prompt's end are not answered: the one chunk that comes says how likely they are.
    """

    prompt_ids: tuple[int, ...]
    sampling: Sampling
    adapter: AdapterRef | None = None
    owner: tuple[int, int] = (0, 0)
    deadline_s: float | None = None
    stop: tuple[str, ...] = ()
    judged: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.judged <= max(0, len(self.prompt_ids) - 1):
            raise ValueError("something must stand before what is judged")
        if "" in self.stop:
            raise ValueError("a stop string has one character at least")


@dataclass(frozen=True, slots=True)
class GenerationChunk:
    """New text (whole characters only) and the tokens behind it; the last has a reason.

    ``logprob``: of what was to be judged, in nats, the sum over its tokens.
    """

    text: str
    token_ids: tuple[int, ...]
    finish_reason: FinishReason | None = None
    logprob: float | None = None


class GenerationBackend(Protocol):
    @property
    def free_rows(self) -> int:
        """How many more replies could begin right now without anybody having to wait."""

    def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationChunk, None]:
        """Stream one reply. Raises the errors of ``personalization.errors.GenerationError``
        and ``AdapterError``. Closing the generator cancels."""

    def place(self, request: GenerationRequest) -> int | None:
        """Where this very request stands in the queue, 1 being next; about, as people take turns.

        ``None`` if it does not wait: its reply is being made, is over, or is not known here.
        """

    async def preload(self, adapter: AdapterRef) -> None:
        """Make an adapter ready before it is asked for. Raises ``AdapterError``."""

    async def unload(self, scope_id: int, user_id: int) -> None:
        """Drop a person's adapters, and what is remembered of their conversations, from memory.

        Running replies keep their adapter to the end, and leave nothing behind.
        """

    async def aclose(self) -> None:
        """Cancel everything, end the thread, give the memory back. Safe to call twice."""
