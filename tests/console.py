"""The console command in a process of its own, as people and scripts meet it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bowerbird.bot.settings import Settings


class Console:
    """Runs `bowerbird` in a folder of its own, with an environment of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        ours = {name.upper() for name in Settings.model_fields}
        self.env = {name: value for name, value in os.environ.items() if name not in ours}
        self.env |= {"DATA_DIR": str(home / "data"), "NO_COLOR": "1"}

    def __call__(
        self, *arguments: str, timeout_s: float = 60, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bowerbird.bot", *arguments],
            cwd=self.home,
            env=self.env | settings,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )


def assert_says(
    done: subprocess.CompletedProcess[str], code: int, *words: str, lines: int = 1
) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    said = done.stderr.strip().splitlines()
    assert len(said) == lines, done.stderr
    for word in words:
        assert word in done.stderr
