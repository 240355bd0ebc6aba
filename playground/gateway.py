"""Discord's gateway v10: sessions that survive their sockets.

Contract: the conversation on a socket (identify, resume, heartbeats, members), with Discord's close
codes, and the faults tests inject into it. What is sent to whom is `gateway_sessions`' business.
Knows nothing of REST.
Source: https://discord.com/developers/docs/events/gateway
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from typing import Any

from aiohttp import WSMsgType, web

from bowerbird.playground import intents, serialize
from bowerbird.playground.gateway_sessions import (
    COMMANDS_PER_MINUTE,
    Connection,
    Payload,
    Session,
)
from bowerbird.playground.intents import Intent
from bowerbird.playground.model import Guild, Member, User
from bowerbird.playground.world import World

log = logging.getLogger(__name__)

HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME = 1, 2, 3, 4, 6
RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 7, 8, 9, 10, 11
HEARTBEAT_INTERVAL_MS = 41_250
ACK_AFTER_S = 0.05
"""A network's round trip. discord.py notes when it sent a heartbeat only after sending it, and on
loopback the answer could be there before, which it would log as 41 s of latency."""
RESUME_WINDOW_S = 180.0
CHUNK_SIZE = 1000


class GatewayCloseError(Exception):
    """Ends a socket with one of Discord's close codes."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class Gateway:
    """All sessions of all bots, and the socket's conversation."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.url = ""  # what READY tells clients to resume at; the server sets it
        self.heartbeat_interval_ms = HEARTBEAT_INTERVAL_MS
        self.sessions: dict[str, Session] = {}
        self.identify_count = 0
        self.resume_count = 0
        self._connections: set[Connection] = set()

    # --- faults ------------------------------------------------------------------------------

    def live(self, bot: User) -> list[tuple[Session, Connection]]:
        """The bot's sessions that have a socket, with it."""
        sessions = [s for s in self.sessions.values() if s.user.id == bot.id]
        return [(s, s.connection) for s in sessions if s.connection is not None]

    async def drop(self, bot: User) -> None:
        """Cuts the bot's sockets; it should come back and RESUME."""
        for _, connection in self.live(bot):
            connection.abort()
            self._detach(connection)

    async def invalidate(self, bot: User) -> None:
        """Ends the bot's sessions for good; it should IDENTIFY anew."""
        for session, connection in self.live(bot):
            self._forget(session)
            connection.session = None
            connection.send({"op": INVALID_SESSION, "d": False})

    async def ask_to_reconnect(self, bot: User) -> None:
        """Opcode 7, as Discord sends before it restarts a gateway host."""
        for _, connection in self.live(bot):
            connection.send({"op": RECONNECT, "d": None})

    async def close(self) -> None:
        for session in list(self.sessions.values()):
            self._forget(session)
        for connection in list(self._connections):
            connection.abort()

    # --- one socket ----------------------------------------------------------------------------

    async def handle(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(compress=False, max_msg_size=4096 * 4)
        connection = Connection(request, socket)
        await socket.prepare(request)
        self._connections.add(connection)
        writer = asyncio.create_task(connection.write(), name="gateway-writer")
        try:
            await self._converse(connection)
        except GatewayCloseError as end:
            log.info("closing a gateway connection: %s", end)
            await connection.close(end.code, end.reason)
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            self._connections.discard(connection)
            self._detach(connection)
        if connection.session is not None and socket.close_code in (1000, 1001):
            self._forget(connection.session)  # a client that says goodbye is not coming back
        return socket

    async def _converse(self, connection: Connection) -> None:
        query = connection.request.query
        if query.get("v", "10") not in ("9", "10"):
            raise GatewayCloseError(4012, "Invalid API version.")
        if query.get("encoding", "json") != "json":
            raise GatewayCloseError(4002, "Error while decoding payload.")
        hello = {"heartbeat_interval": self.heartbeat_interval_ms, "_trace": ["[]"]}
        connection.send({"op": HELLO, "d": hello, "s": None, "t": None})
        patience_s = 1.5 * self.heartbeat_interval_ms / 1000
        while True:
            try:
                frame = await connection.socket.receive(timeout=patience_s)
            except TimeoutError:
                raise GatewayCloseError(4009, "Session timed out.") from None
            if frame.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            self._count_command(connection)
            try:
                payload = json.loads(frame.data)
                self._obey(connection, payload["op"], payload.get("d"))
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                log.warning("a gateway payload was not understood: %r", error)
                raise GatewayCloseError(4002, "Error while decoding payload.") from error

    def _obey(self, connection: Connection, opcode: int, data: Any) -> None:
        if opcode == HEARTBEAT:
            ack = {"op": HEARTBEAT_ACK, "d": None, "s": None, "t": None}
            asyncio.get_running_loop().call_later(ACK_AFTER_S, connection.send, ack)
        elif opcode == IDENTIFY:
            self._identify(connection, data)
        elif opcode == RESUME:
            self._resume(connection, data)
        elif connection.session is None:
            raise GatewayCloseError(4003, "Not authenticated.")
        elif opcode == REQUEST_MEMBERS:
            self._send_members(connection.session, data)
        elif opcode == PRESENCE:
            connection.session.presence = data
        elif opcode != VOICE:
            raise GatewayCloseError(4001, "Unknown opcode.")

    def _identify(self, connection: Connection, data: Payload) -> None:
        if connection.session is not None:
            raise GatewayCloseError(4005, "Already authenticated.")
        application = self.world.application_of_token(str(data.get("token")))
        if application is None:
            raise GatewayCloseError(4004, "Authentication failed.")
        asked = data.get("intents")
        if not isinstance(asked, int) or asked & ~intents.KNOWN_BITS:
            raise GatewayCloseError(4013, "Invalid intent(s).")
        if intents.not_granted(asked, application.flags):
            raise GatewayCloseError(4014, "Disallowed intent(s).")
        number, count = data.get("shard") or (0, 1)
        if not 0 <= number < count:
            raise GatewayCloseError(4010, "Invalid shard.")
        self._forget_lost()
        bot = self.world.users[application.id]
        session = Session(
            secrets.token_hex(16), application, bot, asked, (number, count), self.world
        )
        session.connection, connection.session = connection, session
        self.sessions[session.id] = session
        self.identify_count += 1
        self._greet(session)
        session.stop_listening = self.world.subscribe(session.hear)
        self.world.wake()

    def _greet(self, session: Session) -> None:
        world, bot = self.world, session.user
        guilds = session.guilds()
        session.dispatch(
            "READY",
            {
                "v": 10,
                "user": serialize.myself(bot),
                "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
                "session_id": session.id,
                "session_type": "normal",
                "resume_gateway_url": self.url,
                "shard": list(session.shard),
                "application": {
                    "id": str(session.application.id),
                    "flags": int(session.application.flags),
                },
                "user_settings": {},
                "relationships": [],
                "private_channels": [],
                "presences": [],
                "guild_join_requests": [],
                "geo_ordered_rtc_regions": [],
            },
        )
        if session.intents & Intent.GUILDS:
            everyone = bool(session.intents & Intent.GUILD_PRESENCES)
            for guild in guilds:
                data = serialize.guild_create(world, guild, bot, everyone=everyone)
                # Absent when a bot joins: that is how clients tell the two apart.
                session.dispatch("GUILD_CREATE", data | {"unavailable": False})

    def _resume(self, connection: Connection, data: Payload) -> None:
        session = self.sessions.get(str(data.get("session_id")))
        if session is None or session.application.token != data.get("token"):
            connection.send({"op": INVALID_SESSION, "d": False})
            return
        sequence = data.get("seq")
        oldest = session.replay[0]["s"] if session.replay else session.sequence + 1
        if not isinstance(sequence, int) or sequence > session.sequence:
            raise GatewayCloseError(4007, "Invalid seq.")
        if sequence + 1 < oldest:
            self._forget(session)
            connection.send({"op": INVALID_SESSION, "d": False})
            return
        if session.connection is not None:
            session.connection.abort()
            session.connection.session = None
        session.connection, connection.session, session.lost_at = connection, session, None
        for payload in session.replay:
            if payload["s"] > sequence:
                connection.send(payload)
        self.resume_count += 1
        session.dispatch("RESUMED", {"_trace": []})
        self.world.wake()

    def _send_members(self, session: Session, data: Payload) -> None:
        guild_id = int(data["guild_id"])
        guild = self.world.guilds.get(guild_id)
        if guild is None or session.user.id not in guild.members:
            return
        found, missing = _asked_members(session, guild, data)
        chunks = [found[i : i + CHUNK_SIZE] for i in range(0, len(found), CHUNK_SIZE)] or [[]]
        for index, chunk in enumerate(chunks):
            body: Payload = {
                "guild_id": str(guild_id),
                "members": [serialize.member(member) for member in chunk],
                "chunk_index": index,
                "chunk_count": len(chunks),
                "not_found": missing,
            }
            if data.get("presences"):
                body["presences"] = []
            if data.get("nonce") is not None:
                body["nonce"] = data["nonce"]
            session.dispatch("GUILD_MEMBERS_CHUNK", body)

    def _count_command(self, connection: Connection) -> None:
        now = asyncio.get_running_loop().time()
        received = connection.received_at
        if len(received) == COMMANDS_PER_MINUTE and received[0] > now - 60:
            raise GatewayCloseError(4008, "Rate limited.")
        received.append(now)

    def _detach(self, connection: Connection) -> None:
        session = connection.session
        if session is not None and session.connection is connection:
            session.connection = None
            session.lost_at = self.world.now()
            self.world.wake()

    def _forget(self, session: Session) -> None:
        if self.sessions.pop(session.id, None) is not None:
            session.connection = None
            session.stop_listening()

    def _forget_lost(self) -> None:
        limit = self.world.now() - RESUME_WINDOW_S
        for session in list(self.sessions.values()):
            if session.lost_at is not None and session.lost_at < limit:
                self._forget(session)


def _asked_members(session: Session, guild: Guild, data: Payload) -> tuple[list[Member], list[str]]:
    """The members opcode 8 asks for, and the ids asked for in vain."""
    if data.get("user_ids"):
        asked = data["user_ids"] if isinstance(data["user_ids"], list) else [data["user_ids"]]
        ids = [int(user_id) for user_id in asked]
        found = [guild.members[i] for i in ids if i in guild.members]
        return found, [str(i) for i in ids if i not in guild.members]
    query, limit = str(data.get("query") or "").lower(), int(data.get("limit") or 0)
    if not query and not limit and not session.intents & Intent.GUILD_MEMBERS:
        raise GatewayCloseError(4014, "Disallowed intent(s).")
    found = [m for m in guild.members.values() if (m.nick or m.user.name).lower().startswith(query)]
    return (found[:limit] if limit else found), []
