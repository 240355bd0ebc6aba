"""The doctor finds what lacks, one line each, and is content when nothing does."""

from __future__ import annotations

from collections import namedtuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bowerbird.bot.commands import doctor as doctor_module
from bowerbird.bot.commands.doctor import Finding, _clock, doctor, examine
from bowerbird.bot.settings import Settings
from bowerbird.playground import Playground
from bowerbird.playground.model import ApplicationFlag

Usage = namedtuple("Usage", "total used free")


async def findings(settings: Settings) -> dict[str, Finding]:
    return {finding.about: finding async for finding in examine(settings)}


@pytest.fixture
async def server():
    async with Playground() as playground:
        yield playground


@pytest.fixture
def healthy(server: Playground, tiny_model_dir: Path, tmp_path: Path) -> dict[str, Any]:
    return {
        "_env_file": None,
        "discord_token": "playground-token",
        "discord_api_url": server.api_url,
        "discord_gateway_url": server.gateway_url,
        "data_dir": tmp_path / "data",
        "base_model": str(tiny_model_dir),
        "training_acknowledged": True,
    }


async def test_all_is_well(
    healthy: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await doctor(Settings(**healthy), None) == 0
    lines = capsys.readouterr().out.splitlines()
    about = ["token", "intents", "clock", "model", "disk", "database", "night"]
    assert [line.split()[:2] for line in lines] == [["ok", name] for name in about]


async def test_nothing_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").write_text("in the way")
    settings = Settings(
        _env_file=None,
        data_dir=tmp_path / "data",
        database_url=f"sqlite+aiosqlite:///{tmp_path}/nowhere/at/all/x.db",
    )
    (tmp_path / "nowhere").write_text("in the way")
    assert await doctor(settings, None) == 1
    out = capsys.readouterr().out
    for about, what in {
        "token": "DISCORD_TOKEN is missing",
        "model": "bowerbird model fetch",
        "disk": "is not a directory",
        "database": str(tmp_path),
        "night": "TRAINING_ACKNOWLEDGED",
    }.items():
        (line,) = (line for line in out.splitlines() if line[6:].startswith(about))
        assert what in line
        assert line.startswith("note" if about == "night" else "FAIL")


async def test_a_wrong_token(healthy: dict[str, Any]) -> None:
    found = await findings(Settings(**healthy | {"discord_token": "wrong"}))
    assert found["token"].status == "fail"
    assert "Discord refused DISCORD_TOKEN" in found["token"].text
    assert "intents" not in found
    assert found["clock"].status == "ok"


async def test_nobody_listens(healthy: dict[str, Any]) -> None:
    found = await findings(Settings(**healthy | {"discord_api_url": "http://127.0.0.1:9"}))
    assert found["token"].status == "fail"
    assert "cannot connect to 127.0.0.1:9" in found["token"].text
    assert found["database"].status == "ok"


async def test_a_proxy_that_talks_nonsense(healthy: dict[str, Any], server: Playground) -> None:
    found = await findings(Settings(**healthy | {"discord_api_url": f"{server.url}/no-api"}))
    assert found["token"].status == "fail"
    assert "404" in found["token"].text


async def test_missing_message_content_is_a_note(
    healthy: dict[str, Any], server: Playground
) -> None:
    (application,) = server.world.applications.values()
    application.flags = ApplicationFlag(0)
    found = await findings(Settings(**healthy))
    assert found["intents"].status == "note"
    assert "only mentions" in found["intents"].text


async def test_a_model_without_weights(healthy: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "hollow").mkdir()
    (tmp_path / "hollow" / "config.json").write_text("{}")
    found = await findings(Settings(**healthy | {"base_model": str(tmp_path / "hollow")}))
    assert found["model"].status == "fail"
    assert "no weights" in found["model"].text


async def test_little_room(healthy: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_module.shutil, "disk_usage", lambda _: Usage(1e9, 9e8, 1e8))
    found = await findings(Settings(**healthy))
    assert found["disk"].status == "fail"
    assert "0.1 GB free" in found["disk"].text


@pytest.mark.parametrize(
    ("off_s", "status", "says"),
    [(0, "ok", "within"), (-300, "fail", "behind"), (300, "fail", "ahead of")],
)
def test_clock(off_s: int, status: str, says: str) -> None:
    now = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
    finding = _clock("Sat, 21 Nov 2026 20:00:00 GMT", now + timedelta(seconds=off_s))
    assert finding.status == status
    assert says in finding.text


@pytest.mark.parametrize("date", [None, "", "yesterday"])
def test_a_server_without_a_clock(date: str | None) -> None:
    assert _clock(date, datetime.now(UTC)).status == "note"
