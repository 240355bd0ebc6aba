"""Several replies to one question side by side, of which the best is sent: what the person's scorer
likes, the base model finds likely and does not go in circles.

Contract: candidates use only rows that would be idle, and one of these is always left for whoever
comes next: where none is, candidates are given up until there is one again. The first candidate is
the reply that would have been sent anyway; the others' failures cost nothing but themselves.
Cancelling cancels all. Knows no prompt, no person and no Discord.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from bowerbird.personalization.endings import Ending
from bowerbird.personalization.errors import PersonalizationError, QueueFullError
from bowerbird.personalization.fluency import REPETITION_WEIGHT, WEIGHT, repetition
from bowerbird.personalization.generation.backend import (
    GenerationBackend,
    GenerationChunk,
    GenerationRequest,
)
from bowerbird.personalization.types import FinishReason

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A whole reply. ``seed`` makes it again."""

    text: str
    tokens: int
    reason: FinishReason
    seed: int


def room_for(backend: GenerationBackend, candidates: int) -> int:
    """How many may be made beside a reply that has its row already."""
    return max(0, min(candidates, backend.free_rows) - 1)


def candidate_seed(seed: int, number: int) -> int:
    """A seed for each candidate that follows from the reply's; the first keeps it."""
    if number == 0:
        return seed
    digest = hashlib.blake2b(f"{seed}/{number}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") % 2**31


async def generate_best(
    backend: GenerationBackend,
    request: GenerationRequest,
    chunks: AsyncGenerator[GenerationChunk, None],
    others: int,
    score: Callable[[str], float],
    fluency: Callable[[str], Awaitable[float]],
    spent: Callable[[int], object] = lambda _: None,
) -> tuple[Candidate, int]:
    """The best of ``chunks``, which answer ``request``, and up to ``others`` more; and of how many.

    A blank reply is the worst. ``fluency``: see there; if that fails, or rows are needed, ``score``
    decides alone. ``spent`` hears of tokens as they are made. Raises what ``chunks`` raise.
    """
    made: list[Candidate] = []

    async def another(number: int) -> None:
        seed = candidate_seed(request.sampling.seed, number)
        sampling = replace(request.sampling, seed=seed)
        its_own = replace(request, sampling=sampling)
        try:
            found = await _collect(
                backend, backend.generate(its_own), its_own, spent, is_extra=True
            )
        except PersonalizationError as error:
            _log.info("one candidate less: %s", error)
            return
        if found is not None:
            made.append(found)

    async def likelihood(text: str) -> float:
        if backend.free_rows < 1:
            raise QueueFullError("somebody else waits for the row")
        return await fluency(text)

    tasks = [asyncio.create_task(another(number)) for number in range(1, others + 1)]
    try:
        first = await _collect(backend, chunks, request, spent, is_extra=False)
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert first is not None  # noqa: S101 - only extra candidates are given up
    every = [first, *sorted(made, key=lambda one: one.seed)]
    return every[await best_of([one.text for one in every], score, likelihood)], len(every)


async def best_of(
    texts: Sequence[str],
    score: Callable[[str], float],
    fluency: Callable[[str], Awaitable[float]],
) -> int:
    """Which of ``texts`` to send; the first of equals."""
    values = [
        score(text) - REPETITION_WEIGHT * repetition(text) if text.strip() else float("-inf")
        for text in texts
    ]
    if len(set(texts)) > 1:
        try:
            fluent = [await fluency(text) if text.strip() else 0.0 for text in texts]
        except PersonalizationError as error:
            _log.info("candidates are chosen by the scorer alone: %s", error)
        else:
            values = [a + WEIGHT * b for a, b in zip(values, fluent, strict=True)]
    return values.index(max(values))


async def _collect(
    backend: GenerationBackend,
    chunks: AsyncGenerator[GenerationChunk, None],
    request: GenerationRequest,
    spent: Callable[[int], object],
    *,
    is_extra: bool,
) -> Candidate | None:
    """The whole reply; ``None`` for an extra one given up because its row is needed."""
    ending = Ending(request.sampling.max_new_tokens)
    text, tokens, reason = "", 0, FinishReason.STOPPED
    async with aclosing(chunks):
        async for chunk in chunks:
            tokens += len(chunk.token_ids)
            spent(len(chunk.token_ids))
            text += ending.push(chunk.text, tokens)
            reason = chunk.finish_reason or reason
            if is_extra and chunk.finish_reason is None and backend.free_rows < 1:
                return None
    return Candidate(text + ending.rest(reason), tokens, reason, request.sampling.seed)
