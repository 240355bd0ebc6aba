"""Eight people in one channel at once, under Discord's limits: what becomes of their edits.

The playground counts requests as Discord does (five edits per five seconds and channel, whomever
they are for). The bot is whole but for the model: replies of 40 to 250 tokens come as a row of
eight gets them on the machines that build this project. Asked of it: at most five edits in any five
seconds, none refused, and a reply's last edit at most 1.5 s after its last token.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks import report
from bowerbird.personalization.generation.backend import GenerationChunk, GenerationRequest
from bowerbird.playground import Playground, RateLimits
from bowerbird.playground.model import Message
from bowerbird.playground.people import Person
from tests.bot import house as houses
from tests.bot.house import House
from tests.fakes import FakeBackend

PEOPLE: Final = 8
TURNS: Final = 3
TOKENS: Final = (40, 250)
TOKENS_PER_S: Final = 18.0
PAUSE_S: Final = (1.0, 8.0)
WINDOW_S: Final = 5.0
REPLY_S: Final = 120.0
STEP_S: Final = 0.02


@dataclass(slots=True)
class Streaming:
    """What the playground saw. ``late_s``: of each reply, the last edit after the last token."""

    edits_per_window: int = 0
    refused: int = 0
    edits: int = 0
    late_s: list[float] = field(default_factory=list)
    first_s: list[float] = field(default_factory=list)
    stalled_s: float = 0.0
    """For how long, at most, a busy machine let nothing at all happen here."""


class PacedBackend(FakeBackend):
    """Says numbered words, one a token, at a steady pace, and notes when each reply was made."""

    def __init__(self, tokens: tuple[int, int], per_s: float) -> None:
        super().__init__()
        self._tokens = tokens
        self._per_s = per_s
        self._lengths = random.Random(8)
        self.made_at: dict[str, float] = {}
        """When the last token of each reply came, by its text."""

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationChunk, None]:
        number = len(self.requests)
        count = self._lengths.randint(*self._tokens)
        self.answer = lambda _: " ".join([f"reply{number}", *map(str, range(count))])
        begun, text = time.monotonic(), ""
        async for chunk in super().generate(request):
            text += chunk.text
            if chunk.finish_reason is None:
                due = begun + len(text.split(" ")) / self._per_s
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                self.made_at[text] = time.time()
            yield chunk


async def measure(
    people: int = PEOPLE,
    turns: int = TURNS,
    tokens: tuple[int, int] = TOKENS,
    per_s: float = TOKENS_PER_S,
    pause_s: tuple[float, float] = PAUSE_S,
) -> Streaming:
    """Everybody asks ``turns`` questions, the next one a while after the last answer."""
    backend = PacedBackend(tokens, per_s)
    async with Playground(rate_limits=RateLimits()) as playground:
        guild = next(iter(playground.world.guilds.values()))
        names = [f"person{number}" for number in range(people)]
        for name in names:
            playground.world.add_member(guild, playground.world.create_user(name))
        with tempfile.TemporaryDirectory() as folder:
            async with houses.running(playground, Path(folder), backend=backend) as house:
                found = Streaming()
                watch = asyncio.create_task(_watch(found))
                await asyncio.gather(
                    *(_talk(house, house.person(name), turns, pause_s, found) for name in names)
                )
                watch.cancel()
                return _judged(house, backend, found)


async def _talk(
    house: House, person: Person, turns: int, pause_s: tuple[float, float], found: Streaming
) -> None:
    pauses = random.Random(person.name)
    for _ in range(turns):
        await asyncio.sleep(pauses.uniform(*pause_s))
        asked_at = time.monotonic()
        question = await person.say("general", f"{house.mention} tell me")
        reply = await person.wait_for_reply(question, REPLY_S)
        found.first_s.append(time.monotonic() - asked_at)
        await person.wait_until(lambda reply=reply: _is_finished(house, reply), REPLY_S, "its end")


async def _watch(found: Streaming) -> None:
    while True:
        slept_at = time.monotonic()
        await asyncio.sleep(STEP_S)
        found.stalled_s = max(found.stalled_s, time.monotonic() - slept_at - STEP_S)


def _is_finished(house: House, reply: Message) -> bool:
    return any(house.bot_id in reaction.user_ids for reaction in reply.reactions)


def _judged(house: House, backend: PacedBackend, found: Streaming) -> Streaming:
    edits = house.playground.requests_to("PATCH /channels/{channel_id}/messages/{message_id}")
    moments = sorted(record.at for record in edits)
    found.edits = len(edits)
    found.refused = sum(record.status == 429 for record in edits)
    found.edits_per_window = max(_in_windows(moments), default=0)
    world = house.playground.world
    for message in world.messages.values():
        if message.content in backend.made_at:
            shown_at = next(v.at for v in message.versions if v.content == message.content)
            found.late_s.append(shown_at - backend.made_at[message.content])
    return found


def _in_windows(moments: Sequence[float]) -> list[int]:
    """How many of them lie in the window that each of them begins."""
    return [
        sum(start <= moment < start + WINDOW_S for moment in moments[index:])
        for index, start in enumerate(moments)
    ]


def main(rounds: int, out: Path) -> None:
    """One round, whatever ``rounds``: it takes a minute or two."""
    found = asyncio.run(measure())
    table = Table("", "asked", "found", title=f"{PEOPLE} people in one channel, {TURNS} turns each")
    late = sorted(found.late_s)
    table.add_row("edits in 5 s, at most", "≤ 5", str(found.edits_per_window))
    table.add_row("edits refused", "0", str(found.refused))
    table.add_row("last edit after the last token, at most", "≤ 1.5 s", f"{late[-1]:.2f} s")
    table.add_row("… median", "", f"{statistics.median(late):.2f} s")
    table.add_row("longest stall of the machine meanwhile", "", f"{found.stalled_s:.2f} s")
    table.add_row("first words, median", "", f"{statistics.median(found.first_s):.1f} s")
    table.add_row("edits, all together", "", str(found.edits))
    Console().print(table)
    figures = {
        "edits_per_5s": found.edits_per_window,
        "rejected_edits": found.refused,
        "last_edit_s": {"max": round(late[-1], 2), "p50": round(statistics.median(late), 2)},
        "first_words_s_p50": round(statistics.median(found.first_s), 2),
    }
    report.merge(out.parent, {"machine": report.machine(), "streaming": figures})
