"""Adapters ready in memory: a bounded, least-recently-used set, loaded off the compute thread.

Contract: many who ask for one adapter load it once; what is held is never evicted; a failed load
is forgotten, so that a repaired file is tried again. All calls on one event loop. Knows no tensors:
``load`` says what a ready adapter is.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from bowerbird.personalization.types import AdapterRef

Ready = TypeVar("Ready")


@dataclass(slots=True, eq=False)
class _Entry(Generic[Ready]):
    loading: asyncio.Future[Ready]
    holders: int = 0


class AdapterCache(Generic[Ready]):
    """At most ``capacity`` adapters, and those held beyond it until they are let go."""

    def __init__(self, load: Callable[[AdapterRef], Ready], *, capacity: int) -> None:
        self._load = load
        self.capacity = capacity
        self._entries: OrderedDict[AdapterRef, _Entry[Ready]] = OrderedDict()
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="bowerbird-adapters")
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, adapter: AdapterRef) -> bool:
        return adapter in self._entries

    @asynccontextmanager
    async def hold(self, adapter: AdapterRef) -> AsyncIterator[Ready]:
        """The ready adapter, safe from eviction inside. Raises what ``load`` raises."""
        entry = self._entries.get(adapter)
        if entry is None:
            self.misses += 1
            entry = self._begin(adapter)
        else:
            self.hits += 1
            self._entries.move_to_end(adapter)
        entry.holders += 1
        try:
            # Shielded: one who gives up waiting must not take the adapter from the others.
            yield await asyncio.shield(entry.loading)
        finally:
            entry.holders -= 1
            self._evict()

    def drop(self, scope_id: int, user_id: int) -> None:
        """Forget all of a person's adapters; those who hold one keep it to the end."""
        for adapter in list(self._entries):
            if (adapter.scope_id, adapter.user_id) == (scope_id, user_id):
                del self._entries[adapter]

    def close(self) -> None:
        self._entries.clear()
        self._loader.shutdown(wait=False, cancel_futures=True)

    def _begin(self, adapter: AdapterRef) -> _Entry[Ready]:
        loop = asyncio.get_running_loop()
        entry = _Entry(loop.run_in_executor(self._loader, self._load, adapter))
        self._entries[adapter] = entry

        def finished(loading: asyncio.Future[Ready]) -> None:
            is_failed = loading.cancelled() or loading.exception() is not None
            if is_failed and self._entries.get(adapter) is entry:
                del self._entries[adapter]

        entry.loading.add_done_callback(finished)
        return entry

    def _evict(self) -> None:
        for adapter, entry in list(self._entries.items()):
            if len(self._entries) <= self.capacity:
                return
            if not entry.holders:
                del self._entries[adapter]
