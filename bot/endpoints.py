"""Another Discord: a look-alike server or a proxy, instead of discord.com.

Contract: between `enter` and `leave` every request and every gateway connection of the client goes
to the given addresses, also after a resume or an invalid session, so that the token never reaches
another. discord.py keeps the API address in a class attribute, so one process can use one such
address at a time; all gateway connections pass through ``HTTPClient.ws_connect``.
"""

from __future__ import annotations

from typing import Any, ClassVar

import discord
import yarl
from discord.http import Route


class Endpoints:
    """``api_url`` with its version (``…/api/v10``); ``gateway_url`` is ``ws://`` or ``wss://``."""

    _users: ClassVar[set[Endpoints]] = set()
    _discords_own: ClassVar[str] = Route.BASE

    def __init__(self, api_url: str, gateway_url: str) -> None:
        self._api_url = api_url.rstrip("/")
        self._gateway_url = yarl.URL(gateway_url)

    def enter(self, client: discord.Client) -> None:
        """Raises ``RuntimeError`` where another address is in use."""
        if any(other._api_url != self._api_url for other in self._users):
            raise RuntimeError("one process can talk to one Discord address at a time")
        if self in self._users:
            return
        if not self._users:
            type(self)._discords_own = Route.BASE
        self._users.add(self)
        Route.BASE = self._api_url
        connect = client.http.ws_connect

        async def ws_connect(url: str, **options: Any) -> Any:
            return await connect(str(self._gateway_url.with_query(yarl.URL(url).query)), **options)

        client.http.ws_connect = ws_connect  # type: ignore[method-assign]

    def leave(self) -> None:
        """Safe to call twice."""
        if self not in self._users:
            return
        self._users.remove(self)
        if not self._users:
            Route.BASE = self._discords_own
