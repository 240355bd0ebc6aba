"""How much sooner the second turn of a long conversation begins than it would from nothing.

The same prompt of about 1,000 tokens (a first turn, its real reply, a follow-up), with the same
adapter, asked by the person whose first turn it goes on from and by one who was never here.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import report
from benchmarks.people import SCOPE, engine_with
from bowerbird.personalization.generation.backend import GenerationRequest
from bowerbird.personalization.generation.engine import TorchEngine
from bowerbird.personalization.prompting import encode
from bowerbird.personalization.types import AdapterRef, Sampling, Turn

TOKENS = 1000
GOAL = 0.15
SAMPLING = Sampling(temperature=0, max_new_tokens=32)
STORY = "The bowerbird builds a bower of sticks and lays out blue things in front of it. "


def main(rounds: int, out: Path) -> None:
    """Print the table, ratio first, and leave the figures in the common report."""
    cold, warm, tokens = asyncio.run(_measure(max(1, rounds)))
    ratio = statistics.median(warm) / statistics.median(cold)
    table = Table("", "time to first token", title=f"second turn of {tokens:,} tokens")
    table.add_row("ratio", f"{ratio:.1%} (goal ≤ {GOAL:.0%})")
    table.add_row("going on", f"{statistics.median(warm) * 1e3:.0f} ms")
    table.add_row("from nothing", f"{statistics.median(cold) * 1e3:.0f} ms")
    Console().print(table)
    report.merge(
        out.parent, {"machine": report.machine(), "second_turn_ttft_ratio": round(ratio, 4)}
    )


async def _measure(rounds: int) -> tuple[list[float], list[float], int]:
    cold, warm = [], []
    async with engine_with(1) as ([engine, adapters]):
        for number in range(rounds):
            story = Turn("user", f"{number}. " + STORY * (TOKENS // 20) + "What is it about?")
            first = await _ask(engine, [story], adapters[0], number)
            turns = [story, Turn("assistant", first[1]), Turn("user", "And what is blue?")]
            warm.append((await _ask(engine, turns, adapters[0], number))[0])
            stranger = replace(adapters[0], user_id=10_000 + number)
            await engine.preload(stranger)
            cold.append((await _ask(engine, turns, stranger, 10_000 + number))[0])
        tokens = len(encode(engine.tokenizer, turns, max_tokens=2000).ids)
        assert engine.stats.prefix_hits == rounds
    return cold, warm, tokens


async def _ask(
    engine: TorchEngine, turns: list[Turn], adapter: AdapterRef, user: int
) -> tuple[float, str]:
    """Seconds to the first token, and the reply."""
    ids = encode(engine.tokenizer, turns, max_tokens=2000).ids
    request = GenerationRequest(ids, SAMPLING, adapter, (SCOPE, user))
    started, first, text = time.perf_counter(), 0.0, ""
    async with aclosing(engine.generate(request)) as chunks:
        async for chunk in chunks:
            first = first or time.perf_counter() - started
            text += chunk.text
    return first, text
