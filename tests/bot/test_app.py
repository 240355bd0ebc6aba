"""The composition root: opens in order, closes in reverse, leaves nothing behind half-way."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from bowerbird.bot.app import NoBackend, build, open_library, open_store
from bowerbird.bot.failures import CommandError
from bowerbird.bot.settings import Settings
from bowerbird.personalization.errors import GenerationError, ModelError, TrainingDisabledError
from bowerbird.personalization.generation.backend import GenerationRequest
from bowerbird.personalization.generation.compute_thread import default_threads
from bowerbird.personalization.types import Conversation, Sampling, Turn
from bowerbird.storage.store import StoreError
from tests.storage.samples import ALICE, SCOPE, a_reply, consent, some_feedback


@pytest.fixture
def wanted(tiny_model_dir: Path, tmp_path: Path) -> dict[str, Any]:
    return {
        "_env_file": None,
        "data_dir": tmp_path / "data",
        "base_model": str(tiny_model_dir),
        "dtype": "float32",
        "max_new_tokens": 8,
    }


def ours(before: set[threading.Thread]) -> list[str]:
    """Threads that stay, without the pool that asyncio keeps until it ends."""
    new = [thread for thread in threading.enumerate() if thread not in before]
    new = [thread for thread in new if not thread.name.startswith("asyncio_")]
    for thread in new:
        thread.join(5.0)  # told to end, but maybe not there yet
    return sorted(thread.name for thread in new if thread.is_alive())


async def test_what_is_built_answers_and_is_gone_afterwards(wanted: dict[str, Any]) -> None:
    before = set(threading.enumerate())
    async with build(Settings(**wanted)) as services:
        stream = services.replies.reply(1, 2, Conversation((Turn("user", "hello"),)), seed=1)
        text = "".join([piece async for piece in stream])
        assert stream.draft.text == text
        assert stream.draft.tokens > 0
        assert stream.draft.turns[0].text == services.settings.system_prompt
        with pytest.raises(TrainingDisabledError):
            await services.nightly.run_night("2026-11-21")
    with pytest.raises(StoreError):
        await services.store.person(1, 2)
    assert not ours(before)


async def test_one_bot_for_one_folder(wanted: dict[str, Any], tmp_path: Path) -> None:
    settings = Settings(**wanted)
    async with build(settings):
        with pytest.raises(CommandError, match="is running with DATA_DIR"):
            async with build(settings):
                pass
        async with open_library(settings) as library:  # what `bowerbird retrain` opens
            assert await library.store.people() == []
    async with build(settings):
        pass


async def test_replies_are_computed_with_as_many_threads_as_are_set(
    wanted: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "bowerbird.personalization.generation.engine")
    for threads, told in ((3, 3), ("auto", default_threads())):
        caplog.clear()
        async with build(Settings(**wanted | {"compute_threads": threads})):
            assert f", {told} threads, " in caplog.text


async def test_training_runs_where_replies_are_made(wanted: dict[str, Any]) -> None:
    settings = Settings(**wanted | {"device": "nowhere", "training_acknowledged": True})
    async with open_library(settings) as library:
        await consent(library.store, ALICE)
        await library.store.add_reply(a_reply(2))
        await library.store.put_feedback(some_feedback(2))
        run, _ = await library.nightly.retrain(SCOPE, ALICE)
    assert run.detail.startswith("DEVICE=nowhere cannot be used here")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"base_model": "smollm2-135m"}, ModelError),
        ({"database_url": "sqlite+aiosqlite:////dev/null/x.db"}, StoreError),
        ({"device": "cuda:99"}, ModelError),
    ],
    ids=["no model", "no database", "no such device"],
)
async def test_failing_half_way_closes_what_was_open(
    wanted: dict[str, Any], change: dict[str, Any], error: type[Exception]
) -> None:
    before = set(threading.enumerate())
    with pytest.raises(error):
        async with build(Settings(**wanted | change)):
            pass
    # The lock is free, and the database is nobody's.
    async with build(Settings(**wanted)) as services:
        assert await services.store.people() == []
    assert not ours(before)


async def test_an_exception_inside_closes_too(wanted: dict[str, Any]) -> None:
    with pytest.raises(RuntimeError, match="crash"):
        async with build(Settings(**wanted)) as services:
            raise RuntimeError("crash")
    with pytest.raises(StoreError):
        await services.store.people()


async def test_store_alone_needs_no_model(wanted: dict[str, Any]) -> None:
    settings = Settings(**wanted | {"base_model": "smollm2-135m"})
    async with open_store(settings) as store:
        assert await store.people() == []


async def test_no_backend_answers_nobody() -> None:
    with pytest.raises(GenerationError, match="no engine"):
        await anext(NoBackend().generate(GenerationRequest((1,), Sampling())))
