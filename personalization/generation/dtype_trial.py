"""Which dtype decodes faster on this machine: found by trying, less than a second at each start.

A few rows pass through linear layers whose weights no cache holds, as in a decode step, in turns
and the best of each counts, so that a busy neighbour does not decide. Nothing is stored: a new
processor or torch needs no old answer taken back. Knows no model.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

from bowerbird.personalization.models import choose_device, choose_dtype
from bowerbird.personalization.packed_linear import can_pack, packed

_ROWS, _OUT, _IN = 8, 1536, 576
_LAYERS = 36  # 64 MB in bfloat16
_TURNS = 5
_ADVANTAGE = 1.1  # float32 rounds less, so bfloat16 has to be worth it


@dataclass(frozen=True, slots=True)
class Trial:
    dtype: torch.dtype
    reason: str

    @property
    def name(self) -> str:
        return str(self.dtype).removeprefix("torch.")


def settle(dtype: str, device: str) -> Trial:
    """``DTYPE`` as it is set, or what was found for ``auto``. Raises ``ModelError``."""
    where = choose_device(device)
    return choose(where) if dtype == "auto" else Trial(choose_dtype(dtype, where), "as set")


@cache
def choose(device: torch.device) -> Trial:
    """What ``DTYPE=auto`` means for decoding on ``device``. Tried once a process."""
    supposed = choose_dtype("auto", device)
    if device.type != "cpu" or supposed is torch.float32:
        return Trial(supposed, "the device's own")
    with torch.inference_mode():
        weight = torch.zeros(_OUT, _IN)
        wide: list[Callable[[Tensor], Tensor]] = [_plain(weight.clone()) for _ in range(_LAYERS)]
        low = weight.bfloat16()
        is_packable = can_pack(device, low.dtype, _LAYERS * low.numel() * low.element_size())
        narrow: list[Callable[[Tensor], Tensor]] = [
            packed(low, None) if is_packable else _plain(low.clone()) for _ in range(_LAYERS)
        ]
        x = torch.ones(_ROWS, _IN)
        seconds = {torch.float32: float("inf"), torch.bfloat16: float("inf")}
        for _ in range(_TURNS):
            for layers, dtype in ((wide, torch.float32), (narrow, torch.bfloat16)):
                seconds[dtype] = min(seconds[dtype], _time(layers, x.to(dtype)))
    return decide(seconds[torch.float32], seconds[torch.bfloat16])


def decide(float32_s: float, bfloat16_s: float) -> Trial:
    is_worth_it = bfloat16_s * _ADVANTAGE < float32_s
    reason = f"float32 {float32_s * 1e3:.1f} ms, bfloat16 {bfloat16_s * 1e3:.1f} ms in a trial"
    return Trial(torch.bfloat16 if is_worth_it else torch.float32, reason)


def _plain(weight: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda x: F.linear(x, weight)


def _time(layers: list[Callable[[Tensor], Tensor]], x: Tensor) -> float:
    started = time.perf_counter()
    for layer in layers:
        layer(x)
    return time.perf_counter() - started
