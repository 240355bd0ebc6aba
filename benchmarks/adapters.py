"""Adapters from disk to a row: how long one takes, and what a thousand of them leave behind."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from bowerbird.personalization.adapter_weights import AdapterWeights
from bowerbird.personalization.flat_adapter import read_flat, write_flat
from bowerbird.personalization.generation.backend import GenerationRequest
from bowerbird.personalization.generation.decoder import Decoder
from bowerbird.personalization.generation.engine import TorchEngine
from bowerbird.personalization.types import AdapterRef, Sampling

CHURNED = 1000
ROWS = 8
WARM_UP = 120
TOKENS = 4  # of each reply while adapters are churned


def cold_ms(decoder: Decoder, adapters: list[Path]) -> dict[str, float]:
    """Median ms from files (in the page cache) to what a row takes, from the flat copy and from
    PEFT's files. Leaves a flat copy beside each adapter."""
    layout = decoder.adapter_fingerprint
    for adapter in adapters:
        write_flat(adapter, decoder.pack(AdapterWeights.load(adapter)), layout=layout)
    return {
        "flat": _median_ms([lambda a=a: read_flat(a, layout=layout) for a in adapters]),
        "peft": _median_ms([lambda a=a: decoder.pack(AdapterWeights.load(a)) for a in adapters]),
    }


def _median_ms(calls: list[Callable[[], object]]) -> float:
    taken = []
    for call in calls:
        started = time.perf_counter()
        assert call() is not None
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1e3


async def churn(path: str, adapters: list[Path], **lora: Any) -> dict[str, float]:
    """``CHURNED`` people with an adapter each, ``ROWS`` at a time, through the real engine.

    Steps are timed on the engine's thread; each may hold a prompt's prefill besides the decoding.
    """
    engine = TorchEngine(path, device="cpu", max_batch=ROWS, max_context=256, **lora)
    await engine.start()
    try:
        decoder = engine._ready_decoder()
        steps: list[float] = []
        step = decoder.step

        def timed() -> Any:
            started = time.perf_counter()
            outputs = step()
            steps.append(time.perf_counter() - started)
            return outputs

        decoder.step = timed  # type: ignore[method-assign]
        people = iter(range(WARM_UP + CHURNED))

        async def talk(count: int) -> None:
            for _ in range(count):
                user = next(people)
                sampling = Sampling(temperature=0, max_new_tokens=TOKENS)
                adapter = AdapterRef(1, user, 1, adapters[user % len(adapters)])
                request = GenerationRequest((1, 40, 50, 60), sampling, adapter, (1, user))
                async for _ in engine.generate(request):
                    pass

        async with asyncio.TaskGroup() as group:  # what is kept ready is full before it counts
            for _ in range(ROWS):
                group.create_task(talk(WARM_UP // ROWS))
        before = psutil.Process().memory_info().rss
        steps.clear()
        async with asyncio.TaskGroup() as group:
            for _ in range(ROWS):
                group.create_task(talk(CHURNED // ROWS))
        after = psutil.Process().memory_info().rss
    finally:
        await engine.aclose()
    return {
        "rss_before_mb": before / 2**20,
        "rss_after_mb": after / 2**20,
        "p99_step_ms": statistics.quantiles(steps, n=100)[98] * 1e3,
        "median_step_ms": statistics.median(steps) * 1e3,
    }
