"""The operator's commands, run for real: what they do, and one clear line where they cannot."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bowerbird.storage.records import Consent, Feedback, FeedbackKind, NewReply, Turn
from bowerbird.storage.sql import SqlStore
from tests.console import Console, assert_says

ALICE, BOB, SCOPE = 111, 222, 333
SAID = "the bower is blue"


@pytest.fixture
def known(bowerbird: Console) -> Console:
    """A console on a database that knows alice and bob, with weights of both."""

    async def fill() -> None:
        data = bowerbird.home / "data"
        data.mkdir()
        store = SqlStore(f"sqlite+aiosqlite:///{data}/bowerbird.db")
        await store.open()
        now = datetime.now(UTC)
        for number, user in enumerate((ALICE, BOB)):
            await store.set_consent(SCOPE, user, Consent.ON)
            turns = (Turn("system", "Be kind."), Turn("user", SAID, 10 + number, user))
            reply = NewReply(
                SCOPE, user, 5, 10 + number, (20 + number,), turns, "indeed", "tiny", None, {},
                "message", now,
            )  # fmt: skip
            await store.add_reply(reply)
            await store.put_feedback(
                Feedback(SCOPE, 20 + number, user, FeedbackKind.LIKE, "message", now)
            )
            (data / "adapters" / str(SCOPE) / str(user) / "v1").mkdir(parents=True)
        await store.aclose()

    asyncio.run(fill())
    return bowerbird


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


# --- database ------------------------------------------------------------------------------------


def test_upgrade_makes_the_database(bowerbird: Console) -> None:
    done = bowerbird("db", "upgrade")
    assert (done.returncode, done.stderr) == (0, "")
    assert "up to date" in done.stdout
    assert (bowerbird.home / "data" / "bowerbird.db").is_file()


def test_backup_is_complete_and_never_overwrites(known: Console) -> None:
    assert known("db", "backup", "copy.db").returncode == 0
    copied = known(
        *("export", "--user", str(ALICE), "--out", "alice.json"),
        DATABASE_URL=f"sqlite+aiosqlite:///{known.home}/copy.db",
    )
    assert copied.returncode == 0
    assert SAID in (known.home / "alice.json").read_text()
    assert_says(known("db", "backup", "copy.db"), 2, "exists already")
    assert_says(known("db", "backup", "nowhere/copy.db"), 2, "no directory")


def test_unreachable_database(bowerbird: Console) -> None:
    (bowerbird.home / "file").write_text("")
    url = f"sqlite+aiosqlite:///{bowerbird.home}/file/x.db"
    assert_says(bowerbird("db", "upgrade", DATABASE_URL=url), 1, "database", "file/x.db")


def test_unreachable_server_keeps_its_password(bowerbird: Console) -> None:
    url = "postgresql+asyncpg://bower:s3cret-pass@127.0.0.1:9/bower"
    done = bowerbird("db", "upgrade", DATABASE_URL=url)
    assert_says(done, 1)
    assert "s3cret-pass" not in done.stderr


def test_no_database_at_all(bowerbird: Console) -> None:
    (bowerbird.home / "data").mkdir()
    (bowerbird.home / "data" / "bowerbird.db").write_text("not a database, but a poem\n" * 50)
    assert_says(bowerbird("db", "upgrade"), 1, "not a database")


def test_full_disk_loses_nothing(full_disk: Path, bowerbird: Console) -> None:
    ballast = full_disk / "ballast"
    ballast.write_bytes(b"x" * 60 * 1024)
    done = bowerbird("db", "upgrade", DATA_DIR=str(full_disk))
    assert_says(done, 1, "disk is full")
    subprocess.run(["mount", "-o", "remount,size=4m", str(full_disk)], check=True)
    assert bowerbird("db", "upgrade", DATA_DIR=str(full_disk)).returncode == 0
    assert ballast.stat().st_size == 60 * 1024


def test_export_to_a_full_disk_leaves_no_half_file(full_disk: Path, known: Console) -> None:
    (full_disk / "ballast").write_bytes(b"x" * 64 * 1024)
    done = known("export", "--user", str(ALICE), "--out", str(full_disk / "alice.json"))
    assert_says(done, 1, "disk is full")
    assert [path.name for path in full_disk.iterdir()] == ["ballast"]


# --- people --------------------------------------------------------------------------------------


def test_export_is_private_and_of_one_person(known: Console) -> None:
    done = known("export", "--user", str(ALICE), "--out", "alice.json")
    assert (done.returncode, done.stderr) == (0, "")
    target = known.home / "alice.json"
    text = target.read_text(encoding="utf-8")
    assert SAID in text
    assert str(BOB) not in text
    assert isinstance(json.loads(text), dict)
    if os.name == "posix":
        assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_export_into_nowhere(known: Console) -> None:
    assert_says(known("export", "--user", "1", "--out", "no/x.json"), 2, "no directory")
    assert_says(known("export", "--user", "1", "--out", "data"), 2, "is a directory")


def test_forget_asks_first(known: Console) -> None:
    assert_says(known("forget", "--user", str(ALICE)), 2, "--yes")
    assert (known.home / "data" / "adapters" / str(SCOPE) / str(ALICE)).exists()


def test_forget_takes_rows_and_weights_of_one_person(known: Console) -> None:
    done = known("forget", "--user", str(ALICE), "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 replies, 1 feedback" in done.stdout
    known("export", "--user", str(ALICE), "--out", "alice.json")
    known("export", "--user", str(BOB), "--out", "bob.json")
    assert SAID not in (known.home / "alice.json").read_text()
    assert SAID in (known.home / "bob.json").read_text()
    adapters = known.home / "data" / "adapters" / str(SCOPE)
    assert [path.name for path in adapters.iterdir()] == [str(BOB)]


# --- model and training --------------------------------------------------------------------------


def test_a_model_without_weights(bowerbird: Console) -> None:
    (bowerbird.home / "hollow").mkdir()
    (bowerbird.home / "hollow" / "config.json").write_text("{}")
    assert_says(bowerbird("model", "fetch", "hollow"), 1, "hollow holds no weights")
    done = bowerbird("retrain", BASE_MODEL="hollow", TRAINING_ACKNOWLEDGED="true")
    assert_says(done, 1, "hollow holds no weights")


def test_a_model_that_is_nowhere(bowerbird: Console) -> None:
    assert_says(bowerbird("retrain"), 1, "bowerbird model fetch")
    assert_says(bowerbird("model", "fetch", "what is this?"), 1, "neither")


def test_training_is_off_until_acknowledged(known: Console, tiny_model_dir: Path) -> None:
    done = known("retrain", BASE_MODEL=str(tiny_model_dir))
    assert_says(done, 1, "TRAINING_ACKNOWLEDGED")


def test_nobody_is_due(bowerbird: Console, tiny_model_dir: Path) -> None:
    done = bowerbird("retrain", BASE_MODEL=str(tiny_model_dir), TRAINING_ACKNOWLEDGED="true")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Nobody is due" in done.stdout


def test_somebody_without_consent(known: Console, tiny_model_dir: Path) -> None:
    done = known(
        *("retrain", "--user", "999"),
        BASE_MODEL=str(tiny_model_dir),
        TRAINING_ACKNOWLEDGED="true",
    )
    assert_says(done, 1, "999 has not turned personalization on")
