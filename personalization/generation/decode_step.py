"""One token for every row, written out: what Llama-like models do, in a third of the operations.

For a few rows on a CPU the model's own code spends more time between the matrix products than in
them. Here norms, rotation, scaling and masks are computed once a step or in one operation a layer,
in float32; key and value are written together; adapters are added where their product is needed.
The weights, adapters and cache are the ones that prefill uses. Only for kinds of models known to
compute this; ``serving_model`` also compares the logits with the model's own before it relies on
it. Knows rows and tokens, not replies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bowerbird.personalization.generation.kv_cache import KvCache
from bowerbird.personalization.lora import SharedInput, shared_input

_FAMILIES = frozenset({"llama", "mistral", "qwen2", "qwen3"})


class DecodeStep:
    """``make`` one after the adapters are attached; call it between two ``cache.begin_decode``."""

    def __init__(self, model: Any, cache: KvCache) -> None:
        body = model.model
        self._embed: nn.Module = body.embed_tokens
        self._rotary: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] = body.rotary_emb
        self._norm = _Norm(body.norm)
        self._head = shared_input(model.lm_head)
        self._layers = [_Layer(layer) for layer in body.layers]
        self._cache = cache

    @classmethod
    def make(cls, model: Any, cache: KvCache) -> DecodeStep | None:
        """``None`` where the model's own code has to do it."""
        if model.config.model_type not in _FAMILIES or model.device.type != "cpu":
            return None
        try:
            return cls(model, cache)
        except (AttributeError, TypeError):  # another version's layout, or layers not fused
            return None

    def __call__(self, ids: Tensor, positions: Tensor, mask: Tensor) -> Tensor:
        """``ids`` and ``positions`` ``[rows]``, ``mask`` ``[rows, 1, length]`` added to the scores
        → logits ``[rows, vocabulary]`` in float32."""
        hidden = self._embed(ids).float()  # [rows, hidden], all the way down
        cos, sin = self._rotary(hidden, positions[:, None])  # [rows, 1, width]
        half = cos.shape[-1] // 2
        first = self._layers[0]
        # Scores are scaled through the queries' rotation, and the rotation's minus is in the sine.
        scale = cos.new_ones(first.heads + first.kv_heads, 1)
        scale[: first.heads] = first.scaling
        cos = cos * scale
        sin = torch.cat((-sin[..., :half], sin[..., half:]), dim=-1) * scale
        mask = mask.repeat_interleave(first.kv_heads, dim=0)
        scores = mask.new_empty(mask.shape[0], first.heads // first.kv_heads, mask.shape[2])
        for index, layer in enumerate(self._layers):
            keys_values, low = layer.project(hidden, cos, sin)
            keys, values = self._cache.append(index, keys_values.to(self._cache.dtype))
            layer.attend(hidden, low.to(keys.dtype), keys, values, mask, scores)
            layer.think(hidden)
        return self._head.step(self._norm(hidden))


class _Norm:
    """RMSNorm (Zhang & Sennrich 2019) in float32."""

    def __init__(self, module: Any) -> None:
        self._weight: Tensor = module.weight.detach().float()
        self._epsilon = float(module.variance_epsilon)

    def __call__(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self._weight.shape, self._weight, self._epsilon)


class _Layer:
    def __init__(self, layer: Any) -> None:
        attention, mlp = layer.self_attn, layer.mlp
        self._before_attention = _Norm(layer.input_layernorm)
        self._before_mlp = _Norm(layer.post_attention_layernorm)
        self._qkv = _together(attention.q_proj, attention.k_proj, attention.v_proj)
        self._out = shared_input(attention.o_proj)
        self._gate_up = _together(mlp.gate_proj, mlp.up_proj)
        self._down = shared_input(mlp.down_proj)
        self._activate: Callable[[Tensor], Tensor] = mlp.act_fn
        self._width = int(attention.head_dim)
        self.scaling = float(attention.scaling)
        self.heads = attention.q_proj.weight.shape[0] // self._width
        self.kv_heads = attention.k_proj.weight.shape[0] // self._width
        is_normed = hasattr(attention, "q_norm")
        self._q_norm = _Norm(attention.q_norm) if is_normed else None
        self._k_norm = _Norm(attention.k_norm) if is_normed else None

    def project(self, hidden: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values ``[rows, 2, kv_heads, width]``, queries ``[rows, heads, width]``."""
        heads, kv_heads = self.heads, self.kv_heads
        made = self._qkv.step(self._before_attention(hidden))
        made = made.view(hidden.shape[0], heads + 2 * kv_heads, self._width)
        if self._q_norm is not None and self._k_norm is not None:
            made[:, :heads] = self._q_norm(made[:, :heads])
            made[:, heads : heads + kv_heads] = self._k_norm(made[:, heads : heads + kv_heads])
        turning = made[:, : heads + kv_heads]  # rotary embedding (Su et al. 2021)
        half = self._width // 2
        turned = torch.cat((turning[..., half:], turning[..., :half]), dim=-1)
        turning.mul_(cos).addcmul_(turned, sin)
        keys_values = made[:, heads:].view(-1, 2, kv_heads, self._width)
        return keys_values, made[:, :heads]

    def attend(
        self,
        hidden: Tensor,
        queries: Tensor,
        keys: Tensor,
        values: Tensor,
        mask: Tensor,
        scores: Tensor,
    ) -> None:
        """Adds to ``hidden``. ``keys`` and ``values`` ``[rows · kv_heads, length, width]``;
        ``scores`` ``[rows · kv_heads, heads / kv_heads, length]`` is room to work in."""
        rows = hidden.shape[0]
        grouped = queries.reshape(keys.shape[0], -1, self._width)
        # Keys first: this way around bfloat16 keys are read as they lie, not copied.
        torch.add(torch.bmm(keys, grouped.transpose(1, 2)).transpose(1, 2), mask, out=scores)
        weights = scores.softmax(dim=-1).to(values.dtype)
        self._out.add_step(hidden, torch.bmm(weights, values).view(rows, -1))

    def think(self, hidden: Tensor) -> None:
        """Adds the MLP to ``hidden``."""
        gate, up = self._gate_up.step(self._before_mlp(hidden)).chunk(2, dim=-1)
        self._down.add_step(hidden, self._activate(gate).mul_(up))


def _together(*layers: Any) -> SharedInput:
    """What computes all of them at once. ``TypeError`` if they are computed one by one."""
    first, *others = [shared_input(layer) for layer in layers]
    if any(other is not first for other in others):
        raise TypeError("not computed together")
    return first
