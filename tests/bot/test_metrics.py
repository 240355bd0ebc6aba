"""Prometheus reads what the engine counted."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import aiohttp
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from bowerbird.bot.health import serve_health
from bowerbird.bot.metrics import Metrics
from bowerbird.personalization.generation.backend import GenerationRequest
from bowerbird.personalization.generation.engine import TorchEngine
from bowerbird.personalization.types import Sampling
from tests import tiny
from tests.fakes import FakeBackend

PROMPT = (1, 40, 50, 60)


def _samples(text: str) -> dict[tuple[str, str], float]:
    """(name, its label) → value."""
    return {
        (sample.name, "".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_what_was_counted_is_told(tiny_model_dir: Path) -> None:
    engine = TorchEngine(
        str(tiny_model_dir),
        device="cpu",
        dtype="float32",
        max_batch=2,
        max_context=64,
        lora_rank=4,
        lora_targets=tiny.ATTENTION,
        threads=1,
    )
    await engine.start()
    metrics = Metrics()
    metrics.watch(engine, is_training=lambda: True)
    try:
        for _ in range(3):
            request = GenerationRequest(PROMPT, Sampling(temperature=0, max_new_tokens=5))
            async with aclosing(engine.generate(request)) as stream:
                async for _chunk in stream:
                    pass
        async with (
            serve_health(0, {}, metrics) as port,
            aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
            session.get("/metrics") as response,
        ):
            assert response.status == 200
            assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            told = _samples(await response.text())
        stats = engine.stats
    finally:
        await engine.aclose()
    expected = {
        ("bowerbird_replies_total", ""): 3,
        ("bowerbird_generated_tokens_total", ""): stats.tokens,
        ("bowerbird_requests_waiting", ""): 0,
        ("bowerbird_requests_running", ""): 0,
        ("bowerbird_requests_refused_total", ""): 0,
        ("bowerbird_batch_rows", ""): 2,
        ("bowerbird_engine_steps_total", ""): stats.steps,
        ("bowerbird_engine_row_steps_total", ""): stats.row_steps,
        ("bowerbird_prefix_lookups_total", "hit"): 2,
        ("bowerbird_prefix_lookups_total", "miss"): 1,
        ("bowerbird_prefix_reused_tokens_total", ""): 2 * (len(PROMPT) - 1),
        ("bowerbird_first_token_seconds_count", ""): 3,
        ("bowerbird_first_token_seconds_bucket", "+Inf"): 3,
        ("bowerbird_training_running", ""): 1,
    }
    assert {key: told[key] for key in expected} == expected
    assert 0 < told["bowerbird_first_token_seconds_sum", ""] < 60
    assert stats.tokens >= 3
    assert 0 < stats.row_steps <= 2 * stats.steps
    assert told["process_resident_memory_bytes", ""] > 2**20


async def test_before_there_is_an_engine_and_with_one_that_does_not_count() -> None:
    metrics = Metrics()
    assert "process_resident_memory_bytes" in metrics.text().decode()
    metrics.watch(FakeBackend())
    assert "bowerbird" not in metrics.text().decode()


def test_a_host_s_own_registry_is_left_alone() -> None:
    before = {metric.name for metric in REGISTRY.collect()}
    Metrics()
    assert {metric.name for metric in REGISTRY.collect()} == before


async def test_without_metrics_there_is_no_such_page() -> None:
    async with (
        serve_health(0, {}) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
        session.get("/metrics") as response,
    ):
        assert response.status == 404
