"""Tokens become messages: posted at once, then edited at the channel's pace, split, and finished.

Contract: `show` reads pieces of text to their end; `Shown` says at every moment which messages they
became. The last text is always sent and never waits for the pace. Where the messages are gone
(deleted by a moderator, a permission withdrawn) it ends with `ReplyGoneError`; closing the pieces,
and so stopping the generation, is the caller's. Knows of messages only what `Surface` offers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, Protocol, TypeVar

import aiohttp
import discord

from bowerbird.bot import rendering
from bowerbird.bot.pacing import EditPace

_log = logging.getLogger(__name__)
OLD_MESSAGE_EDITS = 30046
"""Discord's error: a message older than an hour takes few edits. Go on in a new one."""
_RETRY_AFTER_S = (1.0, 4.0)


class ReplyGoneError(Exception):
    """There is no place left to stream into; nobody reads on."""


class HasId(Protocol):
    @property
    def id(self) -> int: ...


M = TypeVar("M", bound=HasId)


class Notice(str):
    """Among the pieces: what stands in the reply's place until there is something to read."""

    __slots__ = ()


class Stage(Enum):
    """Where a message of a reply stands, which decides the buttons below it."""

    WAITING = "waiting"
    """A notice in the place of a reply that has not begun."""
    GROWING = "growing"
    """The last part of a reply that goes on."""
    PART = "part"
    """Others follow."""
    DONE = "done"
    """The last part of a finished reply."""


class Surface(Protocol[M]):
    """Where a reply is shown: a channel, or the answer to an interaction."""

    @property
    def budget_id(self) -> int:
        """Whose edit budget it uses (see `pacing`): the channel's, as a rule."""

    async def post(self, text: str, after: M | None, stage: Stage) -> M:
        """A new message; ``after`` is the part before it, ``None`` for the first."""

    async def edit(self, message: M, text: str, stage: Stage) -> None: ...

    async def delete(self, message: M) -> None: ...


@dataclass(eq=False, slots=True)
class Shown(Generic[M]):
    """The messages of one reply and what each says now; filled while it streams."""

    messages: list[M] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    has_begun: bool = False
    """Whether anything of the reply itself can be read yet."""

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(message.id for message in self.messages)


async def show(
    pieces: AsyncIterable[str], surface: Surface[M], pace: EditPace, shown: Shown[M], head: str = ""
) -> None:
    """Stream ``pieces`` below ``head`` into ``surface``. White space alone shows nothing.

    A `Notice` among the pieces is shown, instead of the one before, until the first text.
    Raises `ReplyGoneError`, and whatever ``pieces`` raise.
    """
    text, shown.has_begun = "", False
    try:
        async for piece in pieces:
            if isinstance(piece, Notice):
                if not shown.has_begun:
                    await _update(surface, pace, shown, head + piece, Stage.WAITING)
                continue
            text += piece
            # A back-tick at the end may be the beginning of a fence, which decides where to cut.
            steady = text.rstrip("`")
            may = pace.take if shown.has_begun else pace.begin
            if steady.strip() and may(surface.budget_id, shown):
                await _update(surface, pace, shown, head + steady, Stage.GROWING)
                shown.has_begun = bool(shown.messages)
    finally:
        pace.leave(surface.budget_id, shown)
    if text.strip():
        shown.has_begun = True
        await _update(surface, pace, shown, head + text, Stage.DONE)


async def discard(surface: Surface[M], shown: Shown[M], *, keep: int = 0) -> None:
    """Delete what was shown after the first ``keep`` messages; those gone already are no error."""
    while len(shown.messages) > keep:
        try:
            await surface.delete(_popped(shown))
        except (discord.NotFound, discord.Forbidden) as error:
            _log.debug("nothing to delete: %s", error)


async def _update(
    surface: Surface[M], pace: EditPace, shown: Shown[M], text: str, last: Stage
) -> None:
    """Make the messages say ``text``, the last one at stage ``last``; touch those that differ."""
    parts, is_last = rendering.split(text), last is Stage.DONE
    for index, part in enumerate(parts):
        stage = Stage.PART if index < len(parts) - 1 else last
        if index == len(shown.messages):
            if not await _post(surface, shown, part, stage, is_last=is_last):
                return
        elif (shown.texts[index], shown.stages[index]) != (part, stage):
            await _edit(surface, pace, shown, index, part, stage, is_last=is_last)
    while is_last and len(shown.messages) > len(parts):
        await surface.delete(_popped(shown))


def _popped(shown: Shown[M]) -> M:
    shown.texts.pop()
    shown.stages.pop()
    return shown.messages.pop()


async def _post(
    surface: Surface[M], shown: Shown[M], part: str, stage: Stage, *, is_last: bool
) -> bool:
    after = shown.messages[-1] if shown.messages else None

    async def post() -> None:
        posting = asyncio.ensure_future(surface.post(part, after, stage))
        try:
            await asyncio.shield(posting)
        finally:  # also when cancelled: the message may be there already, and must be known
            shown.messages.append(await posting)
            shown.texts.append(part)
            shown.stages.append(stage)

    return await _send(post, is_last=is_last)


async def _edit(
    surface: Surface[M],
    pace: EditPace,
    shown: Shown[M],
    index: int,
    part: str,
    stage: Stage,
    *,
    is_last: bool,
) -> None:
    async def edit() -> None:
        started_at = time.monotonic()
        pace.edits(surface.budget_id)
        try:
            await surface.edit(shown.messages[index], part, stage)
        except discord.HTTPException as error:
            if error.code != OLD_MESSAGE_EDITS:
                raise
            shown.messages[index] = await surface.post(part, shown.messages[index], stage)
        shown.texts[index] = part
        shown.stages[index] = stage
        pace.took(surface.budget_id, time.monotonic() - started_at)

    await _send(edit, is_last=is_last)


async def _send(action: Callable[[], Awaitable[None]], *, is_last: bool) -> bool:
    """Do it. A passing failure of Discord's matters, and is retried, only at the end."""
    for retry_after_s in (*_RETRY_AFTER_S, None) if is_last else (None,):
        try:
            await action()
            return True
        except (discord.NotFound, discord.Forbidden) as error:
            raise ReplyGoneError(str(error)) from error
        except discord.HTTPException as error:
            if not isinstance(error, discord.DiscordServerError):
                raise
            failure: Exception = error
        except (aiohttp.ClientError, TimeoutError) as error:
            failure = error
        if retry_after_s is None:
            if is_last:
                raise failure
            _log.warning("an edit failed and the next one makes up for it: %s", failure)
            return False
        await asyncio.sleep(retry_after_s)
    return False
