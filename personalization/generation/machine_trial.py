"""Which number format and how many threads decode fastest on this machine: found by trying, once.

A few rows pass through linear layers whose weights no cache holds, as in a decode step, in turns,
and the best of each counts, so that a busy neighbour does not decide. The times are kept in a file
under the machine's name (another processor, number of cores or torch is another one), but not if
others were busy meanwhile. ``decide`` alone says what follows from them. Knows no model.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from bowerbird.personalization.generation.compute_thread import BUSY_SHARE, cores, told_threads, use
from bowerbird.personalization.models import choose_device, choose_dtype
from bowerbird.personalization.packed_linear import can_pack, packed

log = logging.getLogger(__name__)

_ROWS, _OUT, _IN = 8, 1536, 576
_LAYERS = 36  # 64 MB in bfloat16
_TURNS = 5
_ADVANTAGE = 1.1  # float32 rounds less, so bfloat16 has to be worth it
_HOPELESS = 4  # times as slow as the best
_LAST_CORE = 1.2  # and so is the core that the event loop would otherwise have for itself

Key = tuple[torch.dtype, int]
"""A number format and a number of threads."""


@dataclass(frozen=True, slots=True)
class Choice:
    """``is_int8``: linear layers in 8 bits, everything else in ``dtype``."""

    dtype: torch.dtype
    threads: int
    reason: str
    is_int8: bool = False

    @property
    def name(self) -> str:
        return str(self.dtype).removeprefix("torch.")


def settle(dtype: str, device: str, threads: int | None, kept_in: Path | None = None) -> Choice:
    """What ``DTYPE``, ``DEVICE`` and ``threads`` mean here; blocks, for seconds the first time.

    ``threads``: ``None`` is ``OMP_NUM_THREADS`` where it is set, or what is fastest. ``kept_in``:
    where the times are kept. Raises ``ModelError``.
    """
    where = choose_device(device)
    is_int8 = dtype == "int8"
    supposed = choose_dtype("auto" if is_int8 else dtype, where)
    threads = threads or told_threads()
    dtypes = [supposed]
    if dtype == "auto" and where.type == "cpu" and supposed is torch.bfloat16:
        dtypes.insert(0, torch.float32)
    counts = sorted({max(1, cores() - 1), cores()}) if threads is None else [threads]
    if where.type != "cpu":
        counts = counts[:1]
    if len(dtypes) == len(counts) == 1:
        reason = "the device's own" if dtype == "auto" else "as set"
        return Choice(supposed, counts[0], reason, is_int8)
    keys = tuple((each, count) for each in dtypes for count in counts)
    seconds = _kept(kept_in, keys)
    if seconds is None:
        seconds, is_quiet = _try(keys)
        if is_quiet and kept_in is not None:
            _keep(kept_in, seconds)
    choice = decide(seconds)
    return Choice(choice.dtype, choice.threads, choice.reason, is_int8)


def decide(seconds: Mapping[Key, float]) -> Choice:
    """From the time that each took. All formats were tried with the same numbers of threads."""
    formats = list(dict.fromkeys(dtype for dtype, _ in seconds))
    counts = sorted({count for _, count in seconds})

    def best(dtype: torch.dtype) -> float:
        return min(seconds[dtype, count] for count in counts)

    dtype = formats[-1]
    if len(formats) > 1 and best(dtype) * _ADVANTAGE >= best(formats[0]):
        dtype = formats[0]
    threads = counts[0]
    for count in counts[1:]:
        if seconds[dtype, count] * _LAST_CORE < seconds[dtype, threads]:
            threads = count
    told = (
        f"{str(dtype).removeprefix('torch.')} × {count} {taken * 1e3:.1f} ms"
        for (dtype, count), taken in seconds.items()
    )
    return Choice(dtype, threads, f"in a trial, {', '.join(told)}")


@cache
def _try(keys: tuple[Key, ...]) -> tuple[dict[Key, float], bool]:
    """The best time of each, and whether the machine was ours alone meanwhile."""
    others = torch.get_num_threads()
    offered_s = 0.0
    with torch.inference_mode():
        weight = torch.zeros(_OUT, _IN)
        layers = {dtype: _layers(weight.to(dtype)) for dtype, _ in keys}
        x = torch.ones(_ROWS, _IN)
        seconds = dict.fromkeys(keys, float("inf"))
        used_s = time.process_time()
        for count in sorted({count for _, count in keys}):  # OpenMP's threads are made just once
            mine = [key for key in keys if key[1] == count]
            use(count, others)
            for _ in range(_TURNS):
                for key in mine:
                    taken = _time(layers[key[0]], x.to(key[0]))
                    offered_s += taken * count
                    seconds[key] = min(seconds[key], taken)
                if all(seconds[key] > _HOPELESS * min(seconds.values()) for key in mine):
                    break  # threads that wait for a busy neighbour, which can take a minute
    use(others, others)
    return seconds, time.process_time() - used_s > BUSY_SHARE * offered_s


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
    waiting = os.environ.get("OMP_WAIT_POLICY", "")
    return f"{processor}, {cores()} cores, torch {torch.__version__} {waiting}".strip()


def _kept(file: Path | None, keys: tuple[Key, ...]) -> dict[Key, float] | None:
    """Times from an earlier start; ``None`` if anything is missing or odd."""
    if file is None:
        return None
    try:
        seconds = json.loads(file.read_text("utf-8"))[_machine()]
        return {key: float(seconds[_label(key)]) for key in keys}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _keep(file: Path, seconds: dict[Key, float]) -> None:
    written = {_machine(): {_label(key): taken for key, taken in seconds.items()}}
    unfinished = file.with_suffix(".partial")
    try:
        unfinished.write_text(json.dumps(written, indent=1) + "\n", "utf-8")
        unfinished.replace(file)
    except OSError as error:
        log.warning("the machine's trial cannot be kept in %s: %s", file, error)


def _label(key: Key) -> str:
    return f"{str(key[0]).removeprefix('torch.')}/{key[1]}"
