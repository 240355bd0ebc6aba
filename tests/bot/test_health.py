"""What watches over the process gets true answers."""

from __future__ import annotations

import aiohttp
import pytest

from bowerbird.bot.health import serve_health


async def test_health_and_readiness() -> None:
    ready = {"discord": True, "database": False}

    def check(name: str):
        async def answer() -> bool:
            return ready[name]

        return answer

    async with (
        serve_health(0, {name: check(name) for name in ready}) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        async with session.get("/healthz") as response:
            assert (response.status, await response.text()) == (200, "ok\n")
        async with session.get("/readyz") as response:
            assert (response.status, await response.json()) == (503, ready)
        ready["database"] = True
        async with session.get("/readyz") as response:
            assert (response.status, await response.json()) == (200, ready)


async def test_a_taken_port_is_an_os_error() -> None:
    async with serve_health(0, {}) as port:
        with pytest.raises(OSError, match="in use"):
            async with serve_health(port, {}):
                pass
