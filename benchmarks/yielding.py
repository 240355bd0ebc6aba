"""What a training costs those who are answered meanwhile: reply times without one, with one that
yields to them as it does, and with one that does not.

Everything is real: the engine with the default model, the worker in its own process. One person
asks a short question, reads for a moment, asks the next; the training goes on in between.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import report
from benchmarks.loop_lag import PEOPLE, QUESTIONS, SCOPE, give_feedback
from bowerbird.bot.app import Services, build
from bowerbird.bot.settings import Settings
from bowerbird.personalization.models import model_path
from bowerbird.personalization.nightly import Nightly
from bowerbird.personalization.training.executor import TrainExecutor, TrainRecipe
from bowerbird.personalization.training.subprocess_executor import SubprocessExecutor
from bowerbird.personalization.types import Conversation, Turn

NOBODY, YIELDING, STUBBORN = "nobody is trained", "a training yields", "a training does not yield"
ASKER, LEARNER = PEOPLE + 1, PEOPLE + 2
VOTES = 24
NEW_TOKENS = 32
READING_S = 1.0
PATIENCE_S = 300.0

Times = list[tuple[float, float]]
"""Seconds to the first piece of each reply, and to its last."""


def main(rounds: int, out: Path) -> None:
    """``rounds`` times all the questions, in each of the three circumstances."""
    found = asyncio.run(_measure(max(1, rounds)))
    table = Table("while", "first words p50 / p95 ms", "whole reply p50 / p95 ms", "replies")
    figures: dict[str, dict[str, float]] = {}
    for name, times in found.items():
        first, whole = (_percentiles([pair[i] for pair in times]) for i in (0, 1))
        table.add_row(
            name, *(f"{p50:.0f} / {p95:.0f}" for p50, p95 in (first, whole)), f"{len(times)}"
        )
        figures[name] = {
            "first_p50_ms": round(first[0]),
            "first_p95_ms": round(first[1]),
            "whole_p50_ms": round(whole[0]),
            "whole_p95_ms": round(whole[1]),
            "replies": len(times),
        }
    Console().print(table)
    report.merge(out.parent, {"machine": report.machine(), "yielding": figures})


def _percentiles(seconds: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(seconds, n=20, method="inclusive")
    return cuts[9] * 1e3, cuts[18] * 1e3


async def _measure(rounds: int) -> dict[str, Times]:
    root = Path(__file__).parents[1]
    found: dict[str, Times] = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        settings = Settings(
            _env_file=None,
            data_dir=Path(folder),
            models_dir=root / "data" / "models",
            max_new_tokens=NEW_TOKENS,
            candidates=1,  # so that the first piece is the first word
            training_acknowledged=True,
        )
        async with build(settings) as services:
            await _ask_all(services, 1)  # to warm up
            found[NOBODY] = await _ask_all(services, rounds)
            await give_feedback(services, LEARNER, VOTES)
            yielding = SubprocessExecutor(is_busy=lambda: services.replies.is_busy)
            for name, executor in ((YIELDING, yielding), (STUBBORN, SubprocessExecutor())):
                async with _training(services, executor):
                    found[name] = await _ask_all(services, rounds)
    return found


@asynccontextmanager
async def _training(services: Services, executor: TrainExecutor) -> AsyncIterator[None]:
    """Somebody's training is making steps while the block runs."""
    settings = services.settings
    nightly = Nightly(
        services.store,
        executor,
        services.adapters,
        services.backend,
        recipe=TrainRecipe(min_steps=10_000, max_epochs=10_000),  # longer than anybody asks
        model_path=model_path(settings.base_model, settings.models_dir),
        min_feedback=1,
        interactions_only=False,
        is_enabled=True,
    )
    steps = asyncio.Event()
    training = asyncio.create_task(
        nightly.retrain(
            SCOPE, LEARNER, lambda _, __, now: steps.set() if now.stage == "training" else None
        )
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            await steps.wait()
        yield
    finally:
        await nightly.cancel(LEARNER)
        await executor.aclose()
        await asyncio.gather(training, return_exceptions=True)


async def _ask_all(services: Services, rounds: int) -> Times:
    times: Times = []
    for seed in range(rounds):
        for question in QUESTIONS:
            started = time.perf_counter()
            first: float | None = None
            conversation = Conversation((Turn("user", question),))
            async for _ in services.replies.reply(SCOPE, ASKER, conversation, seed=seed):
                first = first or time.perf_counter() - started
            whole = time.perf_counter() - started
            times.append((first or whole, whole))
            await asyncio.sleep(READING_S)
    return times
