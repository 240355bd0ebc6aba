"""`/healthz`, `/readyz` and `/metrics` on loopback, for whatever watches over the process.

`/healthz` answers 200 while the event loop turns. `/readyz` answers 200 once everything asked
says yes, else 503, with each answer as JSON. `/metrics` is Prometheus' text, if there are any.
Does not know what it asks.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from bowerbird.bot.metrics import CONTENT_TYPE, Metrics

HOST: Final = "127.0.0.1"
Checks = Mapping[str, Callable[[], Awaitable[bool]]]


@asynccontextmanager
async def serve_health(
    port: int, checks: Checks, metrics: Metrics | None = None
) -> AsyncIterator[int]:
    """Answer until the block ends; yields the port (the system's choice for 0).

    Raises ``OSError`` where the port is in use.
    """

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_: web.Request) -> web.Response:
        answers = {name: await check() for name, check in checks.items()}
        return web.json_response(answers, status=200 if all(answers.values()) else 503)

    async def tell_metrics(_: web.Request) -> web.Response:
        if metrics is None:
            raise web.HTTPNotFound
        return web.Response(body=metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    application = web.Application()
    application.add_routes(
        [
            web.get("/healthz", healthz),
            web.get("/readyz", readyz),
            web.get("/metrics", tell_metrics),
        ]
    )
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
