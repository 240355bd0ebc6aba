"""Streaming onto a surface that is no Discord, with Discord's failures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.bot import rendering, streaming
from bowerbird.bot.pacing import EditPace
from bowerbird.bot.streaming import ReplyGoneError, Shown, Stage


def http_error(kind: type[discord.HTTPException], status: int, code: int = 0) -> Exception:
    response = cast("Any", SimpleNamespace(status=status, reason="as scripted"))
    return kind(response, {"code": code, "message": "as scripted"})


@dataclass(eq=False)
class Note:
    id: int
    text: str
    after: Note | None
    stage: Stage


class Board:
    """Notes on a board; `failures` are raised by the next calls."""

    budget_id = 1

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.failures: list[Exception | None] = []
        self.edits = 0
        self.is_posting = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    def _fail(self) -> None:
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure

    async def post(self, text: str, after: Note | None, stage: Stage) -> Note:
        self._fail()
        assert 0 < len(text) <= rendering.MESSAGE_LIMIT
        self.is_posting.set()
        await self.gate.wait()
        self.notes.append(Note(len(self.notes) + 1, text, after, stage))
        return self.notes[-1]

    async def edit(self, message: Note, text: str, stage: Stage) -> None:
        self._fail()
        assert 0 < len(text) <= rendering.MESSAGE_LIMIT
        self.edits += 1
        message.text = text
        message.stage = stage

    async def delete(self, message: Note) -> None:
        self._fail()
        self.notes.remove(message)


class Eager(EditPace):
    """Always time for an edit."""

    def take(self, channel_id: int, stream: object) -> bool:
        return True


async def pieces_of(parts: Iterable[str]) -> AsyncIterator[str]:
    for part in parts:
        await asyncio.sleep(0)
        yield part


async def shown_on(board: Board, parts: Iterable[str], pace: EditPace | None = None) -> Shown[Note]:
    shown: Shown[Note] = Shown()
    await streaming.show(pieces_of(parts), board, pace or Eager(), shown)
    return shown


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "_RETRY_AFTER_S", (0.0, 0.0))


@given(
    st.lists(
        st.sampled_from(["word ", "para\n\n", "```py\ncode\n", "``", "`", "\n", "x" * 900, "é "]),
        max_size=30,
    ),
    st.booleans(),
)
def test_what_is_shown_in_the_end_is_the_split_reply(parts: list[str], is_eager: bool) -> None:
    board = Board()
    shown = asyncio.run(shown_on(board, parts, Eager() if is_eager else EditPace()))
    assert [note.text for note in board.notes] == rendering.split("".join(parts))
    assert shown.texts == [note.text for note in shown.messages]
    stages = [note.stage for note in board.notes]
    assert stages == ([Stage.PART] * len(stages) + [Stage.DONE])[1:]
    assert shown.stages == stages


async def test_the_first_words_are_shown_at_once_and_the_end_without_waiting() -> None:
    board = Board()
    await shown_on(board, ["a", " b", " c", " d"], EditPace())
    assert board.edits == 2  # one slot was free at once; the last edit needs none
    assert board.notes[0].text == "a b c d"


async def test_white_space_is_never_sent() -> None:
    board = Board()
    assert (await shown_on(board, [" ", "\n"])).messages == []
    assert board.notes == []


async def test_later_parts_reply_to_earlier_ones() -> None:
    board = Board()
    await shown_on(board, ["line\n"] * 900)
    assert len(board.notes) == 3
    assert [note.after for note in board.notes] == [None, board.notes[0], board.notes[1]]


async def test_passing_failures_are_made_up_for() -> None:
    board = Board()
    broken = http_error(discord.DiscordServerError, 503)
    board.failures = [None, broken, broken, broken, broken]
    await shown_on(board, ["a", " b", " c", " d"])
    assert board.notes[0].text == "a b c d"


async def test_a_failed_first_post_is_made_up_for() -> None:
    board = Board()
    board.failures = [http_error(discord.DiscordServerError, 503)]
    await shown_on(board, ["x " * 1500, "y"])
    assert [len(note.text) for note in board.notes] == [1999, 1001]


async def test_lasting_failures_are_told() -> None:
    board = Board()
    board.failures = [None, *[http_error(discord.DiscordServerError, 503)] * 9]
    with pytest.raises(discord.DiscordServerError):
        await shown_on(board, ["a", " b"])


@pytest.mark.parametrize(
    "failure",
    [http_error(discord.NotFound, 404, 10008), http_error(discord.Forbidden, 403, 50013)],
)
async def test_nothing_is_streamed_into_what_is_gone(failure: Exception) -> None:
    board = Board()
    board.failures = [None, failure]
    pulled: list[str] = []

    async def pieces() -> AsyncIterator[str]:
        for piece in ("a", " b", " c"):
            pulled.append(piece)
            yield piece

    with pytest.raises(ReplyGoneError):
        await streaming.show(pieces(), board, Eager(), Shown())
    assert pulled == ["a", " b"]


async def test_an_old_message_is_continued_in_a_new_one() -> None:
    board = Board()
    board.failures = [None, http_error(discord.HTTPException, 429, 30046)]
    shown = await shown_on(board, ["a", " b", " c"])
    assert [note.text for note in board.notes] == ["a", "a b c"]
    assert shown.ids == (2,)


async def test_a_post_that_is_cancelled_is_still_known() -> None:
    board = Board()
    board.gate.clear()
    shown: Shown[Note] = Shown()
    task = asyncio.create_task(streaming.show(pieces_of(["a"]), board, Eager(), shown))
    await board.is_posting.wait()
    task.cancel()
    await asyncio.sleep(0)
    board.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert shown.messages == board.notes != []
    await streaming.discard(board, shown)
    assert board.notes == []
