"""Which number format decodes fastest on this machine: found by trying, once.

A few rows pass through linear layers whose weights no cache holds, as in a decode step, in turns,
and the best of each counts, so that a busy neighbour does not decide. By one thread, which nobody
can make wait for another; several reach the limits of memory sooner, which can only speak for the
narrower format. The times are kept in a file under the machine's name (another processor or torch
is another one), but not if others were busy meanwhile. ``decide`` alone says what follows from
them. Knows no model.
"""

from __future__ import annotations

import json
import logging
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from bowerbird.personalization.generation.compute_thread import (
    BUSY_SHARE,
    default_threads,
    one_thread,
)
from bowerbird.personalization.models import choose_device, choose_dtype
from bowerbird.personalization.packed_linear import can_pack, packed

log = logging.getLogger(__name__)

_ROWS, _OUT, _IN = 8, 1536, 576
_LAYERS = 36  # 64 MB in bfloat16
_TURNS = 5
_FORMATS = (torch.float32, torch.bfloat16)
_ADVANTAGE = 1.1  # float32 rounds less, so bfloat16 has to be worth it


@dataclass(frozen=True, slots=True)
class Choice:
    """``is_int8``: linear layers in 8 bits, everything else in ``dtype``."""

    dtype: torch.dtype
    threads: int
    reason: str
    is_int8: bool = False

    @property
    def name(self) -> str:
        return _name(self.dtype)


def settle(dtype: str, device: str, threads: int | None, kept_in: Path | None = None) -> Choice:
    """What ``DTYPE``, ``DEVICE`` and ``threads`` mean here; blocks, for a second the first time.

    ``threads``: ``None`` is ``default_threads``. ``kept_in``: where the times are kept. Raises
    ``ModelError``.
    """
    where = choose_device(device)
    threads = threads or default_threads()
    is_int8 = dtype == "int8"
    supposed = choose_dtype("auto" if is_int8 else dtype, where)
    if dtype != "auto" or where.type != "cpu" or supposed is not torch.bfloat16:
        reason = "the device's own" if dtype == "auto" else "as set"
        return Choice(supposed, threads, reason, is_int8)
    seconds = _kept(kept_in)
    if seconds is None:
        seconds, is_quiet = _try()
        if is_quiet and kept_in is not None:
            _keep(kept_in, seconds)
    told = ", ".join(f"{_name(each)} {taken * 1e3:.1f} ms" for each, taken in seconds.items())
    return Choice(decide(seconds), threads, f"in a trial, {told}")


def decide(seconds: Mapping[torch.dtype, float]) -> torch.dtype:
    """From the time that each took."""
    is_worth_it = seconds[torch.bfloat16] * _ADVANTAGE < seconds[torch.float32]
    return torch.bfloat16 if is_worth_it else torch.float32


@cache
def _try() -> tuple[dict[torch.dtype, float], bool]:
    """The best time of each, and whether the machine was ours alone meanwhile."""
    spent_s = 0.0
    with torch.inference_mode(), one_thread():
        weight = torch.zeros(_OUT, _IN)
        layers = {dtype: _layers(weight.to(dtype)) for dtype in _FORMATS}
        x = torch.ones(_ROWS, _IN)
        seconds = dict.fromkeys(_FORMATS, float("inf"))
        used_s = time.process_time()
        for _ in range(_TURNS):
            for dtype in _FORMATS:
                taken = _time(layers[dtype], x.to(dtype))
                spent_s += taken
                seconds[dtype] = min(seconds[dtype], taken)
    return seconds, time.process_time() - used_s > BUSY_SHARE * spent_s


def _layers(weight: Tensor) -> list[Callable[[Tensor], Tensor]]:
    size = _LAYERS * weight.numel() * weight.element_size()
    is_packable = can_pack(weight.device, weight.dtype, size)
    return [packed(weight, None) if is_packable else _plain(weight.clone()) for _ in range(_LAYERS)]


def _plain(weight: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda x: F.linear(x, weight)


def _time(layers: list[Callable[[Tensor], Tensor]], x: Tensor) -> float:
    started = time.perf_counter()
    for layer in layers:
        layer(x)
    return time.perf_counter() - started


def _machine() -> str:
    """What the times depend on."""
    processor = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    for line in lines:
        if line.startswith("model name"):
            processor = line.partition(":")[2].strip()
            break
    return f"{processor}, torch {torch.__version__}"


def _kept(file: Path | None) -> dict[torch.dtype, float] | None:
    """Times from an earlier start; ``None`` if anything is missing or odd."""
    if file is None:
        return None
    try:
        seconds = json.loads(file.read_text("utf-8"))[_machine()]
        return {dtype: float(seconds[_name(dtype)]) for dtype in _FORMATS}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _keep(file: Path, seconds: Mapping[torch.dtype, float]) -> None:
    written = {_machine(): {_name(dtype): taken for dtype, taken in seconds.items()}}
    unfinished = file.with_suffix(".partial")
    try:
        unfinished.write_text(json.dumps(written, indent=1) + "\n", "utf-8")
        unfinished.replace(file)
    except OSError as error:
        log.warning("the machine's trial cannot be kept in %s: %s", file, error)


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
