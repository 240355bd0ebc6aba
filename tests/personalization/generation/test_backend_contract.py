"""What every ``GenerationBackend`` must do, whatever is behind it.

Another implementation joins with one more entry in ``BACKENDS``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from bowerbird.personalization.errors import AdapterError, GenerationError, PromptTooLongError
from bowerbird.personalization.generation.backend import (
    GenerationBackend,
    GenerationChunk,
    GenerationRequest,
)
from bowerbird.personalization.generation.engine import TorchEngine
from bowerbird.personalization.types import AdapterRef, FinishReason, Sampling
from tests import tiny
from tests.fakes import FakeBackend

GREEDY = Sampling(temperature=0, repetition_penalty=1.1, max_new_tokens=16)
PROMPT = (1, 40, 50, 60)


@dataclass(frozen=True)
class World:
    """A backend with room for ``rows`` replies, two people's adapters and a damaged one."""

    backend: GenerationBackend
    alice: AdapterRef
    bob: AdapterRef
    damaged: AdapterRef
    rows: int
    context_tokens: int


@asynccontextmanager
async def _torch_engine(model_dir: Path, folder: Path) -> AsyncIterator[World]:
    engine = TorchEngine(
        str(model_dir),
        device="cpu",
        dtype="float32",
        max_batch=3,
        max_context=128,
        lora_rank=4,
        lora_targets=tiny.ATTENTION,
        threads=1,
    )
    await engine.start()
    refs = [AdapterRef(10, user, 1, folder / str(user)) for user in (1, 2, 3)]
    for ref in refs:
        tiny.make_adapter(model_dir, ref.path, seed=ref.user_id)
    (refs[2].path / "adapter_model.safetensors").write_bytes(b"damaged")
    try:
        yield World(engine, refs[0], refs[1], refs[2], rows=3, context_tokens=128)
    finally:
        await engine.aclose()


@asynccontextmanager
async def _fake(model_dir: Path, folder: Path) -> AsyncIterator[World]:
    """What every other test answers with must not promise more or less than the real one."""
    backend = FakeBackend()
    backend.context_tokens = 128
    refs = [AdapterRef(10, user, 1, folder / str(user)) for user in (1, 2, 3)]
    backend.damaged = {refs[2].name, AdapterRef(10, 4, 1, folder).name}

    def manner(request: GenerationRequest) -> str:
        who = request.adapter.name if request.adapter else "the base"
        seed = request.sampling.seed if request.sampling.temperature else None
        return f" and so says {who}, for what it is worth, with {seed}"

    backend.manner = manner
    yield World(backend, refs[0], refs[1], refs[2], rows=3, context_tokens=128)
    await backend.aclose()


BACKENDS = {"torch": _torch_engine, "fake": _fake}


@pytest_asyncio.fixture(params=sorted(BACKENDS))
async def world(
    request: pytest.FixtureRequest, tiny_model_dir: Path, tmp_path: Path
) -> AsyncIterator[World]:
    async with BACKENDS[request.param](tiny_model_dir, tmp_path) as made:
        yield made


def _request(
    adapter: AdapterRef | None = None, sampling: Sampling = GREEDY, owner: int = 0
) -> GenerationRequest:
    return GenerationRequest(PROMPT, sampling, adapter, owner=(10, owner))


async def _tokens(stream: AsyncGenerator[GenerationChunk, None]) -> tuple[int, ...]:
    async with aclosing(stream):
        return sum([chunk.token_ids async for chunk in stream], ())


async def test_a_reply_streams_and_ends_with_one_reason(world: World) -> None:
    chunks = [chunk async for chunk in world.backend.generate(_request())]
    assert [chunk.finish_reason for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].finish_reason in (FinishReason.LENGTH, FinishReason.STOP)
    tokens = sum((chunk.token_ids for chunk in chunks), ())
    if chunks[-1].finish_reason is FinishReason.LENGTH:
        assert len(tokens) == GREEDY.max_new_tokens
    assert "<|" not in "".join(chunk.text for chunk in chunks)


async def test_the_same_request_gives_the_same_tokens_whatever_else_runs(world: World) -> None:
    drawn = Sampling(temperature=1.0, seed=5, max_new_tokens=16)
    requests = [
        _request(adapter, sampling, owner)
        for owner, (adapter, sampling) in enumerate(
            [
                (None, GREEDY),
                (world.alice, GREEDY),
                (world.bob, GREEDY),
                (world.alice, drawn),
                (world.bob, drawn),
                (None, drawn),
                (world.alice, GREEDY),
            ]
        )
    ]
    alone = [await _tokens(world.backend.generate(request)) for request in requests]
    together = await asyncio.gather(*(_tokens(world.backend.generate(r)) for r in requests))
    assert list(together) == alone
    assert len({*alone[:6]}) == 6, "adapters and seeds differ, so a mix-up would show"
    assert alone[1] == alone[6]


async def test_what_is_judged_is_not_answered(world: World) -> None:
    request = GenerationRequest(PROMPT, Sampling(max_new_tokens=0), owner=(10, 0), judged=2)
    (chunk,) = [chunk async for chunk in world.backend.generate(request)]
    assert (chunk.text, chunk.token_ids, chunk.finish_reason) == ("", (), FinishReason.STOP)
    assert chunk.logprob is not None
    assert chunk.logprob < 0
    free = [chunk async for chunk in world.backend.generate(_request())]
    assert {chunk.logprob for chunk in free} == {None}


