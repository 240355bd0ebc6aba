"""The composition root: the only module that names concrete classes, and the order of things.

`open_library` gives what lies on disk and what trains it; `build` adds the engine and the
services, and is what `bowerbird run` and the plugin use. Each closes what it opened in reverse,
also when opening fails half-way. The engine's modules are imported where they are needed, since
torch takes seconds. Knows no Discord.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from filelock import FileLock, Timeout

from bowerbird.bot.admission import Admission, Limits
from bowerbird.bot.failures import CommandError
from bowerbird.bot.languages import Languages
from bowerbird.bot.servers import ServerBook
from bowerbird.personalization.adapters import AdapterLibrary
from bowerbird.personalization.departures import Departures
from bowerbird.personalization.errors import GenerationError
from bowerbird.personalization.models import model_path
from bowerbird.personalization.nightly import Nightly
from bowerbird.personalization.service import ReplyService
from bowerbird.personalization.taste import Taste
from bowerbird.personalization.training.executor import TrainRecipe
from bowerbird.personalization.types import Sampling
from bowerbird.storage.sql import SqlStore

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import PreTrainedTokenizerBase

    from bowerbird.bot.settings import Settings
    from bowerbird.personalization.feedback import FeedbackService
    from bowerbird.personalization.generation.backend import (
        GenerationBackend,
        GenerationChunk,
        GenerationRequest,
    )
    from bowerbird.personalization.training.executor import TrainExecutor
    from bowerbird.personalization.types import AdapterRef
    from bowerbird.storage.store import Store

log = logging.getLogger(__name__)

MAX_WAITING: Final = 64


@dataclass(frozen=True, slots=True)
class Library:
    """What is kept, and what learns from it: all that the operator's commands need."""

    settings: Settings
    store: Store
    adapters: AdapterLibrary
    nightly: Nightly


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that the bot answers and learns with."""

    settings: Settings
    store: Store
    backend: GenerationBackend
    replies: ReplyService
    feedback: FeedbackService
    nightly: Nightly
    adapters: AdapterLibrary
    servers: ServerBook
    admission: Admission
    languages: Languages
    departures: Departures


class NoBackend:
    """Stands in where nothing is answered: adapters are neither loaded nor unloaded."""

    free_rows = 0

    def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationChunk, None]:
        raise GenerationError("this process has no engine; ask the running bot")

    def place(self, request: GenerationRequest) -> int | None:
        return None

    async def preload(self, adapter: AdapterRef) -> None:
        pass

    async def unload(self, scope_id: int, user_id: int) -> None:
        pass

    async def aclose(self) -> None:
        pass


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store]:
    """The database, up to date. Raises ``StoreError``."""
    await asyncio.to_thread(settings.data_dir.mkdir, parents=True, exist_ok=True)
    store = SqlStore(settings.store_url)
    try:
        await store.open()
        yield store
    finally:
        await store.aclose()


async def _outdate_adapters(settings: Settings, store: Store) -> None:
    outdated = await store.outdate_adapters(settings.base_model)
    if outdated:
        log.warning(
            "%d people's adapters were trained on another base model than BASE_MODEL=%s; "
            "they are trained afresh the next night, and answered by the base until then",
            outdated,
            settings.base_model,
        )


@asynccontextmanager
async def open_library(settings: Settings) -> AsyncIterator[Library]:
    """Store and training without an engine; may be open beside a running bot.

    Raises ``StoreError``, and ``ModelError`` where the base model is not on this machine.
    """
    from bowerbird.personalization.training.subprocess_executor import WORKER, SubprocessExecutor

    async with AsyncExitStack() as opened:
        store = await opened.enter_async_context(open_store(settings))
        model = await asyncio.to_thread(model_path, settings.base_model, settings.models_dir)
        await _outdate_adapters(settings, store)
        adapters = AdapterLibrary(settings.adapters_dir, store, settings.base_model)
        executor = SubprocessExecutor(command=(*WORKER, "--device", settings.device))
        opened.push_async_callback(executor.aclose)
        nightly = _nightly(settings, store, executor, adapters, NoBackend(), model)
        yield Library(settings, store, adapters, nightly)


@asynccontextmanager
async def build_mute(settings: Settings) -> AsyncIterator[Services]:
    """Everything but an engine: the commands can be shown to Discord, and nothing answered.

    Needs no model, and may be open beside a running bot. Raises ``StoreError``.
    """
    from bowerbird.personalization.feedback import FeedbackService
    from bowerbird.personalization.training.subprocess_executor import SubprocessExecutor

    async with open_store(settings) as store:
        backend = NoBackend()
        adapters = AdapterLibrary(settings.adapters_dir, store, settings.base_model)
        executor = SubprocessExecutor()  # starts nothing before it is asked to train
        nightly = _nightly(settings, store, executor, adapters, backend, settings.base_model)
        # Without a tokenizer, which is never missed: a bot that is not connected hears nobody.
        replies = _replies(
            settings, backend, cast("PreTrainedTokenizerBase", None), adapters, store
        )
        feedback = FeedbackService(store, adapters, nightly, backend)
        rules = house_rules(settings, store)
        yield Services(
            settings,
            store,
            backend,
            replies,
            feedback,
            nightly,
            adapters,
            *rules,
            Departures(store, nightly, adapters, backend, rules[0]),
        )


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Services]:
    """Everything, ready to answer. Takes as long as loading the model takes.

    Raises ``CommandError`` where another process serves this ``DATA_DIR`` already, ``StoreError``,
    ``ModelError``.
    """
    from bowerbird.personalization.feedback import FeedbackService
    from bowerbird.personalization.generation.engine import TorchEngine
    from bowerbird.personalization.training.subprocess_executor import WORKER, SubprocessExecutor

    async with AsyncExitStack() as opened:
        await opened.enter_async_context(alone(settings.data_dir))
        store = await opened.enter_async_context(open_store(settings))
        model = await asyncio.to_thread(model_path, settings.base_model, settings.models_dir)
        await _outdate_adapters(settings, store)
        adapters = AdapterLibrary(settings.adapters_dir, store, settings.base_model)
        await adapters.sweep()
        memory_mb, threads = settings.generation_memory_mb, settings.compute_threads
        engine = TorchEngine(
            model,
            device=settings.device,
            dtype=settings.dtype,
            max_batch=settings.max_batch,
            lora_rank=settings.lora_rank,
            lora_targets=settings.lora_targets,
            max_waiting=MAX_WAITING,
            threads=None if threads == "auto" else threads,
            memory_mb=None if memory_mb == "auto" else memory_mb,
            trial_file=settings.data_dir / "machine-trial.json",
        )
        opened.push_async_callback(engine.aclose)
        await engine.start()
        replies = _replies(
            settings, engine, engine.tokenizer, adapters, store, engine.context_tokens
        )
        executor = SubprocessExecutor(
            is_busy=lambda: replies.is_busy, command=(*WORKER, "--device", settings.device)
        )
        opened.push_async_callback(executor.aclose)
        nightly = _nightly(settings, store, executor, adapters, engine, model)
        feedback = FeedbackService(store, adapters, nightly, engine)
        rules = house_rules(settings, store)
        yield Services(
            settings,
            store,
            engine,
            replies,
            feedback,
            nightly,
            adapters,
            *rules,
            Departures(store, nightly, adapters, engine, rules[0]),
        )


def _replies(
    settings: Settings,
    backend: GenerationBackend,
    tokenizer: PreTrainedTokenizerBase,
    adapters: AdapterLibrary,
    store: Store,
    context_tokens: int = 0,
) -> ReplyService:
    return ReplyService(
        backend,
        tokenizer,
        adapters,
        base_model=settings.base_model,
        system_prompt=settings.system_prompt,
        sampling=Sampling(max_new_tokens=settings.max_new_tokens),
        context_tokens=context_tokens,
        taste=taste(settings, store),
    )


def taste(settings: Settings, store: Store) -> Taste:
    """What is used of people's votes while serving. Choosing a reply is learnt from them, and so
    stays off, as training does, until it is acknowledged."""
    return Taste(
        store,
        has_retrieval=settings.retrieval,
        candidates=settings.candidates if settings.training_acknowledged else 1,
        interactions_only=settings.train_on == "interactions",
    )


def house_rules(settings: Settings, store: Store) -> tuple[ServerBook, Admission, Languages]:
    """What servers' admins decide, and who is answered within that."""
    servers = ServerBook(store)
    limits = Limits(settings.dm_cooldown_s, settings.dm_daily_replies, settings.daily_tokens)
    return servers, Admission(servers, store, settings.zone, limits), Languages(servers)


