"""From an exception to what the operator reads: lines that say what to do, and an exit code.

Knows which failures are foreseen; everything else is a fault of ours and gets a traceback.
"""

from __future__ import annotations

import errno
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from bowerbird.bot.settings import Settings
from bowerbird.personalization.errors import PersonalizationError
from bowerbird.storage.store import StoreError

FAILED: Final = 1
MISUSED: Final = 2

PORTAL: Final = "https://discord.com/developers/applications"
NO_TOKEN: Final = (
    f"DISCORD_TOKEN is missing; put it into .env (it is at {PORTAL}, your application, Bot), "
    "or try `bowerbird playground`, which needs none"
)
TOKEN_REFUSED: Final = (
    f"Discord refused DISCORD_TOKEN; copy it again, or reset it, at {PORTAL} "
    "(your application, Bot)"
)

_SECRET: Final = {"discord_token", "database_url"}
_ERRNO: Final = {
    errno.ENOSPC: "the disk is full; free some space, or set DATA_DIR to another one",
    errno.EDQUOT: "the disk quota is used up; free some space, or set DATA_DIR elsewhere",
    errno.EROFS: "the disk is read-only; set DATA_DIR to one that can be written",
    errno.EACCES: "permission denied; let this user read and write there",
    errno.EADDRINUSE: "the port is in use; choose another one, or stop what uses it",
    errno.ECONNREFUSED: "the connection was refused; is the server up, and its address right?",
}


class CommandError(Exception):
    """A command cannot be done. ``str(error)`` is one sentence that says what to do."""

    exit_code = FAILED


class MisuseError(CommandError):
    """A command or setting was used wrongly."""

    exit_code = MISUSED


@dataclass(frozen=True, slots=True)
class Failure:
    lines: tuple[str, ...]
    exit_code: int = FAILED


def explain(error: BaseException) -> Failure | None:
    """What to tell the operator, or ``None`` for what nobody foresaw."""
    if isinstance(error, ValidationError):
        if error.title != Settings.__name__:
            return None
        return Failure(tuple(_invalid_settings(error)), MISUSED)
    if isinstance(error, CommandError):
        return Failure((str(error),), error.exit_code)
    if isinstance(error, (StoreError, PersonalizationError)):
        return Failure((str(error),))
    if isinstance(error, UnicodeDecodeError) and error.encoding == "utf-8":
        return Failure((".env is not a UTF-8 text file; save it as one",), MISUSED)
    line = _discord_line(error) or _network_line(error) or _system_line(error)
    return Failure((line,)) if line else None


def _invalid_settings(error: ValidationError) -> Iterator[str]:
    for detail in error.errors(include_url=False):
        says = detail["msg"].removeprefix("Value error, ")
        if not detail["loc"]:
            yield f"invalid settings: {says}"
            continue
        name = str(detail["loc"][0])
        value = "" if name in _SECRET else f"={detail['input']}"
        yield f"invalid setting {name.upper()}{value}: {says[0].lower()}{says[1:]}"


def _discord_line(error: BaseException) -> str | None:
    # Not imported here: it takes a second, and what was never imported cannot have raised.
    discord = sys.modules.get("discord")
    if discord is None:
        return None
    if isinstance(error, discord.LoginFailure):
        return TOKEN_REFUSED
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return (
            f"Discord refused the intents; switch on Message Content Intent at {PORTAL} "
            "(your application, Bot)"
        )
    if isinstance(error, discord.DiscordServerError):
        return f"Discord is having trouble ({error.status}); try again in a few minutes"
    if isinstance(error, discord.GatewayNotFound):
        return "Discord's gateway cannot be found; try again in a few minutes"
    if isinstance(error, discord.HTTPException):
        return f"Discord refused a request: {error.text or error.response.reason}"
    return None


def _network_line(error: BaseException) -> str | None:
    aiohttp = sys.modules.get("aiohttp")
    if aiohttp is None:
        return None
    if isinstance(error, aiohttp.ClientConnectorError):
        return (
            f"cannot connect to {error.host}:{error.port} "
            f"({error.os_error.strerror or error.os_error}); check the network, "
            "DISCORD_API_URL and DISCORD_GATEWAY_URL"
        )
    if isinstance(error, aiohttp.InvalidURL):
        return f"{error} is not an address; check DISCORD_API_URL and DISCORD_GATEWAY_URL"
    if isinstance(error, aiohttp.ClientError):
        return f"the connection failed ({error or type(error).__name__}); check the network"
    return None


def _system_line(error: BaseException) -> str | None:
    if not isinstance(error, OSError):
        return None
    what = _ERRNO.get(error.errno or 0)
    if what is None:
        return None
    # asyncio's text: "error while attempting to bind on address ('127.0.0.1', 8808): …"
    if address := re.search(r"\('([^']*)', (\d+)", error.strerror or ""):
        return f"{address[1]}:{address[2]}: {what}"
    return f"{error.filename}: {what}" if error.filename else what
