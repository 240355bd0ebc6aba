"""Servers that the bot is no longer on: nothing is trained there, and after a while all of it goes.

Contract: being sent away may be a mistake, so what was learnt on a server waits `KEPT_FOR` for the
bot to come back; trainings end at once. Then everything of that scope goes, rows and weights, the
answers to the consent offer included. Where servers share one scope (``GLOBAL_SCOPE``) only their
settings are theirs alone. Knows no Discord: whoever does says which servers there are.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from bowerbird.storage.records import GLOBAL_SCOPE
from bowerbird.storage.store import Store

_log = logging.getLogger(__name__)

KEPT_FOR: Final = timedelta(days=30)
LEFT_SERVERS: Final = "left_servers"
"""Meta key: ``{"<server>": "<when it was left>"}``."""


class Trainings(Protocol):
    """The one thing needed of `Nightly`."""

    async def cancel(self, user_id: int, scope_id: int | None = None) -> None: ...


class Weights(Protocol):
    """The one thing needed of `AdapterLibrary`."""

    async def delete(self, pairs: Iterable[tuple[int, int]]) -> None: ...


class Engine(Protocol):
    """The one thing needed of a `GenerationBackend`."""

    async def unload(self, scope_id: int, user_id: int) -> None: ...


class ServerSettings(Protocol):
    """The one thing needed of whoever keeps servers' settings at hand."""

    async def forget(self, server_id: int) -> None: ...


async def left_servers(store: Store) -> dict[int, datetime]:
    """Which servers were left, and when. Raises ``StoreError``."""
    noted = json.loads(await store.get_meta(LEFT_SERVERS) or "{}")
    return {int(server): datetime.fromisoformat(moment) for server, moment in noted.items()}


class Departures:
    """Told by the bot, on the event loop. All methods raise ``StoreError``."""

    def __init__(
        self,
        store: Store,
        trainings: Trainings,
        weights: Weights,
        engine: Engine,
        settings: ServerSettings,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._trainings = trainings
        self._weights = weights
        self._engine = engine
        self._settings = settings
        self._now = now
        self._one_at_a_time = asyncio.Lock()

    async def left(self, server_id: int) -> None:
        """The bot was removed from this server, or the server is no more."""
        await self._note(server_id, self._now())
        for person in await self._store.people(server_id):
            await self._trainings.cancel(person.user_id, server_id)

    async def came_back(self, server_id: int) -> None:
        """The bot was invited (again): what it had learnt there is in use."""
        await self._note(server_id, None)

    async def are_here(self, server_ids: Collection[int]) -> None:
        """These are all servers there are: others that we know were left while nobody listened."""
        noted = await left_servers(self._store)
        for server_id in noted.keys() & set(server_ids):
            await self.came_back(server_id)
        known = {person.scope_id for person in await self._store.people()}
        for server_id in sorted(known - noted.keys() - set(server_ids)):
            if server_id > GLOBAL_SCOPE:
                await self.left(server_id)

    async def erase_expired(self) -> None:
        """Part of the retention clock."""
        expired_at = self._now() - KEPT_FOR
        for server_id, left_at in (await left_servers(self._store)).items():
            if left_at <= expired_at:
                await self._erase(server_id)

    async def _erase(self, server_id: int) -> None:
        people = [(server_id, one.user_id) for one in await self._store.people(server_id)]
        for _, user_id in people:
            await self._trainings.cancel(user_id, server_id)
        # Rows first: weights without a row are swept at the next start.
        replies = await self._store.erase_server(server_id)
        await self._settings.forget(server_id)
        await self._weights.delete(people)
        for scope_id, user_id in people:  # not before: a reply must find no file to load
            await self._engine.unload(scope_id, user_id)
        await self.came_back(server_id)  # nothing is left to wait for
        _log.info("Erased server %d, left %s ago: %d replies", server_id, KEPT_FOR, replies)

    async def _note(self, server_id: int, left_at: datetime | None) -> None:
        async with self._one_at_a_time:
            noted = await left_servers(self._store)
            noted.pop(server_id, None)
            if left_at is not None:
                noted[server_id] = left_at
            text = json.dumps({server: moment.isoformat() for server, moment in noted.items()})
            await self._store.set_meta(LEFT_SERVERS, text)
