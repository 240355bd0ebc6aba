"""The playground's web page: its files, and the socket over which a tab acts as one person.

Contract: `add_routes` serves `page/` at `/` and opens `/page/socket?as=NAME&locale=LANGUAGE`, where
a `page_tab.Tab` goes on. The browser's language is that person's Discord language. A socket from
another website is refused by its Origin; foreign host names already are by the server. The page may
load nothing but its own files.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import WSCloseCode, web

from bowerbird.playground.page_tab import Reads, Tab

if TYPE_CHECKING:
    from bowerbird.playground.server import Playground

PAGE = Path(__file__).parent / "page"
HEARTBEAT_S = 30.0
MAX_FRAME_BYTES = 32 * 1024 * 1024
"""Of what a tab sends: a message with its files, in base64."""


def add_routes(app: web.Application, playground: Playground) -> None:
    reads = Reads()
    sockets: set[web.WebSocketResponse] = set()

    async def open_socket(request: web.Request) -> web.StreamResponse:
        _refuse_other_sites(request)
        try:
            person = playground.person(request.query.get("as", ""))
        except LookupError as error:
            raise web.HTTPNotFound(text=str(error)) from None
        if person.user.is_bot:
            raise web.HTTPNotFound(text=f"{person.name} is a bot")
        if locale := request.query.get("locale"):
            person.speak(locale)
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=MAX_FRAME_BYTES)
        await socket.prepare(request)
        sockets.add(socket)
        try:
            await Tab(person, reads, socket).serve()
        finally:
            sockets.discard(socket)
        return socket

    async def close_sockets(app: web.Application) -> None:
        for socket in tuple(sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    app.on_shutdown.append(close_sockets)
    app.router.add_get("/", _file)
    app.router.add_get("/page/socket", open_socket)
    app.router.add_get("/page/{name}", _file)


async def _file(request: web.Request) -> web.FileResponse:
    name = request.match_info.get("name", "index.html")
    if name not in {path.name for path in PAGE.iterdir()}:
        raise web.HTTPNotFound
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self' ws://{request.host}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    return web.FileResponse(PAGE / name, headers=headers)


def _refuse_other_sites(request: web.Request) -> None:
    """Browsers let any website open a socket to loopback, but say which one it was."""
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{request.host}":
        raise web.HTTPForbidden(text="only the playground's own page may connect")
