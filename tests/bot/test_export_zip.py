from __future__ import annotations

import io
import json
import random
import zipfile
from typing import Any

from bowerbird.bot import export_zip
from bowerbird.bot.export_zip import Parcels

NOISE = random.Random(0).randbytes  # weights do not compress


def pack(known: dict[str, Any], weights: dict[str, bytes], limit_bytes: int) -> Parcels:
    return export_zip.pack(known, weights, limit_bytes, read_me="all as safetensors")


def contents(packed: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_one_zip_where_one_will_do() -> None:
    packed = pack({"user_id": 7, "said": "Grüße 👍"}, {"1/7/v2/a.safetensors": b"w"}, 10**6)
    assert list(packed.zips) == ["bowerbird.zip"]
    assert packed.too_large == ()
    files = contents(packed.zips["bowerbird.zip"])
    assert json.loads(files["bowerbird.json"]) == {"user_id": 7, "said": "Grüße 👍"}
    assert files["adapters/1/7/v2/a.safetensors"] == b"w"
    assert b"safetensors" in files["README.txt"]


def test_several_that_each_stand_alone_and_stay_below_the_limit() -> None:
    limit = 50_000
    weights = {f"1/7/v{number}/w": NOISE(20_000) for number in range(5)}
    packed = pack({"text": "words " * 50_000}, weights, limit)
    assert list(packed.zips) == [f"bowerbird-{number}-of-3.zip" for number in (1, 2, 3)]
    assert all(len(content) <= limit for content in packed.zips.values())
    found: dict[str, bytes] = {}
    for content in packed.zips.values():
        found |= contents(content)
    assert {name: found[f"adapters/{name}"] for name in weights} == weights
    assert len(json.loads(found["bowerbird.json"])["text"]) == 300_000  # text compresses


def test_what_fits_into_none_is_named() -> None:
    packed = pack({}, {"1/7/v1/big": NOISE(9000), "1/7/v1/small": b"s"}, 8000)
    assert packed.too_large == ("adapters/1/7/v1/big",)
    (content,) = packed.zips.values()
    assert "adapters/1/7/v1/small" in contents(content)
