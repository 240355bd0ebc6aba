"""What the operator reads when something fails, and where the rest is kept."""

from __future__ import annotations

import argparse
import errno
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest

from bowerbird.bot import cli
from bowerbird.bot.failures import CommandError, MisuseError, explain
from bowerbird.personalization.errors import QueueFullError
from bowerbird.storage.store import StoreError

RESPONSE = SimpleNamespace(status=503, reason="Unavailable")


@pytest.mark.parametrize(
    ("error", "says", "exit_code"),
    [
        (CommandError("stop it"), "stop it", 1),
        (MisuseError("add --yes"), "add --yes", 2),
        (StoreError("the disk is full"), "the disk is full", 1),
        (QueueFullError("ask again"), "ask again", 1),
        (discord.LoginFailure("Improper token"), "reset it", 1),
        (discord.PrivilegedIntentsRequired(None), "Message Content Intent", 1),
        (discord.DiscordServerError(RESPONSE, ""), "trouble (503)", 1),
        (discord.GatewayNotFound(), "few minutes", 1),
        (discord.HTTPException(RESPONSE, "Missing Access"), "Missing Access", 1),
        (aiohttp.InvalidURL("nonsense"), "nonsense is not an address", 1),
        (aiohttp.ServerDisconnectedError(), "check the network", 1),
        (OSError(errno.ENOSPC, "No space left on device", "/data/x"), "/data/x: the disk is", 1),
        (OSError(errno.EADDRINUSE, "bind on address ('127.0.0.1', 88): in use"), ".1:88: the", 1),
        (PermissionError(errno.EACCES, "denied", "/data"), "/data: permission denied", 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_foreseen(error: Exception, says: str, exit_code: int) -> None:
    failure = explain(error)
    assert failure is not None
    assert failure.exit_code == exit_code
    (line,) = failure.lines
    assert says in line
    assert "\n" not in line


@pytest.mark.parametrize("error", [RuntimeError("x"), KeyError("x"), OSError("x"), ValueError()])
def test_unforeseen(error: Exception) -> None:
    assert explain(error) is None


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A command with a fault of ours, whose text holds the token."""

    def command(settings: Any, options: argparse.Namespace) -> int:
        raise RuntimeError(f"bad\nthing with {settings.discord_token.get_secret_value()}")

    monkeypatch.setattr(cli, "_load", lambda target: command)
    monkeypatch.setattr(cli, "_configure_logging", lambda settings, is_debug: None)
    monkeypatch.setenv("DISCORD_TOKEN", "t0p-secret")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_fault_of_ours_is_one_line_and_a_kept_traceback(
    broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["doctor"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    log = broken / "data" / "crashes.log"
    assert "RuntimeError: bad thing with [secret]" in line
    assert line.endswith(f"details are in {log}")
    kept = log.read_text(encoding="utf-8")
    assert "Traceback" in kept
    assert "t0p-secret" not in line + kept


def test_debug_shows_the_traceback(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--debug", "doctor"]) == 1
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "t0p-secret" not in said
    assert not (broken / "data").exists()


def test_a_fault_that_cannot_be_kept_is_told_all_the_same(
    broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (broken / "data").write_text("in the way")
    assert cli.main(["doctor"]) == 1
    assert capsys.readouterr().err.rstrip().endswith("--debug to see where")
