"""A playground with the real client pointed at it, whose traffic is held to Discord's schema."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bowerbird.playground import Playground, RateLimits
from tests.playground import schema, trial_bot
from tests.playground.trial_bot import TrialBot


@pytest.fixture
async def playground(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Playground]:
    """Generous limits; every test ends with known routes and well-formed traffic only."""
    async with Playground(rate_limits=RateLimits.generous()) as playground:
        trial_bot.point_at(playground, monkeypatch)
        events: list[tuple[str, dict[str, Any]]] = []
        playground.world.subscribe(lambda e: events.append((e.name, e.payload(playground.bot))))
        yield playground
        assert playground.unknown_requests == []
        assert schema.violations(playground.requests) == []
        assert schema.event_violations(events) == []


@pytest.fixture
async def bot(playground: Playground) -> AsyncIterator[TrialBot]:
    async with trial_bot.running(playground, sync=True) as bot:
        yield bot
