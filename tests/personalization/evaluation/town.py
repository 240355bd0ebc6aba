"""A town of simulated people with a bot that does as it is told: the study without any model.

Its base has few habits. An adapter answers exactly as its person would, a told wish is granted,
and the degenerate recipe's adapter grants it in nonsense. So what a study must find is known.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from bowerbird.personalization.evaluation.asking import Asker
from bowerbird.personalization.evaluation.coherence import Look
from bowerbird.personalization.evaluation.learning import School
from bowerbird.personalization.evaluation.ledger import Ledger
from bowerbird.personalization.evaluation.people import contrary, draw_people
from bowerbird.personalization.evaluation.plan import QUICK, Plan, Subject
from bowerbird.personalization.evaluation.study import Study
from bowerbird.personalization.evaluation.summary import Findings
from bowerbird.personalization.generation.backend import GenerationChunk, GenerationRequest
from bowerbird.personalization.training.executor import (
    TrainJob,
    TrainProgress,
    TrainRecipe,
    TrainResult,
    Verdict,
)
from bowerbird.personalization.types import FinishReason, Sampling, Turn
from tests.fakes import FakeBackend, FakeExecutor, FakeTokenizer

NONSENSE = "blub"
PLAN = replace(
    QUICK,
    people=8,
    votes=20,
    pool_questions=40,
    questions=4,
    curve=(8, 20),
    curve_people=4,
    nights=4,
    night_people=1,
    night_asked=3,
    flip_night=3,
    control_people=4,
    side_questions=2,
)
SUBJECT = Subject("nowhere", "town", "Be kind.", Sampling(), TrainRecipe(), candidates=4)
_SENTENCES = (
    "That depends on what you want and on how much time there is.",
    "It's often best to begin with something small.",
    "There is a book about it in most libraries.",
    "You don't need more than an hour and a little patience.",
    "Some people ask a friend for help with the first part.",
    "The second part is the one that takes longest.",
    "Water and a warm place are all that it needs.",
)


class TownBackend(FakeBackend):
    """``answers`` requests at most, then hangs and says so by ``on_hang``."""

    def __init__(self, plan: Plan, answers: int | None = None) -> None:
        super().__init__()
        self._people = {person.person_id: person for person in draw_people(plan.people, plan.seed)}
        self._flip_night = plan.flip_night
        self._left = answers
        self.on_hang: Callable[[], None] = lambda: None

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationChunk, None]:
        if request.judged:
            yield GenerationChunk("", (), FinishReason.STOP, logprob=0.0)
            return
        self.requests.append(request)
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                self.on_hang()
                await asyncio.Event().wait()
        text = self._reply(request)
        yield GenerationChunk(text, tuple(range(len(text.split()))), FinishReason.STOP)

    def _reply(self, request: GenerationRequest) -> str:
        prompt = FakeTokenizer.decode(request.prompt_ids)
        question = prompt.rpartition("<user>")[2].partition("\n<assistant>")[0]
        rng = random.Random(f"{question} {request.sampling.seed}")
        plain = " ".join(rng.sample(_SENTENCES, rng.randint(2, 7)))
        told = [person for person in self._people.values() if person.instruction in prompt]
        if request.adapter is None:
            return told[0].correction(question, plain, rng) if told else plain
        person = self._people[request.adapter.user_id]
        part, *night = request.adapter.path.name.split("-")
        if part == "shuffled":
            return plain
        if part == "degenerate":
            return person.correction(question, f"{NONSENSE} {plain}", rng)
        if part == "night" and int(night[0]) > self._flip_night:  # a night to get used to it
            person = contrary(person, list(self._people.values()))
        return person.correction(question, plain, rng)


class TownExecutor(FakeExecutor):
    """Its gate stops what must be stopped."""

    async def run(
        self, jobs: Sequence[TrainJob]
    ) -> AsyncGenerator[TrainProgress | TrainResult, None]:
        for job in jobs:
            is_bad = job.job_id.startswith(("degenerate", "rloo"))
            self.verdict = Verdict(not is_bad, ("nonsense",) if is_bad else ("good",))
            async for event in super().run([job]):
                yield event


class TownJudge:
    """Finds everything likely but nonsense."""

    measures_relevance = False

    def looks(self, exchanges: Sequence[tuple[str, str]]) -> list[Look]:
        return [
            Look(((9.0 if NONSENSE in reply.lower() else 1.0),) * len(reply.split()), 1.0, None)
            for _, reply in exchanges
        ]

    def kl_per_token(
        self, question: str, reply: str, turns: Sequence[Turn], adapter: Path | None
    ) -> float:
        return 0.0 if adapter is None else 0.5

    def general_nll_change(self, adapter: Path) -> float:
        return 0.001


async def study(
    folder: Path, plan: Plan = PLAN, backend: TownBackend | None = None
) -> tuple[Findings, TownBackend, TownExecutor]:
    """Run it on what ``folder`` has already; also what was asked of backend and executor."""
    backend, executor = backend or TownBackend(plan), TownExecutor()
    ledger = Ledger(folder / "cells.jsonl")
    asker = Asker(
        backend,
        cast(Any, FakeTokenizer()),
        system_prompt=SUBJECT.system_prompt,
        sampling=SUBJECT.sampling,
        max_prompt_tokens=100_000,
        at_once=8,
    )
    found = await Study(
        plan,
        SUBJECT,
        asker,
        cast(Any, TownJudge()),
        School([executor], SUBJECT, folder / "adapters", ledger),
        ledger,
        Ledger(folder / "base.jsonl"),
        len,
        lambda what, done, total: None,
    ).run()
    return found, backend, executor
