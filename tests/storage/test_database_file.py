"""What only a SQLite file has: bytes that must be gone, permissions, copies, a disk that fills."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bowerbird.storage.records import Consent, FeedbackKind, Turn
from bowerbird.storage.sql import SqlStore
from bowerbird.storage.store import StoreError
from tests.storage.samples import ALICE, BOB, SCOPE, START, a_reply, at, consent, some_feedback

SECRET = "zebra-crossing"


def url_of(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


def damage(path: Path) -> None:
    """Leave the first two pages (4 KiB each), so that it is still taken for a database."""
    content = path.read_bytes()
    path.write_bytes(content[:8192] + b"\xa5" * (len(content) - 8192))


async def say_secrets(store: SqlStore, replies: int = 100) -> None:
    """Alice says the secret in every place a text can be in; Bob says other things in between,
    so that the pages of the file are split and rearranged on the way."""
    await consent(store, ALICE, BOB)
    for number in range(replies):
        first = 1000 + 10 * number
        user, word = (ALICE, SECRET) if number % 2 else (BOB, "harmless")
        long_text = f"{word} " * (1 + number * 37 % 200)
        await store.add_reply(a_reply(first, user=user, said=f"{word} {number}", text=long_text))
        await store.put_feedback(
            some_feedback(first, FeedbackKind.CORRECTION, user=user, text=long_text)
        )
    await store.add_reply(
        a_reply(9001, user=BOB, turns=(Turn("user", f"{SECRET}!", 9000, ALICE),), text="hm")
    )


class TestPrivacy:
    async def test_nothing_of_who_did_not_consent_reaches_the_file(
        self, file_store: SqlStore, raw_bytes: Callable[[], bytes]
    ) -> None:
        await file_store.offer_consent(SCOPE, ALICE)
        assert await file_store.add_reply(a_reply(11, said=SECRET, text=SECRET)) is None
        correction = some_feedback(11, FeedbackKind.CORRECTION, text=SECRET)
        assert not await file_store.put_feedback(correction)
        assert SECRET.encode() not in raw_bytes()
        await file_store.checkpoint()
        assert SECRET.encode() not in raw_bytes()

    async def test_what_is_forgotten_is_gone_from_the_bytes(
        self, file_store: SqlStore, raw_bytes: Callable[[], bytes]
    ) -> None:
        await say_secrets(file_store)
        await file_store.checkpoint()
        assert raw_bytes().count(SECRET.encode()) > 1000  # the test can see what it looks for
        await file_store.forget(ALICE)
        assert SECRET.encode() not in raw_bytes()
        assert b"harmless" in raw_bytes()

    async def test_reset_and_retention_too(
        self, file_store: SqlStore, raw_bytes: Callable[[], bytes]
    ) -> None:
        await say_secrets(file_store, 40)
        await file_store.reset(SCOPE, ALICE, keep_feedback=False)
        await file_store.erase_messages([9000])
        await file_store.checkpoint()
        assert SECRET.encode() not in raw_bytes()
        await file_store.erase_before(at(1))
        assert b"harmless" not in raw_bytes()

    async def test_deleted_and_edited_messages_are_gone_after_a_checkpoint(
        self, file_store: SqlStore, raw_bytes: Callable[[], bytes]
    ) -> None:
        await say_secrets(file_store)
        await file_store.replace_text(9000, "edited")
        await file_store.erase_messages(range(1000, 3000))
        await file_store.checkpoint()
        assert SECRET.encode() not in raw_bytes()

    async def test_a_crash_before_scrubbing_is_made_good_at_the_next_start(
        self, database_file: Path, raw_bytes: Callable[[], bytes]
    ) -> None:
        script = f"""
import asyncio, os
from bowerbird.storage.sql import SqlStore
from tests.storage.test_database_file import ALICE, say_secrets

async def main():
    store = SqlStore({url_of(database_file)!r})
    await store.open()
    await say_secrets(store)
    async def die(**_): os._exit(9)
    store._database.scrub = die
    await store.forget(ALICE)

