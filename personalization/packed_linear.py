"""A linear layer's weight in the order oneDNN computes it in, packed once instead of at each pass.

What ``torch.compile`` does with frozen weights on CPU, without compiling: for the few rows of a
decode step it halves the time. The operators are torch's own but not public, so they are tried
before they are relied on. Knows one layer.
"""

from __future__ import annotations

from collections.abc import Callable

import psutil
import torch
from torch import Tensor

_ROWS = 8  # what the packing is chosen for; it works for any number
_MEMORY_SHARE = 0.25  # of what is free: packed weights are a second copy


def can_pack(device: torch.device, dtype: torch.dtype, weight_bytes: int) -> bool:
    """Whether packing works here and its memory is worth it."""
    if device.type != "cpu" or dtype != torch.bfloat16:
        return False
    if weight_bytes > psutil.virtual_memory().available * _MEMORY_SHARE:
        return False
    try:
        weight, x = torch.ones(16, 16, dtype=dtype), torch.ones(1, 2, 16, dtype=dtype)
        return bool((packed(weight, None)(x) == 16).all())
    except (RuntimeError, AttributeError, TypeError):
        return False


def packed(weight: Tensor, bias: Tensor | None) -> Callable[[Tensor], Tensor]:
    """``x → x Wᵀ + b`` with a packed copy of ``weight`` ``[out, in]``; no gradients."""
    in_order = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous(), _ROWS)
    compute = torch.ops.mkldnn._linear_pointwise

    def linear(x: Tensor) -> Tensor:
        made: Tensor = compute(x, in_order, bias, "none", [], "")
        return made

    return linear
