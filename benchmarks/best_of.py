"""What choosing among candidates costs the person who waits, against a reply streamed as it comes.

One person, their adapter, a prompt of about 200 tokens and a reply of at most 64, through the
`ReplyService` as the bot asks it, their scorer's fitting included. `reading apart`: as if each
candidate had to read the prompt by itself, which is what others' replies to others' prompts do.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import report
from benchmarks.people import SCOPE, engine_with
from bowerbird.personalization.generation.backend import (
    GenerationBackend,
    GenerationChunk,
    GenerationRequest,
)
from bowerbird.personalization.generation.engine import TorchEngine
from bowerbird.personalization.prompting import encode
from bowerbird.personalization.service import ReplyService
from bowerbird.personalization.taste import Taste
from bowerbird.personalization.types import AdapterRef, Conversation, Sampling, Turn
from bowerbird.storage.records import Consent, LabelledReply, Person
from tests.personalization.training.samples import labelled

CANDIDATES = 4
TOKENS = 64
SYSTEM = "You are a helpful assistant."
STORY = "The bowerbird builds a bower of sticks and lays out blue things in front of it. " * 8
VOTES = 48
LIKED, DISLIKED = "Blue.", "I would say that it depends on very many things, and not only on those."


@dataclass(slots=True)
class Waited:
    """Seconds from the question to the first words and to the last, of each round."""

    first_s: list[float] = field(default_factory=list)
    last_s: list[float] = field(default_factory=list)


class _Votes:
    """A person who likes short replies, as ``Taste`` asks for them."""

    async def person(self, scope_id: int, user_id: int) -> Person:
        return Person(scope_id, user_id, consent=Consent.ON)

    async def labelled_replies(
        self,
        scope_id: int,
        user_id: int,
        *,
        interactions_only: bool = False,
        newest: int | None = None,
    ) -> list[LabelledReply]:
        return [
            labelled(
                number,
                is_liked=number % 2 == 0,
                said=f"What is {number}?",
                text=DISLIKED if number % 2 else LIKED,
            )
            for number in range(1, VOTES + 1)
        ]


class _ReadingApart(GenerationBackend):
    """The engine, each request coming from somebody else: nobody goes on from others' reading."""

    def __init__(self, engine: TorchEngine) -> None:
        self._engine = engine
        self._asked = 0

    @property
    def free_rows(self) -> int:
        return self._engine.free_rows

    def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationChunk, None]:
        self._asked += 1
        return self._engine.generate(replace(request, owner=(SCOPE + self._asked, 1)))


def main(rounds: int, out: Path) -> None:
    """Print the table and leave the figures in the common report."""
    found, tokens = asyncio.run(_measure(max(1, rounds)))
    title = f"one reply of {TOKENS} tokens to a prompt of {tokens}, median of {rounds}"
    table = Table("", "first words", "last token", title=title)
    for name, waited in found.items():
        first, last = statistics.median(waited.first_s), statistics.median(waited.last_s)
        table.add_row(name, f"{first:.2f} s", f"{last:.2f} s")
    Console().print(table)
    figures = {
        name: {
            "first_words_s": round(statistics.median(waited.first_s), 3),
            "last_token_s": round(statistics.median(waited.last_s), 3),
        }
        for name, waited in found.items()
    }
    report.merge(out.parent, {"machine": report.machine(), "best_of_latency": figures})


async def _measure(rounds: int) -> tuple[dict[str, Waited], int]:
    async with engine_with(1) as (engine, [adapter]):
        engine._decoder._serving.end_ids = frozenset()  # type: ignore[union-attr]  # all say 64
        taste = Taste(_Votes(), has_retrieval=False, candidates=CANDIDATES)
        services = {
            "streamed": _service(engine, engine, adapter, None),
            f"best of {CANDIDATES}": _service(engine, engine, adapter, taste),
            "… reading apart": _service(_ReadingApart(engine), engine, adapter, taste),
        }
        found = {name: Waited() for name in services}
        for number in range(-1, rounds):
            question = Turn("user", f"{number}. {STORY}What is it about?")
            for name, service in services.items():
                await engine.unload(adapter.scope_id, adapter.user_id)  # nothing is read already
                await engine.preload(adapter)
                waited = await _wait(service, question, number + 1)
                if number >= 0:  # the first round warms up
                    found[name].first_s.append(waited[0])
                    found[name].last_s.append(waited[1])
        turns = (Turn("system", SYSTEM), question)
        return found, len(encode(engine.tokenizer, turns, max_tokens=2000).ids)


def _service(
    backend: GenerationBackend, engine: TorchEngine, adapter: AdapterRef, taste: Taste | None
) -> ReplyService:
    class One:
        async def active(self, scope_id: int, user_id: int) -> AdapterRef:
            return adapter

    return ReplyService(
        backend,
        engine.tokenizer,
        One(),
        base_model="",
        system_prompt=SYSTEM,
        sampling=Sampling(max_new_tokens=TOKENS),
        context_tokens=engine.context_tokens,
        taste=taste,
    )


async def _wait(service: ReplyService, question: Turn, seed: int) -> tuple[float, float]:
    started, first = time.perf_counter(), 0.0
    stream = service.reply(SCOPE, 1, Conversation((question,)), seed=seed)
    async for _ in stream:
        first = first or time.perf_counter() - started
    wanted = CANDIDATES if service._taste else 1
    assert stream.draft.candidates == wanted, "rows were idle, and the scorer may choose"
    return first, time.perf_counter() - started
