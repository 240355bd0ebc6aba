"""How the memory set aside for generation is divided, before anything is taken.

Contract: what must be there (a cache row and an adapter slot for each reply, an adapter for each
that waits) fits, or ``plan`` raises ``ModelError`` with what needs how much and which setting to
lower; what only makes things faster (packed weights, prefixes of conversations, adapters kept
ready) gets what is left, in that order. The base model's own weights and what a pass needs come on
top. Counts bytes; takes none.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import psutil

from bowerbird.personalization.errors import ModelError

log = logging.getLogger(__name__)

_AUTO_SHARE = 0.6  # of what is free; the rest is for passes, training and the system
_MOST_SHARE = 0.9  # of what is free, when the operator says how much
_LEAST_CONTEXT = 512  # tokens; shorter conversations are not worth having more rows
_CGROUP_FILES = (  # version 2, version 1: limit, usage, and what of it can be had back
    ("memory.max", "memory.current", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),
)


@dataclass(frozen=True, slots=True)
class Costs:
    """In bytes: of a token, in a row or remembered, of an adapter, of packing the weights."""

    token: int
    adapter: int
    packing: int


@dataclass(frozen=True, slots=True)
class Extras:
    """What is wished for beside the rows. ``waiting``: requests that may hold an adapter without a
    row; ``adapters``: to keep ready beyond those in use; ``prefixes``: conversations to remember,
    each of a whole context; ``limit_bytes`` for everything, ``None`` is a share of what is free.
    """

    waiting: int = 0
    adapters: int = 0
    prefixes: int = 0
    limit_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """What is granted. ``adapters``: ready at once, those in use included."""

    rows: int
    context_tokens: int
    adapters: int
    prefix_bytes: int
    is_packed: bool
    total_bytes: int
    """Of all of it, when every row is full and every cache too."""


def plan(costs: Costs, *, rows: int, context_tokens: int, extras: Extras, free: int) -> MemoryPlan:
    """Divide the limit, or a share of the ``free`` bytes where there is none.

    Without a limit, context and then rows are reduced until they fit. Raises ``ModelError``.
    """
    limit, context, wished_rows = extras.limit_bytes, context_tokens, rows
    budget = int(free * _AUTO_SHARE) if limit is None else limit

    def required() -> int:
        slots = rows + 1  # one stays empty, for rows without an adapter
        in_use = rows + extras.waiting
        return rows * context * costs.token + (slots + in_use) * costs.adapter

    if limit is None:
        while required() > budget and context > _LEAST_CONTEXT:
            context = max(_LEAST_CONTEXT, context // 2)
        while required() > budget and rows > 1:
            rows = (rows + 1) // 2
    if required() > budget:
        adapters = (2 * rows + 1 + extras.waiting) * costs.adapter
        set_to, advice = f"{_mib(budget)}", "raise it, or lower MAX_BATCH or LORA_RANK"
        if limit is None:
            set_to = f"auto, which is {_mib(budget)} of {_mib(free)} free"
            advice = "choose a smaller BASE_MODEL or a lower LORA_RANK"
        raise ModelError(
            f"MAX_BATCH={rows} with a context of {context} tokens needs "
            f"{_mib(rows * context * costs.token)} for conversations and {_mib(adapters)} for "
            f"adapters, and GENERATION_MEMORY_MB is {set_to}; {advice}"
        )
    if (rows, context) != (wished_rows, context_tokens):
        log.warning(
            "memory is short (%s free): %d rows of %d tokens instead of %d of %d",
            _mib(free),
            rows,
            context,
            wished_rows,
            context_tokens,
        )
    left = budget - required()
    is_packed = 0 < costs.packing <= left
    left -= costs.packing if is_packed else 0
    prefix_bytes = min(extras.prefixes * context * costs.token, left)
    left -= prefix_bytes
    spare = min(extras.adapters, left // max(1, costs.adapter))
    total = budget - left + spare * costs.adapter
    if total > free * _MOST_SHARE:
        raise ModelError(
            f"generation would need {_mib(total)}, and {_mib(free)} are free; "
            "lower GENERATION_MEMORY_MB, or set it to auto"
        )
    return MemoryPlan(rows, context, rows + extras.waiting + spare, prefix_bytes, is_packed, total)


def check_weights(folder: Path) -> None:
    """Raises ``ModelError`` if the weights in ``folder`` alone are more than what is free."""
    size = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    if size > (free := free_bytes()) * _MOST_SHARE:
        raise ModelError(
            f"the base model's weights are {_mib(size)}, and {_mib(free)} are free; "
            "choose a smaller BASE_MODEL"
        )


def free_bytes(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Of main memory, for this process: the machine's, or its container's if that is less."""
    free = int(psutil.virtual_memory().available)
    for limit, usage, cache in _CGROUP_FILES:
        try:
            most = int((cgroup / limit).read_text())  # "max" where there is no limit
            used = int((cgroup / usage).read_text())
            lines = (cgroup / limit).with_name("memory.stat").read_text().splitlines()
        except (OSError, ValueError):
            continue
        counts = dict(line.split() for line in lines)
        free = min(free, max(0, most - used + int(counts.get(cache, 0))))
    return free


def _mib(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"
