"""What Prometheus reads at `/metrics`: the engine's own numbers, under names with units.

Contract: everything is read at the moment it is asked for, nothing is counted twice, nothing tells
who asked or what. A registry of our own: a host process may have metrics of its own. Names follow
https://prometheus.io/docs/practices/naming/. Knows no HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Protocol, runtime_checkable

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from bowerbird.personalization.generation.stats import EngineStats

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4


@runtime_checkable
class Measured(Protocol):
    """A backend that counts what it does."""

    @property
    def stats(self) -> EngineStats: ...


class Metrics(Collector):
    """Empty but for the process's own until there is something to ``watch``."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        self._backend: Measured | None = None
        self._is_training: Callable[[], bool] | None = None

    def watch(self, backend: object, is_training: Callable[[], bool] | None = None) -> None:
        """From now on tell of this backend, if it is one that counts."""
        self._backend = backend if isinstance(backend, Measured) else None
        self._is_training = is_training

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        if self._is_training is not None:
            yield _gauge("training_running", "Whether a training runs", self._is_training())
        if self._backend is not None:
            yield from _engine(self._backend.stats)


def _engine(stats: EngineStats) -> Iterator[Metric]:
    yield _gauge("requests_waiting", "Requests in the queue", stats.waiting)
    yield _gauge("requests_running", "Rows of the batch in use", stats.running)
    yield _gauge("batch_rows", "Rows of the batch", stats.rows)
    yield _counter("replies", "Replies made to their end", stats.replies)
    yield _counter("requests_refused", "Requests refused: queue full, or too late", stats.refused)
    yield _counter("generated_tokens", "Tokens said", stats.tokens)
    yield _counter("engine_steps", "Forward steps", stats.steps)
    yield _counter("engine_row_steps", "Rows over all steps; by steps, occupancy", stats.row_steps)
    yield _gauge("longest_step_seconds", "Longest step since the start", stats.longest_step_s)
    yield _gauge("adapters_loaded", "Adapters ready in memory", stats.adapters)
    yield _lookups("adapter", "Adapters asked for", stats.adapter_hits, stats.adapter_misses)
    yield _lookups("prefix", "Prompts looked up", stats.prefix_hits, stats.prefix_misses)
    yield _counter("prefix_reused_tokens", "Prompt tokens not read again", stats.prefix_hit_tokens)
    yield _gauge("prefix_cache_bytes", "Memory of remembered conversations", stats.prefix_bytes)
    yield _first_token(stats)


def _first_token(stats: EngineStats) -> Metric:
    times, total, buckets = stats.first_token_s, 0, []
    for bound, count in zip((*map(str, times.bounds), "+Inf"), tuple(times.counts), strict=True):
        total += count
        buckets.append((bound, total))
    return HistogramMetricFamily(
        "bowerbird_first_token_seconds",
        "From a request to its first token",
        buckets=buckets,
        sum_value=times.sum,
    )


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"bowerbird_{name}", meaning, value=value)


def _counter(name: str, meaning: str, value: float) -> Metric:
    return CounterMetricFamily(f"bowerbird_{name}", meaning, value=value)


def _lookups(name: str, meaning: str, hits: int, misses: int) -> Metric:
    family = CounterMetricFamily(f"bowerbird_{name}_lookups", meaning, labels=["result"])
    family.add_metric(["hit"], hits)
    family.add_metric(["miss"], misses)
    return family
