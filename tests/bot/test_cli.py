"""The console command as people and scripts meet it: a process, its lines, its exit code."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from tests.console import Console, assert_says

COMMANDS = [
    [],
    ["run"],
    ["playground"],
    ["sync"],
    ["retrain"],
    ["evaluate"],
    ["model"],
    ["model", "fetch"],
    ["doctor"],
    ["export"],
    ["forget"],
    ["db"],
    ["db", "upgrade"],
    ["db", "backup"],
]
NOWHERE = "http://127.0.0.1:9"  # the discard port: nothing listens


# --- words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help(bowerbird: Console, command: list[str]) -> None:
    done = bowerbird(*command, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(" ".join(["usage: bowerbird", *command]))
    assert done.stderr == ""


def test_version(bowerbird: Console) -> None:
    assert bowerbird("--version").stdout.startswith("bowerbird 0.")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["model"],
        ["export", "--user", "1"],
        ["export", "--user", "alice", "--out", "x"],
        ["forget", "--user", "-3"],
        ["retrain", "--scope", "x"],
        ["playground", "--port", "99999"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_two(bowerbird: Console, arguments: list[str]) -> None:
    done = bowerbird(*arguments)
    assert done.returncode == 2
    assert "usage:" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (bowerbird.home / "data").exists()


def test_help_is_quick(bowerbird: Console) -> None:
    """Under half a second on an idle machine; judged against a bare interpreter on a busy one."""

    def seconds(*command: str) -> float:
        times = []
        for _ in range(3):
            start = time.perf_counter()
            subprocess.run([sys.executable, *command], env=bowerbird.env, stdout=-3, check=True)
            times.append(time.perf_counter() - start)
        return min(times)

    bare = seconds("-c", "import argparse, asyncio")
    assert seconds("-m", "bowerbird.bot", "--help") < 0.5 + bare


# --- settings ------------------------------------------------------------------------------------


def test_each_invalid_setting_is_one_line_that_names_it(bowerbird: Console) -> None:
    done = bowerbird("run", MAX_BATCH="many", TIMEZONE="Mars/Olympus")
    assert_says(done, 2, "MAX_BATCH=many", "TIMEZONE=Mars/Olympus", "unknown time zone", lines=2)


def test_half_a_look_alike_is_refused(bowerbird: Console) -> None:
    done = bowerbird("run", DISCORD_API_URL=NOWHERE)
    assert_says(done, 2, "DISCORD_GATEWAY_URL")


def test_env_file_that_is_no_text(bowerbird: Console) -> None:
    (bowerbird.home / ".env").write_bytes(b"SYSTEM_PROMPT=\xff\xfe\n")
    assert_says(bowerbird("run"), 2, ".env")


def test_missing_token(bowerbird: Console) -> None:
    assert_says(bowerbird("run"), 2, "DISCORD_TOKEN is missing", ".env", "playground")


def test_nobody_listens(bowerbird: Console) -> None:
    done = bowerbird(
        "run",
        DISCORD_TOKEN="t0ken-that-is-secret",
        DISCORD_API_URL=NOWHERE,
        DISCORD_GATEWAY_URL="ws://127.0.0.1:9",
    )
    assert_says(done, 1, "cannot connect to 127.0.0.1:9", "DISCORD_API_URL")
    assert "t0ken-that-is-secret" not in done.stderr
