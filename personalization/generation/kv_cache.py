"""Keys and values of all rows, in memory taken once.

``[2, layers, rows, kv_heads, reach, width]``, where ``reach`` follows the longest row: a layer's
keys are then one block, which oneDNN multiplies as it lies, where it would copy a slice of a longer
one at each step. When rows outgrow it, all is laid out anew in the same memory. Looks like
transformers' ``Cache`` as far as models ask (``update``, ``get_seq_length``).
Positions a row has not reached hold another's old values: the attention mask hides them, and
``wipe`` is for values that are not finite, which no mask can hide.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_STEP = 32  # tokens; the reach is a multiple, so that neighbouring passes have one shape
_GROWTH = 1.5  # while a prompt is read, whose length is not known here
_PATIENCE = 16  # decoding passes until a reach that nobody needs any more is given up


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
        self._context_tokens = context_tokens
        self._shape = (2, layers, rows, kv_heads, -1, width)
        self._token_size = rows * kv_heads * width
        size = context_tokens * self._token_size
        self._memory = torch.zeros(2 * layers, size, dtype=dtype, device=device)
        self._reach = 0
        self._store = self._laid_out(0)
        self._idle_passes = 0
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

    @property
    def bytes(self) -> int:
        return self._memory.numel() * self._memory.element_size()

    def begin_prefill(self, row: int, start: int, tokens: int) -> None:
        """The next pass writes positions ``start … start + tokens`` of one row."""
        self._make_room(start + tokens)
        self._row = slice(row, row + 1)
        self._span = slice(start, start + tokens)
        self._length = start + tokens

    def begin_decode(self, positions: Tensor, longest: int) -> int:
        """The next pass writes one token for each of the first rows, at ``positions`` ``[rows]``.

        ``longest``: as far as the longest of them reaches afterwards. Returns how far keys and
        values will be read, which is a little further.
        """
        length = self._rounded(longest)
        self._idle_passes += 1
        if length > self._reach or (length < self._reach and self._idle_passes > _PATIENCE):
            self._lay_out(length)
        rows = positions.shape[0]
        self._row = slice(0, rows)
        self._span = None
        self._indices = torch.arange(rows, device=positions.device)
        self._positions = positions
        self._length = length
        return length

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

    def read(self, row: int, length: int) -> Tensor:
        """A copy of a row's first positions, ``[2, layers, kv_heads, length, width]``."""
        return self._store[:, :, row, :, :length].clone(memory_format=torch.contiguous_format)

    def write(self, row: int, values: Tensor, length: int) -> None:
        """Let a row begin with the first ``length`` positions of what ``read`` gave."""
        self._make_room(length)
        self._store[:, :, row, :, :length] = values[:, :, :, :length]

    def wipe(self, row: int) -> None:
        self._store[:, :, row] = 0

    def _rounded(self, tokens: int) -> int:
        return min(-(-tokens // _STEP) * _STEP, self._context_tokens)

    def _make_room(self, tokens: int) -> None:
        self._idle_passes = 0
        if tokens > self._reach:
            self._lay_out(self._rounded(max(tokens, int(self._reach * _GROWTH))))

    def _lay_out(self, reach: int) -> None:
        """All rows again, with as much of each as there is room for; zeros where nothing was."""
        old, kept = self._store, min(reach, self._reach)
        # Old and new places overlap, hence a copy between; made first, so that where there is no
        # memory for it everything stays as it is, and no row reads another's values.
        values = torch.empty_like(old[0, 0, :, :, :kept])
        self._reach, self._store = reach, self._laid_out(reach)
        for before, after in zip(old.flatten(0, 1), self._store.flatten(0, 1), strict=True):
            values.copy_(before[:, :, :kept])
            after[:, :, :kept] = values
            after[:, :, kept:] = 0

    def _laid_out(self, reach: int) -> Tensor:
        shape = (*self._shape[:4], reach, self._shape[5])
        return self._memory[:, : reach * self._token_size].view(shape)
