"""What the tests of the bot share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.console import Console


@pytest.fixture
def bowerbird(tmp_path: Path) -> Console:
    """The console command, in a folder of its own."""
    return Console(tmp_path)
