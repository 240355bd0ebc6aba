"""However it is laid out, a row's keys and values are the ones that were written."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode

from bowerbird.personalization.generation.kv_cache import KvCache

LAYERS, ROWS, HEADS, CONTEXT, WIDTH = 2, 3, 2, 256, 4


def _cache() -> KvCache:
    return KvCache(
        layers=LAYERS,
        rows=ROWS,
        kv_heads=HEADS,
        context_tokens=CONTEXT,
        width=WIDTH,
        dtype=torch.float32,
        device=torch.device("cpu"),
    )


def _prefill(cache: KvCache, row: int, start: int, tokens: int) -> torch.Tensor:
    """What was written, ``[layers, heads, tokens, width]``."""
    made = torch.randn(LAYERS, HEADS, tokens, WIDTH)
    cache.begin_prefill(row, start, tokens)
    for layer in range(LAYERS):
        cache.update(made[layer][None], -made[layer][None], layer)
    return made


def _is_there(cache: KvCache, row: int, made: torch.Tensor) -> bool:
    kept = cache.read(row, made.shape[2])
    return torch.equal(kept, torch.stack([made, -made]))


def test_a_longer_row_moves_the_others_and_changes_nothing_in_them() -> None:
    cache = _cache()
    first = _prefill(cache, 0, 0, 20)
    second = _prefill(cache, 2, 0, 100)
    assert _is_there(cache, 0, first)
    assert _is_there(cache, 2, second)
    cache.begin_decode(torch.tensor([20]), 21)
    assert _is_there(cache, 0, first)


def test_decoding_reads_one_block_and_gives_up_what_nobody_needs() -> None:
    cache = _cache()
    made = _prefill(cache, 0, 0, 30)
    _prefill(cache, 1, 0, 200)
    token = torch.randn(1, 2, HEADS, WIDTH)
    for _ in range(40):
        assert cache.begin_decode(torch.tensor([30]), 31) == 32
        keys, values = cache.append(0, token)
    assert keys.shape == (HEADS, 32, WIDTH)
    assert keys.is_contiguous()
    assert values.is_contiguous()
    assert torch.equal(keys[:, 30], token[0, 0])
    assert _is_there(cache, 0, made)
    # What was given up comes back empty: it may have been anything.
    cache.begin_prefill(1, 40, 10)
    assert not cache.read(1, 50)[:, :, :, 32:].any()


def test_it_never_takes_more_than_it_has() -> None:
    cache = _cache()
    size = cache.bytes
    _prefill(cache, 0, 0, 200)
    assert cache.begin_decode(torch.tensor([255]), 256) == CONTEXT
    assert (
        cache.bytes
        == size
        == KvCache.bytes_for(
            layers=LAYERS,
            rows=ROWS,
            kv_heads=HEADS,
            context_tokens=CONTEXT,
            width=WIDTH,
            dtype=torch.float32,
        )
    )


def test_what_is_recalled_has_room() -> None:
    cache = _cache()
    made = _prefill(cache, 0, 0, 150)
    kept = cache.read(0, 150)
    other = _cache()
    other.write(1, kept, 150)
    assert _is_there(other, 1, made)


class _ShortOfMemory(TorchFunctionMode):
    """So many tensors can still be made."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in {torch.Tensor.clone, torch.empty_like}:
            self.left -= 1
            if self.left < 0:
                raise MemoryError
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("left", [0, 1, 3])
def test_where_memory_ends_while_one_row_grows_the_others_stay_as_they_are(left: int) -> None:
    cache = _cache()
    made = _prefill(cache, 1, 0, 20)
    with _ShortOfMemory(left):
        try:
            cache.begin_prefill(0, 0, 200)
        except MemoryError:
            pass
        else:
            assert left > 0
    assert _is_there(cache, 1, made)