def train_recipe(settings: Settings) -> TrainRecipe:
    """What the night trains with, and what `bowerbird evaluate` measures."""
    return TrainRecipe(
        rank=settings.lora_rank,
        alpha=2 * settings.lora_rank,
        targets=settings.lora_targets,
    )


def _nightly(
    settings: Settings,
    store: Store,
    executor: TrainExecutor,
    adapters: AdapterLibrary,
    backend: GenerationBackend,
    model: str,
) -> Nightly:
    return Nightly(
        store,
        executor,
        adapters,
        backend,
        recipe=train_recipe(settings),
        model_path=model,
        min_feedback=settings.min_feedback,
        interactions_only=settings.train_on == "interactions",
        learns_from_sentiment=settings.learn_from_sentiment,
        is_enabled=settings.training_acknowledged,
    )


@asynccontextmanager
async def alone(data_dir: Path) -> AsyncIterator[None]:
    """Be the only bot on this folder. A crash gives the lock back."""
    await asyncio.to_thread(data_dir.mkdir, parents=True, exist_ok=True)
    lock = FileLock(data_dir / "bot.lock", blocking=False, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise CommandError(
            f"a bot is running with DATA_DIR={data_dir} already; stop it, or set another DATA_DIR"
        ) from None
    try:
        yield
    finally:
        lock.release()
