"""Attention for serving, registered with transformers as ``bowerbird``.

One new token per row: the query heads that share a key/value head are folded into the query
dimension, so that each key is read once (grouped-query attention, Ainslie et al. 2023). On CPU
that and plain ``matmul`` is an order of magnitude faster than SDPA with one query. Longer spans use
SDPA. Masks come ready-made from ``serving_model``; nothing here knows rows from prompts.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AttentionInterface

NAME = "bowerbird"


def attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """``query`` ``[rows, heads, tokens, width]``, ``key`` and ``value`` ``[rows, kv_heads, length,
    width]`` → ``[rows, tokens, heads, width]`` in the query's dtype; computed in the keys'.

    ``attention_mask``: added to the scores, broadcastable to ``[rows, heads, tokens, length]``;
    ``None`` is causal (a span that starts at position 0).
    """
    rows, heads, tokens, width = query.shape
    kv_heads = key.shape[1]
    if scaling is None:
        scaling = width**-0.5
    if tokens == 1 and attention_mask is not None:
        folded = query.reshape(rows, kv_heads, heads // kv_heads, width).to(key.dtype) * scaling
        # Keys first: this way around bfloat16 keys are read as they lie, not copied.
        scores = torch.matmul(key, folded.transpose(2, 3)).transpose(2, 3).float() + attention_mask
        weights = scores.softmax(dim=-1).to(value.dtype)
        out = torch.matmul(weights, value)  # [rows, kv_heads, heads / kv_heads, width]
        return out.reshape(rows, 1, heads, width).to(query.dtype), None
    out = F.scaled_dot_product_attention(
        query,
        key.to(query.dtype),
        value.to(query.dtype),
        attn_mask=attention_mask,
        is_causal=attention_mask is None,
        scale=scaling,
        enable_gqa=heads != kv_heads,
    )
    return out.transpose(1, 2), None


def register() -> None:
    """Make ``attn_implementation="bowerbird"`` known. Without a mask function of that name,
    transformers hands our masks through as they are."""
    AttentionInterface.register(NAME, attend)
