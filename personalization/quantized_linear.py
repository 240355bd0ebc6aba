"""A linear layer in 8-bit integers: weights scaled per output, inputs per row, products exact.

A row is rounded by its own largest number, so what it becomes does not depend on the rows beside
it. A few input features are much larger than the rest and would take all the steps for themselves;
they are divided by a factor that the weights are multiplied by (SmoothQuant, Xiao et al. 2023,
α = ½), found from a short text. On processors with VNNI this reads half the bytes of bfloat16 and
takes two thirds of its time. The operator is torch's own but not public, so it is tried before it
is relied on. Knows one layer, and how to watch a model's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

_ROWS = 8  # what the packing is chosen for; it works for any number
_STEPS = 127  # on each side of zero
_ZERO = 128  # oneDNN has a fast kernel for unsigned inputs only
_PLAIN: tuple[Any, ...] = (None, 1.0, 0, torch.float32, "none", [], "")
"""What else the operator asks for: no bias, no shift, a float32 result, nothing done to it."""
_TINY = 1e-12


def can_quantize(device: torch.device) -> bool:
    """Whether torch can compute such layers here; whether that is fast is for a trial to say."""
    if device.type != "cpu":
        return False
    try:
        made = quantized(torch.ones(16, 16), None, torch.ones(16))(torch.ones(1, 2, 16))
    except (RuntimeError, AttributeError, TypeError, NotImplementedError):
        return False
    return bool(((made - 16).abs() < 0.1).all())


def input_peaks(model: nn.Module, ids: Tensor) -> dict[str, Tensor]:
    """The largest magnitude of each input feature of each linear layer, by the layer's path, while
    ``model`` reads ``ids`` ``[rows, tokens]``."""
    peaks: dict[str, Tensor] = {}

    def watch(path: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def see(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            peaks[path] = inputs[0].abs().flatten(0, -2).amax(0).float()

        return see

    hooks = [
        layer.register_forward_pre_hook(watch(path))
        for path, layer in model.named_modules()
        if isinstance(layer, nn.Linear)
    ]
    try:
        with torch.inference_mode():
            model(input_ids=ids, use_cache=False)
    finally:
        for hook in hooks:
            hook.remove()
    return peaks


def quantized(weight: Tensor, bias: Tensor | None, peaks: Tensor) -> Callable[[Tensor], Tensor]:
    """``x → x Wᵀ + b`` with an 8-bit copy of ``weight`` ``[out, in]``; ``x`` ``[…, in]`` in any
    dtype, which the result has too. ``peaks`` ``[in]``: of its inputs. No gradients."""
    wide = weight.detach().float()
    smooth = (peaks.clamp(min=_TINY) / wide.abs().amax(0).clamp(min=_TINY)).sqrt()  # [in]
    smooth /= smooth.mean()
    wide = wide * smooth
    scales = wide.abs().amax(1).clamp(min=_TINY) / _STEPS  # [out]
    whole = (wide / scales[:, None]).round_().to(torch.int8)
    operators = torch.ops.onednn
    in_order = operators.qlinear_prepack(whole, [_ROWS, whole.shape[1]])
    compute = operators.qlinear_pointwise
    no_shift = torch.zeros(whole.shape[0], dtype=torch.long)
    inverse = smooth.reciprocal_()
    zero = torch.tensor(_ZERO + 0.5)  # a half, because the cast cuts off
    offset = None if bias is None else bias.detach().float()
    out = whole.shape[0]

    def linear(x: Tensor) -> Tensor:
        rows = x.reshape(-1, x.shape[-1]) * inverse  # [rows, in], float32
        step = rows.abs().amax(-1, keepdim=True).clamp_(min=_TINY).mul_(1 / _STEPS)  # NaN stays
        steps = torch.addcdiv(zero, rows, step).to(torch.uint8)
        made: Tensor = compute(steps, 1.0, _ZERO, in_order, scales, no_shift, *_PLAIN)
        made.mul_(step)
        if offset is not None:
            made += offset
        return made.to(x.dtype).view(*x.shape[:-1], out)

    return linear
