"""Finished work, kept so that an evaluation that is stopped goes on where it was.

Contract: one JSON line for each finished cell, on disk before ``put`` returns; a line torn by a
crash counts as not done. A cell is never changed. Knows nothing of what cells mean.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


class Ledger:
    """The cells in one file. One writer at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cells: dict[str, Any] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            self._read()

    def __contains__(self, cell: str) -> bool:
        return cell in self._cells

    def __getitem__(self, cell: str) -> Any:
        return self._cells[cell]

    def put(self, cell: str, value: Any) -> None:
        """``value`` must be what JSON gives back, for a resumed run to see the same."""
        line = json.dumps([cell, value], ensure_ascii=False, allow_nan=False) + "\n"
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self._cells[cell] = json.loads(line)[1]

    def _read(self) -> None:
        whole = 0
        with self._path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                try:
                    cell, value = json.loads(line)
                except (ValueError, TypeError):
                    break
                self._cells[cell] = value
                whole += len(line)
        if whole < self._path.stat().st_size:  # what comes next must not be glued to a torn line
            os.truncate(self._path, whole)
