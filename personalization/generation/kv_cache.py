"""Keys and values of all rows, in memory taken once.

``[2, layers, rows, kv_heads, context, width]``, row by row as long as each has got; read only up
to the longest row of a pass. Looks like transformers' ``Cache`` as far as models ask (``update``,
``get_seq_length``). Positions a row has not reached hold another's old values: the attention mask
hides them, and ``wipe`` is for values that are not finite, which no mask can hide.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class KvCache:
    """Not thread-safe: one forward pass at a time, announced by ``begin_*``."""

    def __init__(
        self,
        *,
        layers: int,
        rows: int,
        kv_heads: int,
        context_tokens: int,
        width: int,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        self._store = torch.zeros(
            2, layers, rows, kv_heads, context_tokens, width, dtype=dtype, device=device
        )
        self.dtype = dtype
        self._row = slice(0, 0)
        self._span: slice | None = None
        self._indices: Tensor | None = None
        self._positions: Tensor | None = None
        self._length = 0

    @staticmethod
    def bytes_for(
        *,
        layers: int,
        rows: int,
        kv_heads: int,
        context_tokens: int,
        width: int,
        dtype: torch.dtype,
    ) -> int:
        return 2 * layers * rows * kv_heads * context_tokens * width * dtype.itemsize

    def begin_prefill(self, row: int, start: int, tokens: int) -> None:
        """The next pass writes positions ``start … start + tokens`` of one row."""
        self._row = slice(row, row + 1)
        self._span = slice(start, start + tokens)
        self._length = start + tokens

    def begin_decode(self, positions: Tensor, length: int) -> None:
        """The next pass writes one token for each of the first rows, at ``positions`` ``[rows]``.

        ``length``: as far as the longest of them reaches afterwards, or a little further.
        """
        rows = positions.shape[0]
        self._row = slice(0, rows)
        self._span = None
        self._indices = torch.arange(rows, device=positions.device)
        self._positions = positions
        self._length = length

    def update(
        self, key: Tensor, value: Tensor, layer_idx: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """Add ``[rows, kv_heads, tokens, width]``, return all up to ``length`` for these rows."""
        keys = self._store[0, layer_idx]
        values = self._store[1, layer_idx]
        if self._span is not None:
            keys[self._row, :, self._span] = key
            values[self._row, :, self._span] = value
        else:
            keys[self._indices, :, self._positions] = key[:, :, 0].to(keys.dtype)
            values[self._indices, :, self._positions] = value[:, :, 0].to(keys.dtype)
        return keys[self._row, :, : self._length], values[self._row, :, : self._length]

    def append(self, layer: int, keys_values: Tensor) -> tuple[Tensor, Tensor]:
        """``update`` for a decoding pass, keys and values at once ``[rows, 2, kv_heads, width]``;
        returns each as ``[rows · kv_heads, length, width]``."""
        store = self._store[:, layer, self._row]
        store[:, self._indices, :, self._positions] = keys_values
        keys, values = store[:, :, :, : self._length].flatten(1, 2).unbind(0)
        return keys, values

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Asked for when there are no ``position_ids``; there always are."""
        return 0 if self._span is None else self._span.start

    def move(self, source: int, target: int, length: int) -> None:
        """Copy the first ``length`` positions of one row over another's."""
        self._store[:, :, target, :, :length] = self._store[:, :, source, :, :length]

    def read(self, row: int, length: int, dtype: torch.dtype) -> Tensor:
        """A copy of a row's first positions, ``[2, layers, kv_heads, length, width]``.

        Nothing is lost in the dtype that the model computes keys and values in.
        """
        return self._store[:, :, row, :, :length].to(dtype, copy=True).contiguous()

    def write(self, row: int, values: Tensor, length: int) -> None:
        """Let a row begin with the first ``length`` positions of what ``read`` gave."""
        self._store[:, :, row, :, :length] = values[:, :, :, :length]

    def wipe(self, row: int) -> None:
        self._store[:, :, row] = 0
