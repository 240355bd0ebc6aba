"""Everything of a person as ZIP files small enough to be sent.

Contract: each ZIP stands alone (no multi-part archive to put together); a file that is too large
by itself is named instead of sent. Pure but for the clock of the entries: bytes in, bytes out.
Blocking; run it on a thread. Knows neither Discord nor where things come from.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_OVERHEAD: Final = 512
"""Bytes, generously, that an entry and its place in the directory take besides its content."""


@dataclass(frozen=True, slots=True)
class Parcels:
    """``zips`` by file name, in order; ``too_large``: names of files that fit into none."""

    zips: dict[str, bytes]
    too_large: tuple[str, ...]


def pack(
    known: Mapping[str, Any], weights: Mapping[str, bytes], limit_bytes: int, *, read_me: str
) -> Parcels:
    """``known`` becomes ``bowerbird.json``; ``weights`` go to ``adapters/``.

    ``read_me``: what all this is, for the person.
    """
    told = json.dumps(known, ensure_ascii=False, indent=2).encode()
    files = {"README.txt": read_me.encode(), "bowerbird.json": told}
    files |= {f"adapters/{name}": content for name, content in weights.items()}
    loads: list[list[tuple[str, bytes]]] = []
    room, too_large = 0, []
    for name, content in files.items():
        # Weights do not compress and text does, so what a file takes is seen by packing it.
        size = len(_zip([(name, content)])) + _OVERHEAD
        if size > limit_bytes:
            too_large.append(name)
            continue
        if not loads or size > room:
            loads.append([])
            room = limit_bytes
        loads[-1].append((name, content))
        room -= size
    names = ["bowerbird.zip"]
    if len(loads) > 1:
        names = [f"bowerbird-{number}-of-{len(loads)}.zip" for number in range(1, len(loads) + 1)]
    zips = {name: _zip(load) for name, load in zip(names, loads, strict=False)}
    return Parcels(zips, tuple(too_large))


def _zip(load: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in load:
            archive.writestr(name, content)
    return buffer.getvalue()
