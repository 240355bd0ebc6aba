"""Each server's settings, kept at hand: asked for at every message, read from the store once.

Contract: this process is the only one that changes them (it holds the bot's lock on ``DATA_DIR``),
and whoever erases them says so (`forget`), so what is at hand is what is stored. Reads of the store
and changes take turns, hence a slow read cannot put back what a change has just replaced, and two
admins at once lose nothing of each other's. Knows no Discord.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bowerbird.storage.records import ServerSettings
from bowerbird.storage.store import Store

DEFAULTS = ServerSettings()


class ServerBook:
    """The settings of all servers."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[int, ServerSettings] = {}
        self._one_at_a_time = asyncio.Lock()

    async def of(self, server_id: int | None) -> ServerSettings:
        """The server's settings; the defaults in a DM (``None``)."""
        if server_id is None:
            return DEFAULTS
        if (known := self._known.get(server_id)) is not None:
            return known
        async with self._one_at_a_time:
            return await self._read(server_id)

    async def change(
        self, server_id: int, edit: Callable[[ServerSettings], ServerSettings]
    ) -> ServerSettings:
        """Replace the settings by ``edit`` of them; what holds from now on.

        ``edit`` is given the latest ones; what it raises leaves them as they are.
        """
        async with self._one_at_a_time:
            before = await self._read(server_id)
            after = edit(before)
            if after != before:
                # Unknown until the store has it: it may have it though the answer got lost.
                self._known.pop(server_id, None)
                await self._store.put_server_settings(server_id, after)
                self._known[server_id] = after
            return after

    async def forget(self, server_id: int) -> None:
        """The store has erased them: who asks from now on reads what is there."""
        async with self._one_at_a_time:  # a read under way may still put the old ones back
            self._known.pop(server_id, None)

    async def _read(self, server_id: int) -> ServerSettings:
        if (known := self._known.get(server_id)) is None:
            known = self._known[server_id] = await self._store.server_settings(server_id)
        return known
