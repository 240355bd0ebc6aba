"""The whole bot in one process, on a playground and a real SQLite file; the model is a fake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from bowerbird.bot.app import Services, house_rules, taste
from bowerbird.bot.catalogue import DEFAULT, Language
from bowerbird.bot.client import BowerbirdClient, create_client
from bowerbird.bot.settings import Settings
from bowerbird.personalization.adapters import AdapterLibrary
from bowerbird.personalization.departures import Departures
from bowerbird.personalization.feedback import FeedbackService
from bowerbird.personalization.nightly import Nightly
from bowerbird.personalization.service import ReplyService
from bowerbird.personalization.training.executor import TrainRecipe
from bowerbird.personalization.types import Sampling
from bowerbird.playground import Playground
from bowerbird.playground.model import Channel, Message
from bowerbird.playground.people import Person
from bowerbird.playground.world import DEMO_TOKEN
from bowerbird.storage.records import LabelledReply
from bowerbird.storage.sql import SqlStore
from tests.fakes import FakeBackend, FakeExecutor, FakeTokenizer


@dataclass
class House:
    """A playground with Bowerbird in it, and handles on everything behind."""

    playground: Playground
    client: BowerbirdClient
    services: Services
    backend: FakeBackend
    executor: FakeExecutor
    store: SqlStore

    @property
    def scope_id(self) -> int:
        return next(iter(self.playground.world.guilds))

    @property
    def bot_id(self) -> int:
        return self.playground.bot.id

    @property
    def mention(self) -> str:
        return self.playground.bot.mention

    @property
    def english(self) -> Language:
        """What it says to people whose Discord is in English."""
        return self.services.languages.speaking(DEFAULT)

    def person(self, name: str) -> Person:
        return self.playground.person(name)

    async def ask(self, person: Person, text: str, place: Any = "general") -> Message:
        """Mention the bot and wait until its reply is finished, with votes under it."""
        question = await person.say(place, f"{self.mention} {text}")
        return await self.finished_reply(person, question)

    async def finished_reply(self, person: Person, question: Message) -> Message:
        reply = await person.wait_for_reply(question)
        await person.wait_until(lambda: len(reply.reactions) >= 3, what="the votes")
        return reply

    async def labels(self, person: Person) -> list[LabelledReply]:
        return await self.store.labelled_replies(self.scope_id, person.id)

    async def until(self, condition: Any, timeout_s: float = 30.0) -> Any:
        """Wait for an awaitable condition (of the store) to come true; its value."""
        async with asyncio.timeout(timeout_s):
            while not (value := await condition()):
                await asyncio.sleep(0.02)
        return value

    async def opt_in(self, person: Person, place: Any = "general") -> None:
        answer = await person.slash(place, "my personalization", state="on")
        await answer.answered()

    def replies_to(self, question: Message, channel: Channel) -> Sequence[Message]:
        messages = self.playground.world.messages_in(channel)
        return [m for m in messages if m.reference_id == question.id and not m.is_deleted]


def settings_for(playground: Playground, data_dir: Path, **overrides: Any) -> Settings:
    values: dict[str, Any] = {
        "discord_token": DEMO_TOKEN,
        "discord_api_url": playground.api_url,
        "discord_gateway_url": playground.gateway_url,
        "data_dir": data_dir,
        "training_acknowledged": True,
        "min_feedback": 2,
        "nightly_at": "03:30",
    } | overrides
    return Settings(_env_file=None, **values)


@asynccontextmanager
async def services_for(
    settings: Settings, backend: FakeBackend, executor: FakeExecutor
) -> AsyncIterator[Services]:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    store = SqlStore(settings.store_url)
    await store.open()
    adapters = AdapterLibrary(settings.adapters_dir, store, "fake")
    tokenizer = cast("Any", FakeTokenizer())
    replies = ReplyService(
        backend,
        tokenizer,
        adapters,
        base_model="fake",
        system_prompt=settings.system_prompt,
        sampling=Sampling(max_new_tokens=4800),  # the fake's tokens are characters
        context_tokens=9600,
        taste=taste(settings, store),
    )
    nightly = Nightly(
        store,
        executor,
        adapters,
        backend,
        recipe=TrainRecipe(),
        model_path="fake",
        min_feedback=settings.min_feedback,
        interactions_only=settings.train_on == "interactions",
        is_enabled=settings.training_acknowledged,
    )
    feedback = FeedbackService(store, adapters, nightly, backend)
    try:
        rules = house_rules(settings, store)
        departures = Departures(store, nightly, adapters, backend, rules[0])
        yield Services(
            settings, store, backend, replies, feedback, nightly, adapters, *rules, departures
        )
    finally:
        await executor.aclose()
        await backend.aclose()
        await store.aclose()


@asynccontextmanager
async def running(
    playground: Playground,
    data_dir: Path,
    backend: FakeBackend | None = None,
    **overrides: Any,
) -> AsyncIterator[House]:
    """The bot, connected; everything is closed at the end, but the playground and the file stay."""
    settings = settings_for(playground, data_dir, **overrides)
    backend, executor = backend or FakeBackend(), FakeExecutor()
    async with services_for(settings, backend, executor) as services:
        client = create_client(settings, services)
        assert isinstance(client, BowerbirdClient)
        async with client:
            task = asyncio.create_task(client.start(DEMO_TOKEN))
            ready = asyncio.create_task(playground.bot_ready())
            await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                ready.cancel()
                await task
            store = cast("SqlStore", services.store)
            try:
                yield House(playground, client, services, backend, executor, store)
            finally:
                # Closed under it, it may dispatch "disconnect" where there is no loop any more.
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
