"""Many questions put to the generation backend at once, as the bot would put them.

Contract: replies come in the order of the questions; each depends on its own seed, prompt and
adapter, so a run can be repeated (in bfloat16, beside as many others: docs/DECISIONS.md, 28).
Knows the backend by its protocol; no torch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from bowerbird.personalization import prompting
from bowerbird.personalization.endings import Ending
from bowerbird.personalization.evaluation.together import together
from bowerbird.personalization.fluency import fluency
from bowerbird.personalization.generation.backend import GenerationBackend, GenerationRequest
from bowerbird.personalization.types import AdapterRef, FinishReason, Sampling, Turn

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

OnReply = Callable[[int, int], None]
"""``on_reply(done, total)``."""


@dataclass(frozen=True, slots=True)
class Ask:
    """``instruction`` is added to the system prompt; ``before`` stands before the question."""

    question: str
    seed: int
    adapter: AdapterRef | None = None
    instruction: str = ""
    before: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """A reply. ``tokens`` includes the end of turn, if it was reached."""

    question: str
    text: str
    tokens: int
    is_cut_off: bool

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Asker:
    """``at_once``: requests given to the backend at a time; it batches as many as it can."""

    def __init__(
        self,
        backend: GenerationBackend,
        tokenizer: PreTrainedTokenizerBase,
        *,
        system_prompt: str,
        sampling: Sampling,
        max_prompt_tokens: int,
        at_once: int,
    ) -> None:
        self._backend = backend
        self._tokenizer = tokenizer
        self._system_prompt = system_prompt
        self._sampling = sampling
        self._max_prompt_tokens = max_prompt_tokens
        self._room = asyncio.Semaphore(at_once)
        self._fluency: dict[tuple[str, str], float] = {}

    def turns(self, ask: Ask) -> tuple[Turn, ...]:
        """What the model is given, system prompt first."""
        system = " ".join(part for part in (self._system_prompt, ask.instruction) if part)
        return (Turn("system", system), *ask.before, Turn("user", ask.question))

    async def fluency(self, question: str, reply: str) -> float:
        """As when serving; asked once for each reply."""
        key = (question, reply)
        if key not in self._fluency:
            turns = self.turns(Ask(question, 0))
            async with self._room:
                self._fluency[key] = await fluency(
                    self._backend, self._tokenizer, turns, reply, owner=(0, 0)
                )
        return self._fluency[key]

    async def ask(
        self, asks: Sequence[Ask], on_reply: OnReply = lambda done, total: None
    ) -> list[Said]:
        """All of them. Raises ``GenerationError`` and its kinds, ``AdapterError``."""
        done = 0

        async def one(number: int, ask: Ask) -> Said:
            nonlocal done
            async with self._room:
                said = await self._reply(number, ask)
            done += 1
            on_reply(done, len(asks))
            return said

        return await together(one(number, ask) for number, ask in enumerate(asks, 1))

    async def _reply(self, number: int, ask: Ask) -> Said:
        encoded = prompting.encode(
            self._tokenizer, self.turns(ask), max_tokens=self._max_prompt_tokens
        )
        request = GenerationRequest(
            encoded.ids,
            replace(self._sampling, seed=ask.seed),
            ask.adapter,
            (0, number),  # each its own in the queue: nobody waits for anybody here
        )
        ending = Ending(self._sampling.max_new_tokens)
        text, tokens, reason = "", 0, FinishReason.STOPPED
        async with aclosing(self._backend.generate(request)) as chunks:
            async for chunk in chunks:
                tokens += len(chunk.token_ids)
                text += ending.push(chunk.text, tokens)
                reason = chunk.finish_reason or reason
        text += ending.rest(reason)
        return Said(ask.question, text, tokens, reason is not FinishReason.STOP)
