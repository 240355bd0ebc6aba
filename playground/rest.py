"""The door of the REST API v10: who may come in, how often, and a record of everything.

Contract: finds the route, checks the token, injects faults a test asked for, counts rate limits,
runs the handler, writes Discord's answer and keeps a `Record` of it. Answers are exactly
`application/json`: discord.py reads anything else as text. Knows no route by name.
"""

from __future__ import annotations

import asyncio
import json
import logging
import mimetypes
import re
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bowerbird.playground import (
    errors,
    routes_interactions,
    routes_messages,
    routes_places,
)
from bowerbird.playground.errors import DiscordError
from bowerbird.playground.forms import Upload
from bowerbird.playground.model import Application
from bowerbird.playground.ratelimits import RateLimiter
from bowerbird.playground.routing import Call, Created, Route
from bowerbird.playground.world import World

log = logging.getLogger(__name__)

RECORDS_KEPT = 4000
VIA = "1.1 google"  # without it discord.py takes a 429 for a ban by Cloudflare
_FILE_FIELD = re.compile(r"files\[(\d+)\]")


@dataclass(slots=True)
class Record:
    """One request and its answer, for tests to look at. `template` is "" for an unknown route."""

    at: float
    method: str
    path: str
    template: str = ""
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    files: list[str] = field(default_factory=list)
    status: int = 0
    answer: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    is_injected: bool = False  # a fault that a test asked for

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def code(self) -> int | None:
        """Discord's JSON error code."""
        is_error = self.status >= 400 and isinstance(self.answer, dict)
        return self.answer.get("code") if is_error else None


@dataclass(slots=True)
class Fault:
    """What the next `times` requests on a route get; `status` None: their answer, only late."""

    route: str
    times: int
    status: int | None = None
    retry_after_s: float = 0.5
    delay_s: float = 0.0


class Rest:
    def __init__(self, world: World, limiter: RateLimiter) -> None:
        self.world = world
        self.limiter = limiter
        self.gateway_url = ""
        self.records: deque[Record] = deque(maxlen=RECORDS_KEPT)
        self.faults: list[Fault] = []

    def app(self) -> web.Application:
        """To be mounted below /api/v10."""
        app = web.Application()
        rooms = (routes_places, routes_messages, routes_interactions)
        for route in (route for room in rooms for route in room.routes.all):
            app.router.add_route(route.method, route.pattern, self._serve(route))
        app.router.add_route("*", "/{tail:.*}", self._serve(None))
        return app

    def _serve(self, route: Route | None) -> Any:
        async def serve(request: web.Request) -> web.Response:
            record = Record(self.world.now(), request.method, request.path)
            record.query = dict(request.query)
            try:
                status, answer, headers = await self._answer(request, route, record)
            except DiscordError as error:
                status, answer, headers = error.status, error.body(), {}
                if status == 429:
                    headers = {"Via": VIA}
            except Exception:
                log.exception("the playground failed at %s %s", record.method, record.path)
                status, answer, headers = (
                    500,
                    {"message": "500: Internal Server Error", "code": 0},
                    {},
                )
            headers = record.headers | headers
            record.status, record.answer, record.headers = status, answer, headers
            self.records.append(record)
            if status >= 400:
                log.info("%s %s → %s %s", record.method, record.path, status, answer)
            self.world.wake()
            if answer is None:
                return web.Response(status=status, headers=headers)
            text = json.dumps(answer).encode()
            return web.Response(
                status=status, body=text, content_type="application/json", headers=headers
            )

        return serve

    async def _answer(
        self, request: web.Request, route: Route | None, record: Record
    ) -> tuple[int, Any, dict[str, str]]:
        record.body, uploads = await _read_body(request)
        record.files = [upload.filename for upload in uploads.values()]
        if route is None:
            log.warning("unknown route: %s %s", request.method, request.path)
            raise errors.not_found_route()
        record.template = route.template
        if (refused := await self._fault(route)) is not None:
            record.is_injected = True
            return refused
        application = self._application(request, route)
        if route.limit is not None:
            taken = self.limiter.take(
                route.limit,
                str(application.id),
                route.major(request.match_info),
                counts_globally=not route.is_webhook,
            )
            record.headers |= taken.headers
            if taken.retry_after_s is not None:
                return _too_many(taken.retry_after_s, is_global=taken.is_global)
        call = Call(
            self.world,
            self.gateway_url,
            application,
            request.match_info,
            request.query,
            record.body,
            uploads,
        )
        answer = route.handler(call)
        if isinstance(answer, Created):
            return 201, answer.body, {}
        return (204 if answer is None else 200), answer, {}

    def _application(self, request: web.Request, route: Route) -> Application:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        application = self.world.application_of_token(token) if scheme == "Bot" else None
        if application is None:
            if route.needs_token:
                raise errors.unauthorized()
            return next(iter(self.world.applications.values()))
        return application

    async def _fault(self, route: Route) -> tuple[int, Any, dict[str, str]] | None:
        fault = next((f for f in self.faults if f.route == route.name and f.times > 0), None)
        if fault is None:
            return None
        fault.times -= 1
        if fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        if fault.status is None:
            return None
        if fault.status == 429:
            return _too_many(fault.retry_after_s, is_global=False)
        return fault.status, {"message": f"{fault.status}: injected fault", "code": 0}, {}


def _too_many(retry_after_s: float, *, is_global: bool) -> tuple[int, Any, dict[str, str]]:
    body = {
        "message": "You are being rate limited.",
        "retry_after": retry_after_s,
        "global": is_global,
    }
    return 429, body, {"Via": VIA, "Retry-After": str(int(retry_after_s) + 1)}


async def _read_body(request: web.Request) -> tuple[Any, dict[int, Upload]]:
    """The JSON body, or `payload_json` and files out of a multipart form."""
    if not request.can_read_body:
        return None, {}
    if not request.content_type.startswith("multipart/"):
        return _parse(await request.text()), {}
    body: Any = {}
    uploads: dict[int, Upload] = {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            if (numbered := _FILE_FIELD.fullmatch(name)) is None:
                continue
            kind = mimetypes.guess_type(value.filename)[0] or "application/octet-stream"
            content = value.file.read()
            uploads[int(numbered.group(1))] = Upload(value.filename, kind, content)
        elif name == "payload_json":
            body = _parse(value if isinstance(value, str) else bytes(value).decode())
    return body, uploads


def _parse(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        raise errors.invalid_json() from None
