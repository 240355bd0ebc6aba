"""What is the engine's own: its queue, its thread, its start and end."""

from __future__ import annotations

import asyncio
import threading
import time
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from bowerbird.personalization.errors import GenerationError, ModelError, QueueFullError
from bowerbird.personalization.generation.backend import GenerationChunk, GenerationRequest
from bowerbird.personalization.generation.engine import TorchEngine
from bowerbird.personalization.types import AdapterRef, FinishReason, Sampling
from tests import tiny

ENDLESS = Sampling(temperature=1.5, top_p=1.0, top_k=0, max_new_tokens=100)
SHORT = Sampling(temperature=0, max_new_tokens=3)
PROMPT = (1, 40, 50, 60)


@asynccontextmanager
async def _engine(model_dir: Path, **settings: Any) -> AsyncIterator[TorchEngine]:
    base: dict[str, Any] = {
        "device": "cpu",
        "dtype": "float32",
        "max_batch": 1,
        "max_context": 128,
        "lora_rank": 4,
        "lora_targets": tiny.ATTENTION,
        "threads": 1,
    }
    engine = TorchEngine(str(model_dir), **base | settings)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.aclose()


def _request(owner: int = 0, sampling: Sampling = SHORT, **more: Any) -> GenerationRequest:
    return GenerationRequest(PROMPT, sampling, owner=(10, owner), **more)


async def _finish(stream: AsyncGenerator[GenerationChunk, None]) -> FinishReason | None:
    reason = None
    async with aclosing(stream):
        async for chunk in stream:
            reason = chunk.finish_reason
    return reason


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.001)


@asynccontextmanager
async def _busy(engine: TorchEngine) -> AsyncIterator[None]:
    """While inside, the engine's only row is held up: its thread waits in a step."""
    hold, held = threading.Event(), threading.Event()
    decoder = engine._decoder
    assert decoder is not None
    good = decoder.step

    def step() -> Any:
        held.set()
        assert hold.wait(30)
        return good()

    decoder.step = step  # type: ignore[method-assign]
    task = asyncio.create_task(_finish(engine.generate(_request(owner=1000))))
    await _until(held.is_set)
    try:
        yield
    finally:
        decoder.step = good  # type: ignore[method-assign]
        hold.set()
        await task


async def test_people_take_turns(tiny_model_dir: Path) -> None:
    async with _engine(tiny_model_dir) as engine:
        order: list[str] = []

        async def ask(name: str, owner: int) -> None:
            await _finish(engine.generate(_request(owner)))
            order.append(name)

        async with _busy(engine):
            tasks = []
            for name, owner in [("a1", 1), ("a2", 1), ("a3", 1), ("b1", 2), ("c1", 3)]:
                tasks.append(asyncio.create_task(ask(name, owner)))
                await asyncio.sleep(0)
            await _until(lambda: engine.stats.waiting == 5)
        await asyncio.gather(*tasks)
        assert order == ["a1", "b1", "c1", "a2", "a3"]


async def test_a_full_queue_refuses_at_once_and_recovers(tiny_model_dir: Path) -> None:
    async with _engine(tiny_model_dir, max_waiting=2) as engine:
        async with _busy(engine):
            tasks = [
                asyncio.create_task(_finish(engine.generate(_request(owner)))) for owner in (1, 2)
            ]
            await asyncio.sleep(0)
            with pytest.raises(QueueFullError, match="many people"):
                await _finish(engine.generate(_request(3)))
        assert await asyncio.gather(*tasks) == [FinishReason.LENGTH] * 2
        assert await _finish(engine.generate(_request(3))) is FinishReason.LENGTH


async def test_nobody_takes_the_whole_queue(tiny_model_dir: Path) -> None:
    async with _engine(tiny_model_dir, max_waiting=15) as engine:
        async with _busy(engine):
            tasks = [asyncio.create_task(_finish(engine.generate(_request(1)))) for _ in range(4)]
            await asyncio.sleep(0)
            with pytest.raises(QueueFullError, match="several questions"):
                await _finish(engine.generate(_request(1)))
            tasks.append(asyncio.create_task(_finish(engine.generate(_request(2)))))
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)


async def test_a_deadline_passes_in_the_queue_but_never_in_a_row(tiny_model_dir: Path) -> None:
    async with _engine(tiny_model_dir) as engine:
        async with _busy(engine):
            late = asyncio.create_task(_finish(engine.generate(_request(1, deadline_s=0.0))))
            patient = asyncio.create_task(_finish(engine.generate(_request(2, deadline_s=60))))
            await _until(lambda: engine.stats.waiting == 2)
        with pytest.raises(QueueFullError, match="too long"):
            await late
        assert await patient is FinishReason.LENGTH


