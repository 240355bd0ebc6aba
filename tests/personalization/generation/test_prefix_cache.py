"""A next turn reads only what is new, and is word for word what it would be from nothing."""

from __future__ import annotations

import gc
import weakref
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.personalization.generation.backend import GenerationRequest
from bowerbird.personalization.generation.engine import TorchEngine
from bowerbird.personalization.generation.prefix_cache import PrefixCache, PrefixLease
from bowerbird.personalization.types import AdapterRef, Sampling
from tests import tiny

GREEDY = Sampling(temperature=0, repetition_penalty=1.0, max_new_tokens=12)
QUESTION = tuple(3 + (i * 7) % 300 for i in range(40))
FOLLOW_UP = (9, 30, 31, 32, 8)
ALICE, BOB = (10, 1), (10, 2)


def _adapter(user: int, version: int = 1, path: Path = Path("nowhere")) -> AdapterRef:
    return AdapterRef(10, user, version, path)


def _keep(lease: PrefixLease, ids: tuple[int, ...], value: float = 0.0) -> None:
    """One float32 a token."""
    lease.keep(ids, 4 * len(ids), lambda: torch.full((1, len(ids), 1), value))


def _found(lease: PrefixLease, ids: tuple[int, ...]) -> tuple[int, float] | None:
    found = lease.find(ids)
    return found and (found[0], float(found[1].flatten()[0]))


# --- the store by itself --------------------------------------------------------------------------


def test_the_longest_common_beginning_is_found() -> None:
    cache = PrefixCache(1000)
    lease = cache.lease(ALICE, None)
    _keep(lease, (1, 2, 3, 4), 1.0)
    _keep(lease, (1, 2, 9), 2.0)
    assert _found(lease, (1, 2, 3, 7)) == (3, 1.0)
    assert _found(lease, (1, 2, 9, 9, 9)) == (3, 2.0)
    assert _found(lease, (5,)) is None
    assert (cache.hits, cache.misses, cache.hit_tokens) == (2, 1, 6)


def test_a_conversation_that_goes_on_takes_its_older_self_s_place() -> None:
    cache = PrefixCache(1000)
    lease = cache.lease(ALICE, None)
    _keep(lease, (1, 2))
    _keep(lease, (1, 2, 3))
    assert (len(cache), cache.bytes) == (1, 12)


@pytest.mark.parametrize(
    ("owner", "adapter"),
    [(BOB, None), (ALICE, _adapter(1)), (BOB, _adapter(1)), ((11, 1), None)],
)
def test_nobody_finds_anothers(owner: tuple[int, int], adapter: AdapterRef | None) -> None:
    cache = PrefixCache(1000)
    _keep(cache.lease(ALICE, None), (1, 2, 3))
    _keep(cache.lease(ALICE, _adapter(1, 2)), (1, 2, 3))
    assert cache.lease(owner, adapter).find((1, 2, 3)) is None


def test_a_new_version_sends_the_old_one_s_away() -> None:
    cache = PrefixCache(1000)
    old, new = (cache.lease(ALICE, _adapter(1, version)) for version in (1, 2))
    _keep(old, (1, 2, 3), 1.0)
    _keep(cache.lease(ALICE, None), (1, 2, 3), 5.0)
    _keep(cache.lease(BOB, _adapter(2)), (1, 2, 3))
    assert new.find((1, 2, 3)) is None
    _keep(new, (1, 2, 3), 2.0)
    assert old.find((1, 2, 3)) is None
    assert _found(new, (1, 2, 3)) == (3, 2.0)
    assert len(cache) == 3


def test_a_person_dropped_leaves_nothing_also_not_later() -> None:
    cache = PrefixCache(1000)
    running = cache.lease(ALICE, _adapter(1))
    base = cache.lease(ALICE, None)
    _keep(running, (1, 2, 3))
    _keep(base, (1, 2))
    _keep(cache.lease(BOB, None), (1, 2))
    cache.drop(*ALICE)
    assert (len(cache), cache.bytes) == (1, 8)
    _keep(running, (1, 2, 3))
    assert len(cache) == 1
    assert running.find((1, 2)) is None
    again = cache.lease(ALICE, None)
    _keep(again, (1, 2))
    assert again.find((1, 2)) is not None, "who asks again begins anew"


def test_dropped_while_the_copy_is_made() -> None:
    cache = PrefixCache(1000)
    lease = cache.lease(ALICE, None)

    def read() -> torch.Tensor:
        cache.drop(*ALICE)
        return torch.zeros(1, 2, 1)

    lease.keep((1, 2), 8, read)
    assert (len(cache), cache.bytes) == (0, 0)


