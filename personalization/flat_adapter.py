"""An adapter as one tensor in a slot's layout, beside the PEFT files it was made from.

Contract: only ever a shortcut. It is taken if it was made from the very PEFT file that lies beside
it, for a slot of this very layout, and its words add up; in every other case there is none, and
the PEFT directory, which stays the truth, is read. Written to a temporary file and renamed. Knows
neither models nor what the numbers mean.
"""

from __future__ import annotations

import logging
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

FLAT_FILE = "slot.safetensors"
_SOURCE = "adapter_model.safetensors"

log = logging.getLogger(__name__)


def read_flat(directory: Path, *, layout: str) -> Tensor | None:
    """The slot kept in ``directory`` if it is sound; ``layout`` is ``LoraSlots.fingerprint``."""
    try:
        with safe_open(directory / FLAT_FILE, framework="pt") as file:
            told = file.metadata() or {}
            if told.get("layout") != layout or told.get("source") != _source(directory):
                return None
            # Copied, not mapped: the file may go, and pages must not fault in a decode step.
            slot: Tensor = file.get_tensor("slot").clone()
    except (OSError, SafetensorError):
        return None
    if told.get("checksum") != _checksum(slot):
        log.warning("%s is damaged; the files beside it are used", directory / FLAT_FILE)
        return None
    return slot


def write_flat(directory: Path, slot: Tensor, *, layout: str) -> None:
    """Keep ``slot``, what PEFT's files in ``directory`` came to. No failure is worth telling."""
    unfinished = directory / f".{FLAT_FILE}"
    try:
        told = {"layout": layout, "source": _source(directory), "checksum": _checksum(slot)}
        save_file({"slot": slot}, unfinished, metadata=told)
        unfinished.replace(directory / FLAT_FILE)
    except (OSError, SafetensorError):
        log.debug("no flat copy was kept in %s", directory, exc_info=True)
        unfinished.unlink(missing_ok=True)


def _source(directory: Path) -> str:
    """Which PEFT file it is: adapters are immutable once published, and replaced by renaming."""
    found = (directory / _SOURCE).stat()
    return f"{found.st_size} {found.st_mtime_ns}"


def _checksum(slot: Tensor) -> str:
    """The sum of all words, at memory speed: for rot and short writes, not against intent."""
    words = slot.view(torch.uint8).view(-1)
    whole = words[: words.numel() // 8 * 8].view(torch.int64)
    return str(int(whole.sum()) + int(words[whole.numel() * 8 :].sum()))
