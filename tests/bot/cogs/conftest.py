from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bowerbird.playground import Playground, RateLimits
from tests.bot import house as houses
from tests.bot.house import House
from tests.playground import schema


@pytest.fixture
async def playground() -> AsyncIterator[Playground]:
    async with Playground(rate_limits=RateLimits.generous()) as playground:
        yield playground
        assert playground.unknown_requests == []
        assert schema.violations(playground.requests) == []


@pytest.fixture
async def house(playground: Playground, tmp_path: Path) -> AsyncIterator[House]:
    async with houses.running(playground, tmp_path / "data") as house:
        yield house
