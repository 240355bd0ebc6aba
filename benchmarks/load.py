"""What people wait when they ask as they like: Poisson arrivals at shares of what can be done.

Open loop: nobody waits with asking because others do. Forty people with an adapter each, replies of
64 tokens. Capacity is measured first, with all rows full all the time. Beyond it the queue must
refuse, at once and politely, and nothing may grow.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks import report
from benchmarks.loop_lag import heartbeat
from benchmarks.people import SCOPE, engine_with
from bowerbird.personalization.errors import QueueFullError
from bowerbird.personalization.generation.backend import GenerationRequest
from bowerbird.personalization.generation.engine import TorchEngine
from bowerbird.personalization.types import AdapterRef, Sampling

PEOPLE = 40
TOKENS = 64
PROMPT_TOKENS = (40, 160)
SHARES = (0.5, 0.9, 1.5)
WAITING = 8  # the bot lets 64 wait, which takes longer to fill than is measured here
LOAD_S = 45.0


@dataclass(slots=True)
class Load:
    share: float
    offered: int = 0
    refused: int = 0
    first_token_s: list[float] = field(default_factory=list)
    lag_p99_ms: float = 0.0
    longest_step_ms: float = 0.0
    rss_mb: tuple[float, ...] = ()  # at the beginning, after half of the time, at the end

    def first_token_ms(self, percent: int) -> float:
        return _quantile(self.first_token_s, percent) * 1e3


def main(rounds: int, out: Path) -> None:
    """One round, whatever ``rounds``: each share takes most of a minute.

    ``lag`` is the event loop's at p99 and ``step`` the engine's longest, both in milliseconds.
    """
    capacity, loads = asyncio.run(_measure())
    speed = f"{capacity:.2f} replies/s = {capacity * TOKENS:.0f} tok/s"
    title = f"open loop, {PEOPLE} people; 100 % is {speed}; ms at p50/p95/p99"
    table = Table("share", "asked", "refused", "first token", "lag", "step", "RSS MB", title=title)
    for load in loads:
        table.add_row(
            f"{load.share:.0%}",
            str(load.offered),
            str(load.refused),
            "/".join(f"{load.first_token_ms(percent):,.0f}" for percent in (50, 95, 99)),
            f"{load.lag_p99_ms:.1f}",
            f"{load.longest_step_ms:.0f}",
            "→".join(f"{rss:.0f}" for rss in load.rss_mb),
        )
    Console().print(table)
    report.merge(
        out.parent, {"machine": report.machine(), "load": [_figures(load) for load in loads]}
    )


def _figures(load: Load) -> dict[str, object]:
    return {
        "share_of_capacity": load.share,
        "ttft_ms": {f"p{p}": round(load.first_token_ms(p), 1) for p in (50, 95, 99)},
        "refused": load.refused,
        "loop_lag_p99_ms": round(load.lag_p99_ms, 2),
        "longest_step_ms": round(load.longest_step_ms, 1),
        "rss_mb": [round(rss) for rss in load.rss_mb],
    }


async def _measure() -> tuple[float, list[Load]]:
    async with engine_with(PEOPLE, max_waiting=WAITING) as (engine, adapters):
        engine._decoder._serving.end_ids = frozenset()  # type: ignore[union-attr]  # all say 64
        for adapter in adapters:
            await engine.preload(adapter)
        capacity = await _capacity(engine, adapters)
        return capacity, [await _load(engine, adapters, share, capacity) for share in SHARES]


async def _capacity(engine: TorchEngine, adapters: list[AdapterRef]) -> float:
    """Replies a second while nobody is late. The first replies warm up and are not counted."""
    rows = engine.stats.rows
    people = iter(range(5 * rows))
    ended: list[float] = []

    async def keep_asking() -> None:
        for number in people:
            await _ask(engine, adapters[number % PEOPLE], number)
            ended.append(time.perf_counter())

    await asyncio.gather(*(keep_asking() for _ in range(rows)))
    counted = ended[rows - 1 : -rows]  # from the first rows' end, while all rows were full
    return (len(counted) - 1) / (counted[-1] - counted[0])


async def _load(
    engine: TorchEngine, adapters: list[AdapterRef], share: float, capacity: float
) -> Load:
    load = Load(share)
    arrivals = random.Random(f"{share}")
    rss_mb = [_rss_mb(engine)]
    engine._longest_step_s = 0.0

    async def one(number: int) -> None:
        try:
            load.first_token_s.append(await _ask(engine, adapters[number % PEOPLE], number))
        except QueueFullError:
            load.refused += 1

    async with heartbeat() as lags, asyncio.TaskGroup() as people:
        end = due = time.perf_counter()
        half = end + LOAD_S / 2
        end += LOAD_S
        while (due := due + arrivals.expovariate(share * capacity)) < end:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if due > half and len(rss_mb) == 1:
                rss_mb.append(_rss_mb(engine))
            people.create_task(one(arrivals.randrange(10_000)))
            load.offered += 1
    load.lag_p99_ms = _quantile(lags, 99)
    load.longest_step_ms = engine.stats.longest_step_s * 1e3
    load.rss_mb = (*rss_mb, _rss_mb(engine))
    return load


def _rss_mb(engine: TorchEngine) -> float:
    """Without remembered conversations, which grow to their bound by design."""
    return (psutil.Process().memory_info().rss - engine.stats.prefix_bytes) / 1e6


async def _ask(engine: TorchEngine, adapter: AdapterRef, number: int) -> float:
    """Seconds to the first token; returns when the reply is over."""
    made = random.Random(number)
    ids = tuple(made.choices(range(100, 40_000), k=made.randint(*PROMPT_TOKENS)))
    sampling = Sampling(max_new_tokens=TOKENS, seed=number)
    request = GenerationRequest(ids, sampling, adapter, (SCOPE, adapter.user_id))
    started, first = time.perf_counter(), 0.0
    async with aclosing(engine.generate(request)) as chunks:
        async for _ in chunks:
            first = first or time.perf_counter() - started
    return first


def _quantile(values: list[float], percent: int) -> float:
    if len(values) < 2:
        return values[0] if values else float("nan")
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
