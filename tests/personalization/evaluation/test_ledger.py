"""Finished cells are found again, torn ones are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from bowerbird.personalization.evaluation.ledger import Ledger


def test_cells_are_found_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "cells.jsonl"
    ledger = Ledger(path)
    assert "a" not in ledger
    ledger.put("a", {"text": "größer\n🙂", "n": (1, 2)})
    again = Ledger(path)
    assert "a" in again
    assert again["a"] == ledger["a"] == {"text": "größer\n🙂", "n": [1, 2]}


@pytest.mark.parametrize("torn", [b'["b", {"te', b'["b", 1', b"\x00\x00\n", b"17\n"])
def test_a_torn_line_is_not_done_and_does_not_spoil_the_next(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "cells.jsonl"
    Ledger(path).put("a", 1)
    with path.open("ab") as file:
        file.write(torn)
    ledger = Ledger(path)
    assert "a" in ledger
    assert "b" not in ledger
    ledger.put("b", 2)
    assert (Ledger(path)["a"], Ledger(path)["b"]) == (1, 2)


def test_what_json_cannot_say_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "cells.jsonl")
    with pytest.raises(ValueError, match="JSON"):
        ledger.put("a", float("nan"))
    assert "a" not in Ledger(tmp_path / "cells.jsonl")
