"""Adapters ready in memory."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bowerbird.personalization.errors import AdapterError
from bowerbird.personalization.generation.slots import AdapterCache
from bowerbird.personalization.types import AdapterRef


def _ref(user: int, version: int = 1) -> AdapterRef:
    return AdapterRef(10, user, version, Path("nowhere"))


class Disk:
    """Loads names; ``gate`` holds it up, ``broken`` makes it fail."""

    def __init__(self) -> None:
        self.loads: list[str] = []
        self.broken = False
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, adapter: AdapterRef) -> str:
        self.loads.append(adapter.name)
        assert self.gate.wait(10)
        if self.broken:
            raise AdapterError("damaged")
        return adapter.name


@pytest.fixture
def disk() -> Disk:
    return Disk()


async def _use(cache: AdapterCache[str], adapter: AdapterRef) -> str:
    async with cache.hold(adapter) as ready:
        return ready


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.001)


async def test_one_load_for_many_and_the_least_recent_leaves(disk: Disk) -> None:
    cache: AdapterCache[str] = AdapterCache(disk, capacity=2)
    names = await asyncio.gather(*(_use(cache, _ref(1)) for _ in range(5)))
    assert set(names) == {_ref(1).name}
    assert disk.loads == [_ref(1).name]
    assert (cache.hits, cache.misses) == (4, 1)
    await _use(cache, _ref(2))
    await _use(cache, _ref(1))
    await _use(cache, _ref(3))
    assert _ref(1) in cache
    assert _ref(2) not in cache
    cache.close()


async def test_what_is_held_stays_even_beyond_capacity(disk: Disk) -> None:
    cache: AdapterCache[str] = AdapterCache(disk, capacity=1)
    async with cache.hold(_ref(1)), cache.hold(_ref(2)):
        assert len(cache) == 2
        await _use(cache, _ref(3))
        assert _ref(1) in cache
        assert _ref(2) in cache
    assert len(cache) == 1
    cache.close()


async def test_a_failed_load_is_told_to_all_and_tried_again(disk: Disk) -> None:
    cache: AdapterCache[str] = AdapterCache(disk, capacity=2)
    disk.broken = True
    results = await asyncio.gather(
        *(_use(cache, _ref(1)) for _ in range(3)), return_exceptions=True
    )
    assert all(isinstance(result, AdapterError) for result in results)
    disk.broken = False
    assert await _use(cache, _ref(1)) == _ref(1).name
    cache.close()


async def test_giving_up_does_not_take_it_from_the_others(disk: Disk) -> None:
    cache: AdapterCache[str] = AdapterCache(disk, capacity=2)
    disk.gate.clear()
    impatient = asyncio.create_task(_use(cache, _ref(1)))
    patient = asyncio.create_task(_use(cache, _ref(1)))
    await _until(lambda: bool(disk.loads))
    impatient.cancel()
    disk.gate.set()
    assert await patient == _ref(1).name
    assert disk.loads == [_ref(1).name]
    cache.close()


async def test_dropping_a_person_forgets_every_version_and_nobody_else(disk: Disk) -> None:
    cache: AdapterCache[str] = AdapterCache(disk, capacity=8)
    async with cache.hold(_ref(1)) as held:
        await _use(cache, _ref(1, version=2))
        await _use(cache, _ref(2))
        cache.drop(10, 1)
        assert held == _ref(1).name, "who holds it keeps it"
    assert len(cache) == 1
    assert _ref(2) in cache
    disk.gate.clear()
    loading = asyncio.create_task(_use(cache, _ref(1)))
    await _until(lambda: len(disk.loads) == 4)
    cache.drop(10, 1)
    disk.gate.set()
    await loading
    assert _ref(1) not in cache, "forgotten while it was loading"
    cache.close()