asyncio.run(main())
"""
        root = Path(__file__).parents[2]
        died = subprocess.run(  # noqa: ASYNC221
            [sys.executable, "-c", script], check=False, cwd=root
        )
        assert died.returncode == 9
        assert SECRET.encode() in raw_bytes()
        store = SqlStore(url_of(database_file))
        await store.open()
        assert SECRET.encode() not in raw_bytes()
        assert (await store.person(SCOPE, ALICE)).consent is Consent.OFF
        await store.aclose()

    async def test_a_reader_elsewhere_delays_scrubbing_but_not_forgetting(
        self,
        database_file: Path,
        raw_bytes: Callable[[], bytes],
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        monkeypatch.setattr("bowerbird.storage.database._BUSY_TIMEOUT_S", 0)
        store = SqlStore(url_of(database_file))
        await store.open()
        await say_secrets(store, 20)
        reader = sqlite3.connect(database_file, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM replies").fetchone()
        assert (await store.forget(ALICE)).replies == 10
        assert "trying again later" in caplog.text
        with pytest.raises(StoreError, match="reading"):
            await store.checkpoint()
        reader.close()
        await store.checkpoint()
        assert SECRET.encode() not in raw_bytes()
        await store.aclose()

    async def test_errors_do_not_tell_what_people_wrote(self, file_store: SqlStore) -> None:
        await consent(file_store, ALICE)
        await file_store.add_reply(a_reply(11, 12))
        with pytest.raises(StoreError) as caught:
            await file_store.add_reply(a_reply(21, 12, said=SECRET, text=SECRET))
        error: BaseException | None = caught.value
        while error is not None:
            assert SECRET not in str(error)
            error = error.__cause__


class TestFile:
    async def test_only_the_owner_may_read_it(
        self, file_store: SqlStore, database_file: Path
    ) -> None:
        await consent(file_store, ALICE)
        files = list(database_file.parent.iterdir())
        assert len(files) == 3
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}

    async def test_it_is_opened_as_meant(self, file_store: SqlStore) -> None:
        expected = {
            "journal_mode": "wal",
            "foreign_keys": 1,
            "synchronous": 2,
            "secure_delete": 1,
            "busy_timeout": 10_000,
        }
        async with file_store._database.snapshot() as tx:
            for pragma, value in expected.items():
                assert (await tx.exec_driver_sql(f"PRAGMA {pragma}")).scalar_one() == value

    async def test_a_path_with_odd_letters(self, tmp_path: Path) -> None:
        store = SqlStore(url_of(tmp_path / "100% näch?t #1" / "b.db").replace("?", "%3F"))
        await store.open()
        await consent(store, ALICE)
        await store.aclose()

    async def test_a_plain_sqlite_url_gets_the_driver(self, tmp_path: Path) -> None:
        store = SqlStore(f"sqlite:///{tmp_path / 'b.db'}")
        await store.open()
        await store.aclose()
        assert (tmp_path / "b.db").stat().st_size > 0


class TestBackup:
    async def test_a_copy_while_in_use_opens_as_a_store(
        self, file_store: SqlStore, tmp_path: Path
    ) -> None:
        await consent(file_store, ALICE)
        await file_store.add_reply(a_reply(11))
        target = tmp_path / "copies" / "first's copy.db"
        await file_store.backup(target)
        await file_store.forget(ALICE)
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        assert os.listdir(target.parent) == [target.name]  # noqa: PTH208 (nothing else is left)
        copy = SqlStore(url_of(target))
        await copy.open()
        assert await copy.reply_of_message(11) is not None
        await copy.aclose()

    async def test_it_replaces_nothing(self, file_store: SqlStore, tmp_path: Path) -> None:
        target = tmp_path / "precious"
        target.write_text("mine")
        with pytest.raises(StoreError, match="exists already"):
            await file_store.backup(target)
        assert target.read_text() == "mine"

    async def test_it_leaves_nothing_half_written(
        self, file_store: SqlStore, tmp_path: Path
    ) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StoreError, match="cannot be reached"):
            await file_store.backup(tmp_path / "file" / "copy.db")


class TestFailures:
    async def test_a_full_disk_undoes_and_says_so_and_goes_on_afterwards(
        self, file_store: SqlStore
    ) -> None:
        """SQLite's own limit on pages gives the same SQLITE_FULL as the file system's."""
        await consent(file_store, ALICE)
        await file_store.add_reply(a_reply(11))

        async def limit(pages: int) -> None:
            async with file_store._database.transaction() as tx:
                await tx.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        await limit(1)  # SQLite makes that "no more than now"
        kept = 0
        with pytest.raises(StoreError, match=r"disk is full.*free some space") as caught:  # noqa: PT012
            for number in range(1, 100):
                await file_store.add_reply(a_reply(1000 * number, text="x" * 3000))
                kept += 1
        assert caught.value.__cause__ is not None
        assert (await file_store.person_summary(SCOPE, ALICE)).replies == 1 + kept
        assert await file_store.reply_of_message(1000 * (kept + 1)) is None
        await limit(100_000)
        assert await file_store.add_reply(a_reply(1000 * (kept + 1), text="x" * 3000))
        async with file_store._database.snapshot() as tx:
            assert (await tx.exec_driver_sql("PRAGMA integrity_check")).scalar_one() == "ok"

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root can mount")
    async def test_a_really_full_disk(self, tmp_path: Path) -> None:
        disk = tmp_path / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
        if subprocess.run(mount, check=False, capture_output=True).returncode:  # noqa: ASYNC221
            pytest.skip("this machine does not let us mount a small disk")
        store = SqlStore(url_of(disk / "b.db"))
        try:
            await store.open()
            await consent(store, ALICE, BOB)
            await store.add_reply(a_reply(11, said=SECRET))
            (disk / "filler").write_bytes(b"x" * 1_300_000)
            kept = 0
            with pytest.raises(StoreError, match="disk is full"):  # noqa: PT012
                for number in range(1, 2000):
                    await store.add_reply(a_reply(1000 * number, user=BOB, text="x" * 3000))
                    kept += 1
            assert await store.reply_of_message(11) is not None  # reading goes on
            with pytest.raises(StoreError, match="disk is full"):
                await store.backup(disk / "copy.db")
            assert sorted(path.name for path in disk.iterdir()) == [
                "b.db",
                "b.db-shm",
                "b.db-wal",
                "filler",
            ]
            (disk / "filler").unlink()
            assert (await store.person_summary(SCOPE, BOB)).replies == kept
            assert await store.add_reply(a_reply(1000 * (kept + 1), user=BOB, text="x" * 3000))
            await store.forget(ALICE)
            content = b"".join(path.read_bytes() for path in disk.iterdir())
            assert SECRET.encode() not in content
        finally:
            await store.aclose()
            subprocess.run(["umount", str(disk)], check=True)  # noqa: ASYNC221

    async def test_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        path = tmp_path / "notes.txt"
        path.write_text("not a database, but long enough to be taken for one" * 100)
        with pytest.raises(StoreError, match="not a database"):
            await SqlStore(url_of(path)).open()
        assert path.read_text().startswith("not a database")

    async def test_a_damaged_file(self, database_file: Path) -> None:
        store = SqlStore(url_of(database_file))
        await store.open()
        await say_secrets(store, 60)
        await store.aclose()
        damage(database_file)
        with pytest.raises(StoreError, match=r"damaged.*backup"):  # noqa: PT012
            await store.open()
            await store.export(ALICE)
        await store.aclose()

    async def test_a_folder_that_cannot_be(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StoreError, match="DATABASE_URL"):
            await SqlStore(url_of(tmp_path / "file" / "b.db")).open()

    async def test_a_path_that_is_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="DATABASE_URL"):
            await SqlStore(url_of(tmp_path)).open()

    async def test_a_database_locked_by_another_program(
        self, database_file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("bowerbird.storage.database._BUSY_TIMEOUT_S", 0)
        store = SqlStore(url_of(database_file))
        await store.open()
        await consent(store, ALICE)
        other = sqlite3.connect(database_file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another program"):
            await store.add_reply(a_reply(11))
        assert (await store.person(SCOPE, ALICE)).consent is Consent.ON  # reading goes on
        other.close()
        assert await store.add_reply(a_reply(11))
        await store.aclose()

    async def test_a_file_that_may_only_be_read(self, file_store: SqlStore) -> None:
        async with file_store._database._sqlite() as driver:
            await driver.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreError, match="read-only"):
            await consent(file_store, ALICE)

    @pytest.mark.parametrize("url", ["", "what", "mysql://localhost/b", "sqlite+nothing:///b"])
    async def test_a_url_that_means_nothing(self, url: str) -> None:
        with pytest.raises(StoreError, match="DATABASE_URL"):
            await SqlStore(url).open()

    async def test_a_server_that_is_not_there_and_the_password_stays_secret(self) -> None:
        with pytest.raises(StoreError, match="cannot be reached") as caught:
            await SqlStore("postgresql://bower:hunter2@127.0.0.1:9/bird").open()
        assert "127.0.0.1:9/bird" in str(caught.value)
        assert "hunter2" not in str(caught.value)

    async def test_opening_fails_and_can_be_tried_again(self, tmp_path: Path) -> None:
        blocker = tmp_path / "folder"
        blocker.touch()
        store = SqlStore(url_of(blocker / "b.db"))
        with pytest.raises(StoreError):
            await store.open()
        blocker.unlink()
        await store.open()
        await store.set_consent(SCOPE, ALICE, Consent.ON)
        assert (await store.person(SCOPE, ALICE)).consent_changed_at != START
        await store.aclose()
