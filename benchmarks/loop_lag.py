"""How long the event loop is kept from its work: while people are answered, while one trains.

A heartbeat sleeps for 5 ms again and again; what it oversleeps is the lag that every gateway
heartbeat, reaction and interaction would have had. Everything is real: the engine with the default
model, eight people with an adapter each, the nightly training in its own process.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bowerbird.bot.app import Services, build
from bowerbird.bot.settings import Settings
from bowerbird.personalization.types import Conversation, Turn
from bowerbird.storage.records import (
    AdapterState,
    AdapterVersion,
    Consent,
    Feedback,
    FeedbackKind,
    NewReply,
)

BEAT_S = 0.005
GOAL_P99_MS = 50.0
PEOPLE = 8
TRAINING_ROUND_S = 10.0
TRAINING_PATIENCE_S = 300.0
SCOPE = 1000
QUESTIONS = (
    "What is the capital of France?",
    "Tell me a short story about a bird that collects blue things.",
    "How do I boil an egg?",
    "Why is the sky blue?",
    "Write a haiku about autumn.",
    "What should I cook tonight?",
    "Explain gravity to a child.",
    "Give me three names for a cat.",
)


@dataclass(frozen=True, slots=True)
class Lag:
    """Milliseconds the loop was late, over one round."""

    p50_ms: float
    p99_ms: float
    max_ms: float
    beats: int
    seconds: float


@asynccontextmanager
async def heartbeat() -> AsyncIterator[list[float]]:
    """Collects the lag of each beat, in milliseconds, while the block runs."""
    lags: list[float] = []

    async def beat() -> None:
        while True:
            due = time.perf_counter() + BEAT_S
            await asyncio.sleep(BEAT_S)
            lags.append(max(0.0, time.perf_counter() - due) * 1e3)

    task = asyncio.create_task(beat())
    try:
        yield lags
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def measure(work: Callable[[], Awaitable[None]]) -> Lag:
    start = time.perf_counter()
    async with heartbeat() as lags:
        await work()
    cuts = statistics.quantiles(lags, n=100, method="inclusive")
    return Lag(cuts[49], cuts[98], max(lags), len(lags), time.perf_counter() - start)


async def answer_everybody(services: Services) -> None:
    async def answer(user: int, question: str) -> None:
        conversation = Conversation((Turn("user", question),))
        async for _ in services.replies.reply(SCOPE, user, conversation, seed=user):
            pass

    await asyncio.gather(*(answer(user, text) for user, text in enumerate(QUESTIONS, start=1)))


async def give_adapters(services: Services, model: str) -> None:
    """An adapter for each person, random and small: their weights do not matter here."""
    scratch = Path(tempfile.mkdtemp(dir=services.settings.data_dir))
    await asyncio.to_thread(_save_adapters, model, scratch, services.settings)
    for user in range(1, PEOPLE + 1):
        await services.store.set_consent(SCOPE, user, Consent.ON)
        record = AdapterVersion(
            SCOPE,
            user,
            1,
            AdapterState.ACCEPTED,
            services.settings.base_model,
            1,
            {},
            datetime.now(UTC),
        )
        await services.adapters.publish(scratch / str(user), record)


def _save_adapters(model: str, scratch: Path, settings: Settings) -> None:
    import torch

    from bowerbird.personalization.adapter_weights import AdapterWeights
    from bowerbird.personalization.models import load_model

    torch.set_num_threads(1)  # so that the engine's threads are all that OpenMP has
    rank = settings.lora_rank
    shapes = {
        name: module.weight.shape
        for name, module in load_model(model).named_modules()
        if name.rpartition(".")[2] in settings.lora_targets
    }
    for user in range(1, PEOPLE + 1):
        matrices = {
            name: (torch.randn(rank, wide) * 0.01, torch.randn(high, rank) * 0.01)
            for name, (high, wide) in shapes.items()
        }
        AdapterWeights(matrices, rank=rank, alpha=2 * rank).save(
            scratch / str(user), base_model=model
        )


async def give_feedback(services: Services, user: int, votes: int) -> None:
    """Enough votes for a training: short replies liked, long ones not."""
    now = datetime.now(UTC)
    await services.store.set_consent(SCOPE, user, Consent.ON)
    for number in range(votes):
        is_liked = number % 2 == 0
        turns = (
            Turn("system", services.settings.system_prompt),
            Turn("user", QUESTIONS[number % len(QUESTIONS)], 10_000 + number, user),
        )
        text = "Sure, here it is." if is_liked else "Well, that is a long story. " * 8
        message = 20_000 + number
        made = now - timedelta(minutes=votes - number)
        await services.store.add_reply(
            NewReply(
                SCOPE,
                user,
                1,
                10_000 + number,
                (message,),
                turns,
                text,
                services.settings.base_model,
                None,
                {},
                "message",
                made,
            )
        )
        kind = FeedbackKind.LIKE if is_liked else FeedbackKind.DISLIKE
        await services.store.put_feedback(Feedback(SCOPE, message, user, kind, "message", made))


def main(rounds: int, out: Path) -> None:
    console = Console(highlight=False)
    results = asyncio.run(_measure_all(rounds, console))
    table = Table("while", "p50 ms", "p99 ms", "max ms", "rounds", box=None, pad_edge=False)
    report: dict[str, object] = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "goal_p99_ms": GOAL_P99_MS,
    }
    for name, lags in results.items():
        if not lags:
            console.print(f"Not measured: while {name}")
            continue
        middle = sorted(lags, key=lambda lag: lag.p99_ms)[len(lags) // 2]
        worst = max(lag.max_ms for lag in lags)
        figures = (f"{value:.2f}" for value in (middle.p50_ms, middle.p99_ms, worst))
        table.add_row(name, *figures, str(len(lags)))
        report[name] = {"median_round": asdict(middle), "rounds": [asdict(lag) for lag in lags]}
    console.print("Event-loop lag (the round with the median p99; max over all rounds)")
    console.print(table)
    out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    console.print(f"Figures: {out}")


async def _measure_all(rounds: int, console: Console) -> dict[str, list[Lag]]:
    root = Path(__file__).parents[1]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        settings = Settings(
            _env_file=None,
            data_dir=Path(folder),
            models_dir=root / "data" / "models",
            max_new_tokens=64,
            training_acknowledged=True,
        )
        async with build(settings) as services:
            return await _all(services, rounds, console)


async def _all(services: Services, rounds: int, console: Console) -> dict[str, list[Lag]]:
    from bowerbird.personalization.models import model_path

    model = model_path(services.settings.base_model, services.settings.models_dir)
    console.print("Making eight adapters, and warming up …")
    await give_adapters(services, model)
    await answer_everybody(services)
    results: dict[str, list[Lag]] = {"idle": [], "eight people are answered": []}
    for number in range(rounds):
        console.print(f"Round {number + 1} of {rounds} …")
        results["idle"].append(await measure(lambda: asyncio.sleep(1.0)))
        answered = await measure(lambda: answer_everybody(services))
        results["eight people are answered"].append(answered)
    console.print("Training one person …")
    await give_feedback(services, user=PEOPLE + 1, votes=16)
    stages = ["loading"]
    training = asyncio.create_task(
        services.nightly.retrain(SCOPE, PEOPLE + 1, lambda _, __, step: stages.append(step.stage))
    )

    async def for_a_while() -> None:
        await asyncio.wait({training}, timeout=TRAINING_ROUND_S)

    # Loading counts too, but it is over before long only where the machine has time for it.
    give_up_at = time.monotonic() + TRAINING_PATIENCE_S
    loading: list[Lag] = results.setdefault("a training loads its model", [])
    running: list[Lag] = results.setdefault("a training runs", [])
    while not training.done() and len(running) < rounds and time.monotonic() < give_up_at:
        windows = loading if stages[-1] == "loading" else running
        windows.append(await measure(for_a_while))
    await services.nightly.cancel(PEOPLE + 1)
    run, _ = await training
    console.print(f"The training ended: {run.state.value}")
    return results