def test_the_least_recently_used_leaves_and_nobody_takes_all() -> None:
    cache = PrefixCache(48)
    alice, bob = cache.lease(ALICE, None), cache.lease(BOB, None)
    _keep(bob, (7, 7, 7, 7))
    for first in range(1, 7):
        _keep(alice, (first, 0))
    assert cache.bytes == 48
    assert alice.find((2, 0)) is None
    assert alice.find((3, 0)) is not None
    assert bob.find((7,)) is not None
    _keep(bob, (8, 8, 8, 8))
    assert alice.find((4, 0)) is None, "4, not 3: that was used since"
    assert alice.find((3, 0)) is not None
    _keep(bob, tuple(range(13)))
    assert cache.bytes <= 48, "what is larger than everything is not kept at all"


def test_a_question_that_shares_only_the_system_prompt_goes_on_with_no_older_one() -> None:
    now = 0.0
    cache = PrefixCache(1000, clock=lambda: now)
    lease = cache.lease(ALICE, None)
    _keep(lease, (1, 2, 3))
    now = 600.0
    assert _found(lease, (1, 2, 4)) == (2, 0.0)
    _keep(lease, (1, 2, 4))
    now = 800.0
    assert _found(lease, (1, 2, 5)) == (2, 0.0)
    now = 1550.0  # (1, 2, 3) was last of use after 600 s, the other after 800
    cache.expire()
    assert (len(cache), _found(lease, (1, 2, 4))) == (1, (3, 0.0))


def test_what_nobody_goes_on_with_is_forgotten() -> None:
    now = 0.0
    cache = PrefixCache(1000, clock=lambda: now)
    lease = cache.lease(ALICE, None)
    _keep(lease, (1, 2))
    now = 800.0
    assert lease.find((1,)) is not None
    now = 1600.0
    cache.expire()
    assert len(cache) == 1
    now = 1701.0
    cache.expire()
    assert (len(cache), cache.bytes) == (0, 0)


_SEQUENCES = st.lists(st.integers(0, 2), min_size=1, max_size=8).map(tuple)


@given(
    st.lists(
        st.tuples(st.sampled_from("kfd"), st.integers(1, 3), st.integers(0, 2), _SEQUENCES),
        max_size=40,
    )
)
def test_whatever_happens_it_is_bounded_and_true(
    steps: list[tuple[str, int, int, tuple[int, ...]]],
) -> None:
    cache = PrefixCache(100)
    kept: dict[float, tuple[object, tuple[int, ...]]] = {}
    for number, (what, user, version, ids) in enumerate(steps):
        adapter = _adapter(user, version) if version else None
        lease = cache.lease((10, user), adapter)
        if what == "k":
            kept[float(number)] = ((user, version), ids)
            _keep(lease, ids, float(number))
        elif what == "f" and (found := _found(lease, ids)):
            length, value = found
            whose, known = kept[value]
            assert whose == (user, version)
            assert known[:length] == ids[:length]
        elif what == "d":
            cache.drop(10, user)
            assert cache.lease((10, user), adapter).find(ids) is None
        assert cache.bytes == sum(entry.bytes for entry in cache._entries) <= 100