def test_there_must_be_something_before_what_is_judged() -> None:
    with pytest.raises(ValueError, match="before"):
        GenerationRequest(PROMPT, GREEDY, judged=len(PROMPT))


async def test_a_stop_string_ends_the_text_before_it(world: World) -> None:
    long = Sampling(temperature=1.0, seed=3, max_new_tokens=60)
    whole = [chunk async for chunk in world.backend.generate(_request(world.alice, long))]
    text = "".join(chunk.text for chunk in whole)
    stop = text[len(text) // 2 : len(text) // 2 + 4]
    request = replace(_request(world.alice, long), stop=("never said at all", stop))
    said, last = "", None
    async for chunk in world.backend.generate(request):
        said, last = said + chunk.text, chunk
        assert text[: text.index(stop)].startswith(said), "no piece of it is streamed"
    assert said == text[: text.index(stop)]
    assert last is not None
    assert last.finish_reason is FinishReason.STOP


async def test_a_place_is_only_of_who_waits(world: World) -> None:
    request = _request(world.alice)
    assert world.backend.place(request) is None
    async with aclosing(world.backend.generate(request)) as stream:
        await anext(stream)
        assert world.backend.place(request) is None
    assert world.backend.place(request) is None


async def test_a_conversation_that_goes_on_says_what_it_would_from_nothing(world: World) -> None:
    first = await _tokens(world.backend.generate(_request(world.alice)))
    again = replace(_request(world.alice), prompt_ids=(*PROMPT, *first, 70, 71))
    going_on = await _tokens(world.backend.generate(again))
    await world.backend.unload(10, 0)
    await world.backend.unload(10, 1)
    assert await _tokens(world.backend.generate(again)) == going_on


async def test_closing_the_stream_frees_the_row_at_once(world: World) -> None:
    async with asyncio.timeout(60):
        for _ in range(4 * world.rows):
            long = Sampling(temperature=1.0, max_new_tokens=100)
            stream = world.backend.generate(_request(world.alice, long))
            await anext(stream)
            await stream.aclose()
        assert await _tokens(world.backend.generate(_request()))


async def test_a_cancelled_task_frees_the_row_and_the_others_go_on(world: World) -> None:
    alone = await _tokens(world.backend.generate(_request(world.bob)))
    long = Sampling(temperature=1.0, max_new_tokens=100)
    tasks = [
        asyncio.create_task(_tokens(world.backend.generate(_request(world.alice, long, owner))))
        for owner in range(world.rows + 2)
    ]
    watched = asyncio.create_task(_tokens(world.backend.generate(_request(world.bob, owner=99))))
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    async with asyncio.timeout(60):
        assert await watched == alone
    assert all(isinstance(r, asyncio.CancelledError) for r in await _settled(tasks))


async def _settled(tasks: list[asyncio.Task[tuple[int, ...]]]) -> list[object]:
    return list(await asyncio.gather(*tasks, return_exceptions=True))


async def test_a_damaged_or_unknown_adapter_is_an_adapter_error(world: World) -> None:
    alone = await _tokens(world.backend.generate(_request(world.alice)))
    unknown = AdapterRef(10, 4, 1, world.alice.path.parent / "nowhere")
    results = await asyncio.gather(
        *(
            _tokens(world.backend.generate(_request(adapter)))
            for adapter in (world.damaged, world.alice, unknown)
        ),
        return_exceptions=True,
    )
    assert isinstance(results[0], AdapterError)
    assert results[1] == alone
    assert isinstance(results[2], AdapterError)
    with pytest.raises(AdapterError):
        await world.backend.preload(world.damaged)


async def test_a_request_keeps_the_version_it_started_with(
    world: World, tiny_model_dir: Path, tmp_path: Path
) -> None:
    newer = AdapterRef(10, 1, 2, tiny.make_adapter(tiny_model_dir, tmp_path / "v2", seed=77))
    old = await _tokens(world.backend.generate(_request(world.alice)))
    new = await _tokens(world.backend.generate(_request(newer)))
    assert old != new
    async with aclosing(world.backend.generate(_request(world.alice))) as stream:
        said = (await anext(stream)).token_ids
        await world.backend.unload(10, 1)
        assert await _tokens(world.backend.generate(_request(newer))) == new
        async for chunk in stream:
            said += chunk.token_ids
    assert said == old
    await world.backend.unload(10, 1)
    await world.backend.unload(10, 1)
    await world.backend.preload(world.alice)
    assert await _tokens(world.backend.generate(_request(world.alice))) == old


async def test_what_does_not_fit_is_refused_before_anything_is_said(world: World) -> None:
    request = GenerationRequest((1,) * world.context_tokens, GREEDY)
    with pytest.raises(PromptTooLongError):
        await anext(world.backend.generate(request))


async def test_closing_ends_everything_and_can_be_done_twice(world: World) -> None:
    long = Sampling(temperature=1.0, max_new_tokens=100)
    async with AsyncExitStack() as stack:
        streams = [
            await stack.enter_async_context(aclosing(world.backend.generate(_request(None, long))))
            for _ in range(2)
        ]
        await anext(streams[0])
        waiting = asyncio.create_task(_tokens(streams[1]))
        await asyncio.sleep(0)
        await world.backend.aclose()
        await world.backend.aclose()
        with pytest.raises(GenerationError):
            await _exhaust(streams[0])
        with pytest.raises(GenerationError):
            await waiting
    with pytest.raises(GenerationError):
        await _tokens(world.backend.generate(_request()))


async def _exhaust(stream: AsyncGenerator[GenerationChunk, None]) -> None:
    async for _ in stream:
        pass