async def test_everybody_can_be_told_their_place(tiny_model_dir: Path) -> None:
    async with _engine(tiny_model_dir) as engine:
        requests = [_request(owner) for owner in (1, 2)]
        assert engine.place(requests[0]) is None
        async with _busy(engine):
            tasks = [asyncio.create_task(_finish(engine.generate(one))) for one in requests]
            await _until(lambda: engine.stats.waiting == 2)
            await _until(lambda: [engine.place(one) for one in requests] == [1, 2])
            assert engine.place(_request(1)) is None  # equal, but another one
            tasks[0].cancel()
            await _until(lambda: engine.place(requests[1]) == 1)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert engine.place(requests[1]) is None


async def test_a_deadline_passes_while_an_adapter_loads(
    tiny_model_dir: Path, tmp_path: Path
) -> None:
    adapter = AdapterRef(1, 1, 1, tiny.make_adapter(tiny_model_dir, tmp_path / "a", seed=1))
    async with _engine(tiny_model_dir) as engine:
        opened = threading.Event()
        load = engine._adapters._load

        def slow(ref: AdapterRef) -> Any:
            assert opened.wait(30)
            return load(ref)

        engine._adapters._load = slow
        patient = asyncio.create_task(_finish(engine.generate(_request(2, adapter=adapter))))
        try:
            with pytest.raises(QueueFullError, match="too long"):
                await _finish(engine.generate(_request(1, adapter=adapter, deadline_s=0.02)))
            assert engine.stats.refused == 1
        finally:
            opened.set()
        assert await patient is FinishReason.LENGTH, "the load went on for who still waits"


async def test_the_host_computes_with_as_many_threads_as_before(tiny_model_dir: Path) -> None:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        async with _engine(tiny_model_dir, threads=1) as engine:
            assert torch.get_num_threads() == 3
            assert await asyncio.to_thread(torch.get_num_threads) == 3
            decoder: Any = engine._decoder
            seen: list[int] = []
            good = decoder.step

            def step() -> Any:
                seen.append(torch.get_num_threads())
                return good()

            decoder.step = step
            await _finish(engine.generate(_request()))
            assert set(seen) == {1}
    finally:
        torch.set_num_threads(before)


async def test_who_leaves_the_queue_is_forgotten(tiny_model_dir: Path) -> None:
    async with _engine(tiny_model_dir) as engine:
        async with _busy(engine):
            task = asyncio.create_task(_finish(engine.generate(_request(1))))
            await _until(lambda: engine.stats.waiting == 1)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert engine.stats.waiting == 0
        assert await _finish(engine.generate(_request(2))) is FinishReason.LENGTH
        assert engine.stats.replies == 2


async def test_an_exception_in_a_step_reaches_its_callers_and_the_engine_goes_on(
    tiny_model_dir: Path,
) -> None:
    async with _engine(tiny_model_dir, max_batch=2) as engine:
        decoder: Any = engine._decoder
        good = decoder._serving.decode

        def broken(*_: object) -> None:
            raise RuntimeError("boom")

        decoder._serving.decode = broken
        results = await asyncio.gather(
            *(_finish(engine.generate(_request(owner))) for owner in (1, 2)), return_exceptions=True
        )
        assert [type(result) for result in results] == [GenerationError] * 2
        decoder._serving.decode = good
        assert await _finish(engine.generate(_request(1))) is FinishReason.LENGTH


async def test_if_the_thread_dies_nobody_waits_for_ever(tiny_model_dir: Path) -> None:
    async with _engine(tiny_model_dir) as engine, asyncio.timeout(60):
        decoder: Any = engine._decoder

        def broken() -> None:
            raise RuntimeError("boom")

        decoder.step = broken
        results = await asyncio.gather(
            *(_finish(engine.generate(_request(owner))) for owner in (1, 2)), return_exceptions=True
        )
        assert all(isinstance(result, GenerationError) for result in results)
        with pytest.raises(GenerationError, match="shut down"):
            await _finish(engine.generate(_request()))


async def test_bad_models_are_told_at_start_and_leave_no_thread(tmp_path: Path) -> None:
    engine = TorchEngine(str(tmp_path), lora_rank=4, lora_targets=tiny.ATTENTION)
    with pytest.raises(ModelError):
        await engine.start()
    assert "bowerbird-engine" not in {thread.name for thread in threading.enumerate()}


