"""Memory is divided before it is taken: what must be there fits, or is refused with advice."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.personalization.errors import ModelError
from bowerbird.personalization.generation.engine import TorchEngine
from bowerbird.personalization.generation.memory import (
    Costs,
    Extras,
    MemoryPlan,
    check_weights,
    free_bytes,
    plan,
)
from tests import tiny

MIB = 2**20
COSTS = Costs(token=1024, adapter=MIB, packing=100 * MIB)
EXTRAS = Extras(waiting=8, adapters=16, prefixes=8)


def _plan(free: int, extras: Extras = EXTRAS, rows: int = 8, context: int = 2048) -> MemoryPlan:
    return plan(COSTS, rows=rows, context_tokens=context, extras=extras, free=free)


def _used(made: MemoryPlan, extras: Extras) -> int:
    """All there can be at once, straight from what each thing is."""
    rows = made.rows * made.context_tokens * COSTS.token
    slots = (made.rows + 1) * COSTS.adapter
    packing = COSTS.packing if made.is_packed else 0
    return rows + slots + made.adapters * COSTS.adapter + packing + made.prefix_bytes


def test_with_plenty_everything_is_granted() -> None:
    made = _plan(10_000 * MIB)
    assert (made.rows, made.context_tokens, made.is_packed) == (8, 2048, True)
    assert made.adapters == 8 + 8 + 16
    assert made.prefix_bytes == 8 * 2048 * 1024
    assert made.total_bytes == _used(made, EXTRAS)


def test_what_only_helps_goes_first_then_context_then_rows() -> None:
    must = (8 * 2 + 9 + 16) * MIB  # rows, slots, adapters in use
    without = _plan(int(must / 0.6) + MIB)
    assert (without.rows, without.context_tokens, without.is_packed) == (8, 2048, False)
    shorter = _plan(int(must / 0.6) - MIB)
    assert (shorter.rows, shorter.context_tokens) == (8, 1024)
    fewer = _plan(int(20 * MIB / 0.6))
    assert fewer.rows < 8
    assert fewer.context_tokens == 512


def test_an_operator_s_limit_is_never_quietly_less_than_asked() -> None:
    limited = Extras(waiting=8, adapters=16, prefixes=8, limit_bytes=45 * MIB)
    made = _plan(10_000 * MIB, limited)
    assert (made.rows, made.context_tokens, made.is_packed) == (8, 2048, False)
    assert made.total_bytes <= 45 * MIB
    too_little = Extras(waiting=8, limit_bytes=40 * MIB)
    with pytest.raises(
        ModelError,
        match=r"MAX_BATCH=8 with a context of 2048 tokens needs 16 MiB .* 25 MiB for adapters.*"
        r"GENERATION_MEMORY_MB is 40 MiB; raise it, or lower MAX_BATCH",
    ):
        _plan(10_000 * MIB, too_little)


def test_what_cannot_be_had_is_refused() -> None:
    with pytest.raises(ModelError, match="GENERATION_MEMORY_MB is auto, which is 6 MiB"):
        _plan(10 * MIB)
    with pytest.raises(ModelError, match="lower GENERATION_MEMORY_MB"):
        _plan(100 * MIB, Extras(prefixes=1000, limit_bytes=500 * MIB))


@given(
    free=st.integers(1, 10**9),
    limit=st.none() | st.integers(1, 10**9),
    rows=st.integers(1, 64),
    context=st.integers(16, 8192),
    extras=st.tuples(*[st.integers(0, 100)] * 3),
)
def test_never_more_than_there_is(
    free: int, limit: int | None, rows: int, context: int, extras: tuple[int, int, int]
) -> None:
    wished = Extras(*extras, limit_bytes=limit)
    try:
        made = _plan(free, wished, rows, context)
    except ModelError:
        return
    assert _used(made, wished) == made.total_bytes <= free
    assert limit is None or made.total_bytes <= limit
    assert 1 <= made.rows <= rows
    assert min(512, context) <= made.context_tokens <= context
    assert limit is None or (made.rows, made.context_tokens) == (rows, context)


def test_a_container_s_limit_counts(tmp_path: Path) -> None:
    machine = free_bytes(tmp_path)
    assert machine > 0
    (tmp_path / "memory.max").write_text("max\n")
    assert free_bytes(tmp_path) > 0
    (tmp_path / "memory.max").write_text(f"{200 * MIB}\n")
    (tmp_path / "memory.current").write_text(f"{150 * MIB}\n")
    (tmp_path / "memory.stat").write_text(f"anon 7\ninactive_file {30 * MIB}\n")
    assert free_bytes(tmp_path) == 80 * MIB
    old = tmp_path / "memory"
    old.mkdir()
    (old / "memory.limit_in_bytes").write_text(f"{100 * MIB}\n")
    (old / "memory.usage_in_bytes").write_text(f"{90 * MIB}\n")
    (old / "memory.stat").write_text("total_inactive_file 0\n")
    assert free_bytes(tmp_path) == 10 * MIB


def test_weights_that_do_not_fit_are_not_even_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.safetensors").write_bytes(bytes(1000))
    check_weights(tmp_path)
    monkeypatch.setattr(f"{check_weights.__module__}.free_bytes", lambda: 1100)
    with pytest.raises(ModelError, match="choose a smaller BASE_MODEL"):
        check_weights(tmp_path)


@pytest.mark.parametrize("architecture", ["llama", "qwen3"])
async def test_the_engine_starts_within_it_or_says_why(architecture: str, tmp_path: Path) -> None:
    model = tiny.make_model(tmp_path, architecture)

    def engine(**settings: int) -> TorchEngine:
        return TorchEngine(
            str(model),
            device="cpu",
            dtype="float32",
            max_context=512,
            lora_rank=4,
            lora_targets=tiny.ATTENTION,
            threads=1,
            **settings,
        )

    with pytest.raises(ModelError, match=r"MAX_BATCH=200 .*lower MAX_BATCH"):
        await engine(max_batch=200, memory_mb=64).start()
    small = engine(max_batch=4, memory_mb=64)
    await small.start()
    try:
        decoder = small._decoder
        assert decoder is not None
        assert decoder.plan.total_bytes <= 64 * MIB
        slots = decoder._serving.slots
        taken = decoder._serving.cache.bytes + 5 * slots.slot_bytes
        kept = decoder.plan.adapters * slots.slot_bytes + decoder.plan.prefix_bytes
        assert taken + kept == decoder.plan.total_bytes, "what is counted is what is there"
    finally:
        await small.aclose()
