"""The gateway's transport compression: one stream per connection, flushed after every message.

Contract: `stream(name)` gives a function from text to the bytes of one WebSocket message. zstd
needs the `zstandard` package; discord.py asks for it only where that package is installed.
Source: https://discord.com/developers/docs/events/gateway#transport-compression
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable


def stream(name: str) -> Callable[[str], bytes]:
    """`name` is zlib-stream or zstd-stream. Raises ValueError for any other."""
    if name == "zlib-stream":
        return _zlib_stream()
    if name == "zstd-stream":
        return _zstd_stream()
    raise ValueError(f"unknown transport compression {name!r}")


def _zlib_stream() -> Callable[[str], bytes]:
    compressor = zlib.compressobj()
    return lambda text: compressor.compress(text.encode()) + compressor.flush(zlib.Z_SYNC_FLUSH)


def _zstd_stream() -> Callable[[str], bytes]:
    try:
        zstandard = importlib.import_module("zstandard")
    except ModuleNotFoundError:
        raise ValueError("zstd-stream needs the zstandard package on this side too") from None
    compressor = zstandard.ZstdCompressor().compressobj()

    def compress(text: str) -> bytes:
        head: bytes = compressor.compress(text.encode())
        tail: bytes = compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        return head + tail

    return compress