async def test_closing_ends_the_threads(tiny_model_dir: Path, tmp_path: Path) -> None:
    adapter = AdapterRef(1, 1, 1, tiny.make_adapter(tiny_model_dir, tmp_path / "a", seed=1))
    async with _engine(tiny_model_dir) as engine:
        await engine.preload(adapter)
        names = {thread.name for thread in threading.enumerate()}
        assert "bowerbird-engine" in names
    await _until(
        lambda: not any(thread.name.startswith("bowerbird-") for thread in threading.enumerate())
    )


async def test_closing_gives_a_gpu_s_memory_back(
    tiny_model_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """torch keeps what is freed, so whoever loads us again would find the GPU full."""
    left: list[object] = []
    async with _engine(tiny_model_dir) as engine:
        assert engine._decoder is not None
        decoder = weakref.ref(engine._decoder)
        monkeypatch.setattr(torch.cuda, "empty_cache", lambda: left.append(decoder()))
    assert left == [None]


async def test_before_start_it_says_so() -> None:
    engine = TorchEngine("nowhere", lora_rank=4, lora_targets=tiny.ATTENTION)
    with pytest.raises(GenerationError, match="not ready"):
        await _finish(engine.generate(_request()))
    await engine.aclose()


async def test_a_slow_reader_gets_everything_in_fewer_chunks(tiny_model_dir: Path) -> None:
    sampling = Sampling(temperature=0, repetition_penalty=1.3, max_new_tokens=40)
    async with _engine(tiny_model_dir) as engine:
        quick = [chunk async for chunk in engine.generate(_request(1, sampling))]
        slow = []
        async with aclosing(engine.generate(_request(1, sampling))) as stream:
            async for chunk in stream:
                slow.append(chunk)
                await _until(lambda: engine.stats.running == 0)
        assert "".join(c.text for c in slow) == "".join(c.text for c in quick)
        assert len(slow) <= 2 < len(quick)


@pytest.mark.parametrize("architecture", ["llama", "qwen3"])
async def test_loads_and_evictions_beside_change_nobody_s_tokens(
    architecture: str, tmp_path: Path
) -> None:
    model = tiny.make_model(tmp_path / "model", architecture)
    paths = [tiny.make_adapter(model, tmp_path / str(seed), seed=seed) for seed in (1, 2, 3)]
    long = Sampling(temperature=0, repetition_penalty=1.1, max_new_tokens=100)
    short = Sampling(temperature=1.0, max_new_tokens=2)
    async with _engine(model, max_batch=3, max_context=128) as engine:
        engine._adapters.capacity = 2  # everybody who leaves is evicted by who comes next
        mine = AdapterRef(10, 1, 1, paths[0])

        async def watched() -> tuple[int, ...]:
            async with aclosing(engine.generate(_request(1, long, adapter=mine))) as stream:
                return sum([chunk.token_ids async for chunk in stream], ())

        async def passing(user: int) -> None:
            adapter = AdapterRef(10, user, 1, paths[user % 3])
            await _finish(engine.generate(_request(user, short, adapter=adapter)))

        alone = await watched()
        assert len(alone) >= 50, "long enough for things to happen"
        user, rounds, before = 100, 0, engine.stats.adapter_misses
        # As many rounds as it takes where loading is slow; one miss in each may be mine.
        while engine.stats.adapter_misses - before - rounds <= 6:
            task = asyncio.create_task(watched())
            while not task.done():
                await asyncio.gather(passing(user), passing(user + 1), return_exceptions=True)
                await engine.unload(10, user)
                user += 2
            assert await task == alone
            rounds += 1
        assert engine.stats.adapters <= 3


async def test_hundreds_of_adapters_churn_in_bounded_memory(
    tiny_model_dir: Path, tmp_path: Path
) -> None:
    import psutil

    path = tiny.make_adapter(tiny_model_dir, tmp_path / "a", seed=1, targets=tiny.ATTENTION)
    one = Sampling(temperature=0, max_new_tokens=1)
    async with _engine(tiny_model_dir, max_batch=4, max_context=32, max_waiting=0) as engine:

        async def churn(first: int, last: int) -> None:
            for user in range(first, last, 4):
                await asyncio.gather(
                    *(
                        _finish(
                            engine.generate(
                                _request(i, one, adapter=AdapterRef(1, user + i, 1, path))
                            )
                        )
                        for i in range(4)
                    )
                )

        await churn(0, 100)
        before = psutil.Process().memory_info().rss
        started = time.monotonic()
        await churn(100, 400)
        grown = psutil.Process().memory_info().rss - before
        assert engine.stats.adapter_misses == 400
        assert engine.stats.adapters <= 20, "those in use and four a row"
        assert grown < 20 * 2**20, f"{grown / 2**20:.0f} MiB in {time.monotonic() - started:.0f} s"
