"""A playground, the bot process in front of it, and a fresh server with people for every test.

One bot process serves many tests: a server (and so a scope) of its own keeps them apart. After
each test the bot must not have complained, nor have been refused anything that the test did not
provoke (`scene.provoked`).
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bowerbird.playground import Playground, RateLimits
from bowerbird.playground.model import Channel, Guild, Message
from bowerbird.playground.people import Person
from bowerbird.playground.rest import Record
from tests.e2e.bot_process import BotProcess
from tests.e2e.scripted_model import make_scripted_model
from tests.playground import schema

REPLY_S = 90.0
_numbers = itertools.count(1)


@dataclass
class Scene:
    """A server with an owner, alice, bob and carol, two channels, and the bot."""

    bot: BotProcess
    guild: Guild
    owner: Person
    alice: Person
    bob: Person
    carol: Person
    general: Channel
    garden: Channel
    provoked: list[Callable[[Record], bool]] = field(default_factory=list)

    @property
    def playground(self) -> Playground:
        return self.bot.playground

    @property
    def me(self) -> str:
        return self.playground.bot.mention

    def refused(self, status: int, method: str = "") -> None:
        """The test itself makes such requests fail."""
        self.provoked.append(lambda r: r.status == status and r.method.startswith(method))

    def replies_to(self, question: Message) -> list[Message]:
        """The bot's replies (their first parts) that are still there, oldest first."""
        return [
            message
            for message in self.playground.world.messages.values()
            if message.reference_id == question.id
            and message.author_id == self.playground.bot.id
            and not message.is_deleted
            and not message.content.startswith("-# ")
        ]

    def offers_to(self, person: Person) -> list[Message]:
        """The questions for consent that this person can see."""
        return [
            message
            for channel in person.channels()
            for message in person.messages(channel)
            if message.author_id == self.playground.bot.id
            and any("consent" in id_ for id_ in custom_ids(message))
            and person.mention in message.content
        ]

    async def reply(self, question: Message, timeout_s: float = REPLY_S) -> Message:
        """The reply once it is complete and can be voted on."""
        replies = await self.playground.world.until(
            lambda: [m for m in self.replies_to(question) if is_finished(self, m)],
            timeout_s,
            f"a finished reply to {question.content!r}",
        )
        return replies[-1]

    async def ask(self, person: Person, text: str, place: Channel | None = None) -> Message:
        """Mention the bot; the complete reply."""
        where = place or self.general
        question = await person.say(where, text if where.is_dm else f"{self.me} {text}")
        return await self.reply(question)

    async def consents(self, *people: Person) -> None:
        for person in people:
            used = await person.slash(self.general, "my personalization", state="on")
            await used.answered(REPLY_S)


def custom_ids(message: Message) -> list[str]:
    return [
        str(item["custom_id"])
        for row in message.components
        for item in row.get("components", ())
        if "custom_id" in item
    ]


def emoji_of(message: Message, user_id: int) -> list[str]:
    return [str(r.emoji) for r in message.reactions if user_id in r.user_ids]


def parts_of(scene: Scene, first: Message) -> list[Message]:
    """A reply's messages: each further part replies to the one before."""
    parts = [first]
    while following := scene.replies_to(parts[-1]):
        parts.append(following[0])
    return parts


def is_finished(scene: Scene, first: Message) -> bool:
    """Its votes are offered below the last part."""
    return len(emoji_of(parts_of(scene, first)[-1], scene.playground.bot.id)) == 3


@pytest.fixture(scope="session")
def scripted_model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_scripted_model(tmp_path_factory.mktemp("scripted"))


@asynccontextmanager
async def running_bot(
    home: Path, model: Path, limits: RateLimits | None = None, **settings: str
) -> AsyncIterator[BotProcess]:
    """A bot process in front of a playground, by default with the real Discord's rate limits."""
    async with Playground(rate_limits=limits) as playground:
        bot = BotProcess(playground, home, model, **settings)
        try:
            await bot.start()
            yield bot
        finally:
            await bot.aclose()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def bot(
    scripted_model_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[BotProcess]:
    """The bot process, running. Modules that need one of their own override this."""
    async with running_bot(tmp_path_factory.mktemp("home"), scripted_model_dir) as bot:
        yield bot


@pytest_asyncio.fixture(loop_scope="session")
async def scene(bot: BotProcess) -> AsyncIterator[Scene]:
    number = next(_numbers)
    playground, world = bot.playground, bot.playground.world
    guild = world.create_guild(f"Bower {number}", world.create_user(f"owner{number}"))
    for name in ("alice", "bob", "carol"):
        world.add_member(guild, world.create_user(f"{name}{number}", name.capitalize()))
    general = world.create_channel(guild, f"general{number}")
    garden = world.create_channel(guild, f"garden{number}")
    world.add_member(guild, playground.bot)
    owner, alice, bob, carol = people = [
        playground.person(f"{name}{number}") for name in ("owner", "alice", "bob", "carol")
    ]
    scene = Scene(bot, guild, owner, alice, bob, carol, general, garden)
    playground.rest.records.clear()
    said_before = len(bot.said)
    try:
        yield scene
    finally:
        for person in people:
            person.leave()
    assert_unharmed(scene, bot.said[said_before:])


def assert_unharmed(scene: Scene, said: str) -> None:
    playground = scene.playground
    assert playground.unknown_requests == []
    assert schema.violations(playground.requests) == []
    refused = [
        f"{r.method} {r.path} → {r.status} {r.answer}"
        for r in playground.requests
        if r.status >= 400 and not any(is_provoked(r) for is_provoked in scene.provoked)
    ]
    assert refused == []
    for sign in ("Traceback", " ERROR ", "never retrieved", "never awaited"):
        assert sign not in said, said
    assert scene.bot.settings["DISCORD_TOKEN"] not in said


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """What the bot said stands below every failure."""
    outcome = yield
    report = outcome.get_result()
    bot = getattr(item, "funcargs", {}).get("bot")
    if report.failed and isinstance(bot, BotProcess):
        report.sections.append(("stderr of the bot", bot.said))
