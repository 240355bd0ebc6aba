"""The playground as one server: gateway, REST API, attachments and the page, on loopback.

Contract: `async with Playground() as playground` listens until the block ends; `api_url` and
`gateway_url` are what a bot is pointed at, `person(name)` is somebody to talk to it. The methods at
the end break things on purpose. Everything is in memory and gone afterwards.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from aiohttp import web

from bowerbird.playground import page_api, server_emoji
from bowerbird.playground.demo import default_world
from bowerbird.playground.gateway import Gateway
from bowerbird.playground.model import Channel, Message, User
from bowerbird.playground.people import Person
from bowerbird.playground.permissions import Permission
from bowerbird.playground.ratelimits import RateLimiter, RateLimits
from bowerbird.playground.rest import Fault, Record, Rest
from bowerbird.playground.world import World

_MAX_REQUEST_BYTES = 128 * 1024 * 1024
API_PATH = "/api/v10"
GATEWAY_PATH = "/gateway"
_OWN_NAMES = frozenset(("localhost", "127.0.0.1", "[::1]", "::1"))


class Playground:
    """A small Discord. `host` must be a loopback address; port 0 lets the system choose."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        world: World | None = None,
        rate_limits: RateLimits | None = None,
    ) -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"the playground listens on loopback only, not on {host}")
        self.host = host
        self.port = port
        self.world = world or default_world()
        self.gateway = Gateway(self.world)
        self.rest = Rest(self.world, RateLimiter(rate_limits or RateLimits()))
        self._people: dict[int, Person] = {}
        self._runner: web.AppRunner | None = None

    # --- addresses ---------------------------------------------------------------------------

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def api_url(self) -> str:
        return f"{self.url}{API_PATH}"

    @property
    def gateway_url(self) -> str:
        return f"ws{self.url.removeprefix('http')}{GATEWAY_PATH}"

    # --- life ----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listens. Raises OSError where the port is taken."""
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.world.cdn_url = self.url
        self.gateway.url = self.rest.gateway_url = self.gateway_url

    async def stop(self) -> None:
        await self.gateway.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def _app(self) -> web.Application:
        app = web.Application(
            middlewares=[_only_own_names],
            client_max_size=_MAX_REQUEST_BYTES,  # the outer application's counts
        )
        app.router.add_get(GATEWAY_PATH, self.gateway.handle)
        app.router.add_get(GATEWAY_PATH + "/", self.gateway.handle)
        app.add_subapp(API_PATH, self.rest.app())
        app.router.add_get("/attachments/{channel}/{id:\\d+}/{name}", self._attachment)
        app.router.add_get("/emojis/{id:\\d+}", self._emoji)
        page_api.add_routes(app, self)
        return app

    async def _attachment(self, request: web.Request) -> web.Response:
        attachment = self.world.attachments.get(int(request.match_info["id"]))
        if attachment is None:
            raise web.HTTPNotFound
        # Sent as a download: an uploaded page must not run with the playground's origin.
        headers = {
            "Content-Type": attachment.content_type,
            "Content-Disposition": "attachment",
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(body=attachment.content, headers=headers)

    async def _emoji(self, request: web.Request) -> web.Response:
        emoji = server_emoji.find(self.world, int(request.match_info["id"]))
        if emoji is None:
            raise web.HTTPNotFound
        # An SVG opened by itself may hold scripts; within a page it is a picture only.
        headers = {
            "Content-Type": emoji.content_type,
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(body=emoji.image, headers=headers)

    # --- who is here ---------------------------------------------------------------------------

    @property
    def bot(self) -> User:
        """The first bot."""
        return self.world.users[next(iter(self.world.applications))]

    def person(self, name: str) -> Person:
        """A human by name ("alice"), always the same object. Raises LookupError."""
        user = self.world.user_named(name)
        if user.id not in self._people:
            self._people[user.id] = Person(self.world, user)
        return self._people[user.id]

    # --- what happened -------------------------------------------------------------------------

    @property
    def requests(self) -> list[Record]:
        """The latest REST requests, oldest first."""
        return list(self.rest.records)

    @property
    def unknown_requests(self) -> list[Record]:
        """Requests to routes the playground does not have."""
        return [record for record in self.rest.records if not record.template]

    def requests_to(self, route: str) -> list[Record]:
        """By route name, as in "POST /channels/{channel_id}/messages"."""
        return [record for record in self.rest.records if record.name == route]

    async def bot_ready(self, timeout_s: float = 30.0) -> None:
        """Waits until the bot has a live gateway session."""
        await self.world.until(lambda: self.gateway.live(self.bot), timeout_s, "the bot to connect")

    # --- breaking things on purpose --------------------------------------------------------------

    async def drop_bot(self) -> None:
        """Cuts the bot's socket; its session stays, so it should RESUME."""
        await self.gateway.drop(self.bot)

    async def invalidate_session(self) -> None:
        """Ends the bot's session; it should IDENTIFY again."""
        await self.gateway.invalidate(self.bot)

    def fail_next(
        self,
        route: str,
        times: int = 1,
        *,
        status: int | None = 500,
        retry_after_s: float = 0.5,
        delay_s: float = 0.0,
    ) -> None:
        """Spoils the next requests on a route; `status` None only delays them."""
        self.rest.faults.append(Fault(route, times, status, retry_after_s, delay_s))

    def deny(self, channel: Channel, permission: Permission, user: User | None = None) -> None:
        """Takes a permission away in a channel, from the bot unless told otherwise."""
        self.world.overwrite(channel, user or self.bot, deny=permission)

    def expire_edits(self, message: Message) -> None:
        """Makes every further edit fail with 30046, as for messages older than an hour."""
        message.is_edit_expired = True


@web.middleware
async def _only_own_names(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuses foreign Host names, so that no web page can reach in by rebinding its own."""
    name = request.host.rpartition(":")[0] if request.host[-1:].isdigit() else request.host
    if name not in _OWN_NAMES and request.host not in _OWN_NAMES:
        raise web.HTTPForbidden(text="the playground answers to loopback names only")
    return await handler(request)
