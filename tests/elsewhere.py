"""Runs somebody else's discord.py program against a look-alike server instead of Discord.

    python tests/elsewhere.py API_URL GATEWAY_URL (FILE | -m MODULE) [ARGUMENT…]

Contract: the program itself is unmodified. Both addresses are replaced before it starts, so that
its token reaches nobody else.
"""

from __future__ import annotations

import runpy
import sys
from typing import Any

import yarl


def redirect(api_url: str, gateway_url: str) -> None:
    """Every client of this process, from now on."""
    # The look-alike speaks zlib, but no zstd, which discord.py prefers where it is installed.
    sys.modules["zstandard"] = None  # type: ignore[assignment]
    from discord.http import HTTPClient, Route

    Route.BASE = api_url
    connect = HTTPClient.ws_connect

    async def ws_connect(self: HTTPClient, url: str, **options: Any) -> Any:
        address = yarl.URL(gateway_url).with_query(yarl.URL(url).query)
        return await connect(self, str(address), **options)

    HTTPClient.ws_connect = ws_connect  # type: ignore[method-assign]


if __name__ == "__main__":
    _, api_url, gateway_url, *program = sys.argv
    redirect(api_url, gateway_url)
    if program[0] == "-m":
        sys.argv = program[1:]
        runpy.run_module(program[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = program
        runpy.run_path(program[0], run_name="__main__")
