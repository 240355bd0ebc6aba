"""`bowerbird doctor`: looks at everything the bot needs, and says what to do where it lacks.

Each check is independent, so one failure never hides another. Nothing is changed, except that
the database's schema is brought up to date as every start does. Loads no model and no torch.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final, Literal

import aiohttp

from bowerbird.bot.failures import NO_TOKEN, PORTAL, TOKEN_REFUSED, explain
from bowerbird.bot.schedule import WHY_TRAINING_IS_OFF, next_moment
from bowerbird.bot.settings import Settings
from bowerbird.personalization.models import model_path
from bowerbird.storage.sql import SqlStore

TIMEOUT_S: Final = 15
ROOM_NEEDED_GB: Final = 1.0
CLOCK_SKEW_S: Final = 60.0
_MESSAGE_CONTENT: Final = (1 << 18) | (1 << 19)  # application flags: verified, or under 100 servers


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. ``note``: works, but the operator should know."""

    about: str
    status: Literal["ok", "note", "fail"]
    text: str


async def doctor(settings: Settings, options: argparse.Namespace) -> int:
    """Print one line for each check; 1 if any fails."""
    is_fine = True
    async for finding in examine(settings):
        is_fine &= finding.status != "fail"
        mark = {"ok": "ok  ", "note": "note", "fail": "FAIL"}[finding.status]
        sys.stdout.write(f"{mark}  {finding.about:<11} {finding.text}\n")
        sys.stdout.flush()
    return 0 if is_fine else 1


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """All findings, in the order in which they are best mended."""
    async for finding in _discord(settings):
        yield finding
    checks: dict[str, Callable[[Settings], Awaitable[Finding]]] = {
        "model": _model,
        "disk": _disk,
        "database": _database,
        "night": _night,
    }
    for about, check in checks.items():
        try:
            yield await check(settings)
        except Exception as error:
            failure = explain(error)
            if failure is None:
                raise
            yield Finding(about, "fail", failure.lines[0])


async def _discord(settings: Settings) -> AsyncIterator[Finding]:
    """Token, intents and clock: three findings from two requests."""
    token = settings.discord_token.get_secret_value()
    if not token:
        yield Finding("token", "fail", NO_TOKEN)
        return
    base = settings.rest_url
    headers = {"Authorization": f"Bot {token}", "User-Agent": "DiscordBot (bowerbird, doctor)"}
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    try:
        async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
            async with session.get(f"{base}/users/@me") as response:
                status, date = response.status, response.headers.get("Date")
                user = await response.json() if status == 200 else {}
            if status == 200:
                async with session.get(f"{base}/oauth2/applications/@me") as response:
                    application = await response.json() if response.status == 200 else {}
    except TimeoutError:
        text = f"{base} did not answer within {TIMEOUT_S} s; check the network"
        yield Finding("token", "fail", text)
        return
    except (aiohttp.ClientError, OSError, ValueError) as error:
        failure = explain(error)
        text = failure.lines[0] if failure else f"{base} gave no sensible answer: {error}"
        yield Finding("token", "fail", text)
        return
    if status == 401:
        yield Finding("token", "fail", TOKEN_REFUSED)
    elif status != 200:
        yield Finding("token", "fail", f"Discord answered {status}; try again in a few minutes")
    else:
        yield Finding("token", "ok", f"Discord knows this bot as {user.get('username')}")
        yield _intents(application)
    yield _clock(date, datetime.now(UTC))


def _intents(application: dict[str, Any]) -> Finding:
    if int(application.get("flags") or 0) & _MESSAGE_CONTENT:
        return Finding("intents", "ok", "Message Content is on")
    text = (
        "Message Content is off: only mentions, replies with a ping, and direct messages are "
        f"answered; it can be switched on at {PORTAL} (Bot)"
    )
    return Finding("intents", "note", text)


def _clock(date: str | None, now: datetime) -> Finding:
    """``date``: the Date header (RFC 9110) of an answer that has just arrived."""
    try:
        skew_s = (now - parsedate_to_datetime(date or "")).total_seconds()
    except (ValueError, TypeError):
        return Finding("clock", "note", "Discord did not say what time it is")
    if abs(skew_s) > CLOCK_SKEW_S:
        which = "ahead of" if skew_s > 0 else "behind"
        text = f"{abs(skew_s):.0f} s {which} Discord's; switch on time synchronisation (NTP)"
        return Finding("clock", "fail", text)
    return Finding("clock", "ok", f"within {CLOCK_SKEW_S:.0f} s of Discord's")


async def _model(settings: Settings) -> Finding:
    path = await asyncio.to_thread(model_path, settings.base_model, settings.models_dir)
    return Finding("model", "ok", f"{settings.base_model} in {path}")


async def _disk(settings: Settings) -> Finding:
    existing = next(path for path in _with_parents(settings.data_dir) if path.exists())
    if not existing.is_dir():
        return Finding("disk", "fail", f"DATA_DIR={settings.data_dir} is not a directory")
    free_gb = shutil.disk_usage(existing).free / 1e9
    if free_gb < ROOM_NEEDED_GB:
        text = f"{free_gb:.1f} GB free in {existing}; make at least {ROOM_NEEDED_GB:.0f} GB free"
        return Finding("disk", "fail", text)
    return Finding("disk", "ok", f"{free_gb:.1f} GB free in {existing}")


def _with_parents(path: Path) -> list[Path]:
    absolute = path.absolute()
    return [absolute, *absolute.parents]


async def _database(settings: Settings) -> Finding:
    store = SqlStore(settings.store_url)
    try:
        await store.open()
        people = await store.people()
    finally:
        await store.aclose()
    return Finding("database", "ok", f"up to date; {len(people)} people known")


async def _night(settings: Settings) -> Finding:
    if not settings.training_acknowledged:
        return Finding("night", "note", WHY_TRAINING_IS_OFF)
    moment = next_moment(datetime.now(UTC), settings.nightly_at, settings.zone)
    local = moment.astimezone(settings.zone).strftime("%Y-%m-%d %H:%M")
    return Finding("night", "ok", f"the next one is at {local} {settings.timezone}")