# --- the engine with it ---------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["llama", "qwen3"])
def model_dir(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.make_model(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="module")
def refs(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> list[AdapterRef]:
    """Alice's first version, bob's, alice's second."""
    root = tmp_path_factory.mktemp("adapters")
    people = [(1, 1), (2, 1), (1, 2)]
    return [
        _adapter(user, version, tiny.make_adapter(model_dir, root / f"{user}{version}", seed=seed))
        for seed, (user, version) in enumerate(people)
    ]


@asynccontextmanager
async def _engine(model_dir: Path, has_cache: bool = True, **more: Any) -> AsyncIterator[Any]:
    settings = {"max_batch": 2, "max_context": 192, "lora_rank": 4, "dtype": "float32"} | more
    engine = TorchEngine(
        str(model_dir),
        device="cpu",
        lora_targets=tiny.ATTENTION,
        threads=1,
        has_prefix_cache=has_cache,
        **settings,
    )
    await engine.start()
    try:
        yield engine
    finally:
        await engine.aclose()


async def _reply(
    engine: Any, ids: tuple[int, ...], adapter: AdapterRef | None, owner: tuple[int, int] = ALICE
) -> tuple[int, ...]:
    async with aclosing(engine.generate(GenerationRequest(ids, GREEDY, adapter, owner))) as chunks:
        return sum([chunk.token_ids async for chunk in chunks], ())


def _listen(engine: Any) -> list[tuple[int, torch.Tensor]]:
    """The logits of each pass that reads a prompt, with how many tokens it read."""
    heard: list[tuple[int, torch.Tensor]] = []
    prefill = engine._decoder._serving.prefill

    def listening(row: int, ids: Any, start: int) -> torch.Tensor:
        logits = prefill(row, ids, start)
        heard.append((len(ids), logits.clone()))
        return logits  # type: ignore[no-any-return]

    engine._decoder._serving.prefill = listening
    return heard


async def test_each_adapter_s_second_turn_is_its_cold_run(
    model_dir: Path, refs: list[AdapterRef]
) -> None:
    """One prompt, two adapters and the base, then a new version: tokens equal, logits ≤ 1e-4."""
    cases = [(refs[0], ALICE), (refs[1], BOB), (None, ALICE), (refs[2], ALICE)]
    replies = []
    async with _engine(model_dir, has_cache=False) as cold:
        heard_cold = _listen(cold)
        for adapter, owner in cases:
            first = await _reply(cold, QUESTION, adapter, owner)
            second = await _reply(cold, QUESTION + first + FOLLOW_UP, adapter, owner)
            replies.append((first, second))
        assert cold.stats.prefix_bytes == 0
    assert len(set(replies)) == 4, "they differ, so a mix-up would show"
    async with _engine(model_dir) as warm:
        heard = _listen(warm)
        for (adapter, owner), (first, second) in zip(cases, replies, strict=True):
            assert await _reply(warm, QUESTION, adapter, owner) == first
            assert await _reply(warm, QUESTION + first + FOLLOW_UP, adapter, owner) == second
        assert (warm.stats.prefix_hits, warm.stats.prefix_misses) == (4, 4)
    for (tokens, logits), (_, expected) in zip(heard, heard_cold, strict=True):
        assert (logits - expected).abs().max() <= 1e-4
        assert tokens in {len(QUESTION), len(FOLLOW_UP), len(FOLLOW_UP) + 1}


async def test_the_same_prompt_again_and_one_told_otherwise(
    model_dir: Path, refs: list[AdapterRef]
) -> None:
    """↻ reads nothing by itself; a reply that came back with other tokens is read from there on."""
    async with _engine(model_dir, has_cache=False) as cold:
        first = await _reply(cold, QUESTION, refs[0])
        other = QUESTION + first[:4] + (5, 6) + FOLLOW_UP
        expected = await _reply(cold, other, refs[0])
    async with _engine(model_dir) as warm:
        heard = _listen(warm)
        assert await _reply(warm, QUESTION, refs[0]) == first
        assert await _reply(warm, QUESTION, refs[0]) == first
        assert await _reply(warm, other, refs[0]) == expected
        assert [tokens for tokens, _ in heard] == [len(QUESTION), 2 + len(FOLLOW_UP)]


async def test_after_unload_nothing_of_the_person_is_left(
    model_dir: Path, refs: list[AdapterRef]
) -> None:
    async with _engine(model_dir) as engine:
        for adapter, owner in [(refs[0], ALICE), (None, ALICE), (refs[1], BOB)]:
            await _reply(engine, QUESTION, adapter, owner)
        values = {entry.key: weakref.ref(entry.values) for entry in engine._prefixes._entries}
        stream = engine.generate(GenerationRequest((*QUESTION, 5), GREEDY, refs[0], ALICE))
        async with aclosing(stream):
            await anext(stream)
            await engine.unload(*ALICE)
            async for _ in stream:
                pass
        gc.collect()
        alive = {key[0] for key, value in values.items() if value() is not None}
        assert alive == {BOB}, "the tensors are freed, also those of the reply that was running"
        assert {entry.key[0] for entry in engine._prefixes._entries} == {BOB}


async def test_memory_stays_within_its_bound(model_dir: Path) -> None:
    token_bytes = 2 * 3 * 2 * 16 * 4
    bound = 3 * 60 * token_bytes
    async with _engine(model_dir) as engine:
        engine._prefixes.capacity_bytes = bound
        for user in range(12):
            await _reply(engine, (user + 5, *QUESTION), None, (10, user))
            assert 0 < engine.stats.prefix_bytes <= bound
        assert len(engine._prefixes) == 3


@pytest.mark.model
async def test_smollm2_goes_on_as_from_nothing(smollm2_dir: Path, tmp_path: Path) -> None:
    from bowerbird.personalization.models import load_tokenizer
    from bowerbird.personalization.prompting import encode
    from bowerbird.personalization.types import Turn

    adapter = _adapter(
        1, 1, tiny.make_adapter(smollm2_dir, tmp_path / "a", seed=1, rank=8, scale=0.02)
    )
    tokenizer = load_tokenizer(str(smollm2_dir))
    turns = [Turn("user", "What is the capital of France?")]
    replies: dict[bool, list[tuple[int, ...]]] = {}
    for has_cache in (False, True):
        async with _engine(smollm2_dir, has_cache, lora_rank=8, max_context=512) as engine:
            first = await _reply(engine, encode(tokenizer, turns, max_tokens=400).ids, adapter)
            said = Turn("assistant", tokenizer.decode(first))
            again = [*turns, said, Turn("user", "And of Spain?")]
            second = await _reply(engine, encode(tokenizer, again, max_tokens=400).ids, adapter)
            replies[has_cache] = [first, second]
    assert replies[False] == replies[True]
