"""What Discord remembers of a bot, and one of the sockets it comes by.

Contract: a `Session` hears the world's events for one bot, filtered by intents, shard and Message
Content rules, numbers them and keeps the latest for RESUME. A `Connection` writes to one socket, in
order, compressed as asked, and may come and go. Neither reads: the conversation is `gateway`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bowerbird.playground import compression, intents, serialize
from bowerbird.playground.intents import Intent
from bowerbird.playground.model import Application, Guild, User
from bowerbird.playground.world import Event, World

DISPATCH = 0
REPLAY_KEPT = 2000
COMMANDS_PER_MINUTE = 120
FLUSH_S = 1.0

Payload = dict[str, Any]


class Connection:
    """One socket: an outgoing queue, its compression stream, and the codes it was closed with."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        self.request = request
        self.socket = socket
        self.session: Session | None = None
        self.received_at: deque[float] = deque(maxlen=COMMANDS_PER_MINUTE)
        name = request.query.get("compress")
        self._compress: Callable[[str], bytes] | None = None
        if name is not None:
            try:
                self._compress = compression.stream(name)
            except ValueError as error:
                raise web.HTTPBadRequest(text=str(error)) from None
        self._outgoing: asyncio.Queue[Payload] = asyncio.Queue()

    def send(self, payload: Payload) -> None:
        self._outgoing.put_nowait(payload)

    async def write(self) -> None:
        """Sends what is queued, in order, until the socket ends."""
        while True:
            payload = await self._outgoing.get()
            text = json.dumps(payload, separators=(",", ":"))
            try:
                if self._compress is None:
                    await self.socket.send_str(text)
                else:
                    await self.socket.send_bytes(self._compress(text))
            except ConnectionError:
                return  # the reader sees the end too, and tidies up
            finally:
                self._outgoing.task_done()

    async def close(self, code: int, reason: str = "") -> None:
        with contextlib.suppress(TimeoutError):  # on a dead line the queue never empties
            async with asyncio.timeout(FLUSH_S):
                await self._outgoing.join()
        await self.socket.close(code=code, message=reason.encode())

    def abort(self) -> None:
        """The line goes dead without a closing handshake."""
        if (transport := self.request.transport) is not None:
            transport.abort()


@dataclass(slots=True)
class Session:
    """What Discord remembers of a bot between sockets."""

    id: str
    application: Application
    user: User
    intents: int
    shard: tuple[int, int]
    world: World = field(repr=False)
    connection: Connection | None = None
    sequence: int = 0
    lost_at: float | None = None
    presence: Payload | None = None
    replay: deque[Payload] = field(default_factory=lambda: deque(maxlen=REPLAY_KEPT))
    stop_listening: Callable[[], None] = field(default=lambda: None, repr=False)

    def dispatch(self, name: str, data: Payload) -> None:
        self.sequence += 1
        payload = {"op": DISPATCH, "t": name, "s": self.sequence, "d": data}
        self.replay.append(payload)
        if self.connection is not None:
            self.connection.send(payload)

    def has_guild(self, guild_id: int | None) -> bool:
        """Discord's sharding formula; what has no server goes to the first shard."""
        number, count = self.shard
        return ((guild_id or 0) >> 22) % count == number if guild_id else number == 0

    def guilds(self) -> list[Guild]:
        everywhere = self.world.guilds.values()
        return [g for g in everywhere if self.user.id in g.members and self.has_guild(g.id)]

    def hear(self, event: Event) -> None:
        in_guild = event.guild_id is not None
        if not intents.wants(self.intents, event.name, in_guild=in_guild):
            return
        if not self.has_guild(event.guild_id) or not self.world.hears(self.user.id, event):
            return
        data = event.payload(self.user)
        if event.name == "THREAD_MEMBERS_UPDATE" and not self._may_know(data):
            return
        has_content = bool(self.intents & Intent.MESSAGE_CONTENT)
        if event.name in ("MESSAGE_CREATE", "MESSAGE_UPDATE") and not has_content:
            data = serialize.redact(data, self.user.id, is_dm=not in_guild)
        self.dispatch(event.name, data)

    def _may_know(self, data: Payload) -> bool:
        """Without the members intent a bot hears only of its own coming and going."""
        if self.intents & Intent.GUILD_MEMBERS:
            return True
        concerned = [entry["user_id"] for entry in data.get("added_members", ())]
        return str(self.user.id) in concerned + data.get("removed_member_ids", [])
