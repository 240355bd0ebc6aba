"""One connection string, made into transactions that happen wholly or not at all.

SQLite: one connection, one lock, ``BEGIN IMMEDIATE``; WAL; deleted text is overwritten.
PostgreSQL: a pool and the server's own transactions. Knows nothing of our tables except the one
note it leaves itself, that deleted text still has to be scrubbed out of the file.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import aiosqlite
from sqlalchemy import URL, Connection, delete, event, make_url, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bowerbird.storage.failures import translated
from bowerbird.storage.queries.upsert import insert_into
from bowerbird.storage.store import StoreError
from bowerbird.storage.tables import meta

log = logging.getLogger(__name__)

_BUSY_TIMEOUT_S: Final = 10
_SCRUB_DUE: Final = "scrub_due"
_ONE_MOMENT: Final = {"isolation_level": "REPEATABLE READ"}
_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}


class Database:
    """A database file or server. ``open`` before use, ``aclose`` after; safe from many tasks."""

    def __init__(self, url: str) -> None:
        with translated("DATABASE_URL"):
            parsed = make_url(url)
        self._url: URL = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
        self._engine: AsyncEngine | None = None
        self._reading: AsyncEngine | None = None  # the same connections, set to read
        self._lock = asyncio.Lock()

    @property
    def is_sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    @property
    def where(self) -> str:
        """The database as the operator knows it, without its password."""
        if self.is_sqlite:
            return self._url.database or ":memory:"
        return self._url.render_as_string(hide_password=True)

    @property
    def _path(self) -> Path | None:
        name = self._url.database
        if not self.is_sqlite or not name or name == ":memory:" or name.startswith("file:"):
            return None
        return Path(name)

    async def open(self) -> None:
        """Connect (making the file if there is none) and bring the schema up to date."""
        # Imported here: Alembic is needed once, and is the slowest import of the package.
        from bowerbird.storage.schema import upgrade

        with translated(self.where):
            if self._path is not None:
                _create_private(self._path)
            self._engine = self._create_engine()
            self._reading = self._engine.execution_options(
                **({"sqlite_begin": "BEGIN"} if self.is_sqlite else _ONE_MOMENT)
            )
            try:
                async with self.transaction() as tx:
                    await tx.run_sync(upgrade)
            except BaseException:
                await self.aclose()
                raise
            await self.scrub()

    def _create_engine(self) -> AsyncEngine:
        if not self.is_sqlite:
            return create_async_engine(
                self._url,
                pool_pre_ping=True,
                hide_parameters=True,
                json_serializer=_to_json,
            )
        if self._path is None:
            engine = create_async_engine(self._url, hide_parameters=True, json_serializer=_to_json)
        else:
            engine = create_async_engine(
                self._url,
                hide_parameters=True,  # errors reach logs; people's texts must not
                json_serializer=_to_json,
                pool_size=1,
                max_overflow=0,
                connect_args={"timeout": _BUSY_TIMEOUT_S},
            )
        event.listen(engine.sync_engine, "connect", _configure_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        event.listen(engine.sync_engine, "invalidate", _roll_back_sqlite)
        return engine

    async def aclose(self) -> None:
        """Disconnect; a transaction in progress is waited for. Does nothing a second time."""
        async with self._one_at_a_time():
            engine, self._engine, self._reading = self._engine, None, None
            if engine is not None:
                await engine.dispose()

    # --- transactions -------------------------------------------------------------------------
    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write. An exception or a cancellation undoes all of it."""
        with translated(self.where):
            async with self._one_at_a_time(), self._connected(self._engine).begin() as tx:
                yield tx

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads, and sees one moment throughout."""
        with translated(self.where):
            async with self._one_at_a_time(), self._connected(self._reading).begin() as tx:
                yield tx

    def _connected(self, engine: AsyncEngine | None) -> AsyncEngine:
        if engine is None:
            raise StoreError("The database is not open.")
        return engine

    def _one_at_a_time(self) -> AbstractAsyncContextManager[None]:
        """SQLite has one writer anyway: waiting here is fair, waiting in SQLite is not."""
        return self._lock if self.is_sqlite else nullcontext()

    @asynccontextmanager
    async def _sqlite(self) -> AsyncIterator[aiosqlite.Connection]:
        """The bare connection outside any transaction, for what cannot run inside one."""
        with translated(self.where):
            async with self._lock, self._connected(self._engine).connect() as connection:
                driver = (await connection.get_raw_connection()).driver_connection
                assert isinstance(driver, aiosqlite.Connection)  # noqa: S101 (narrows the type)
                yield driver

    # --- getting rid of deleted text ----------------------------------------------------------
    async def note_deletion(self, tx: AsyncConnection) -> None:
        """Remember, in the deleting transaction itself, that the file must be scrubbed."""
        if self.is_sqlite:
            note = insert_into(tx, meta).values(key=_SCRUB_DUE, value=uuid4().hex)
            await tx.execute(
                note.on_conflict_do_update(
                    index_elements=[meta.c.key], set_={"value": note.excluded.value}
                )
            )

    async def fold(self) -> bool:
        """Empty the write-ahead log into the main file; false if a reader elsewhere is in the way.

        With ``secure_delete`` on, this overwrites what was deleted, except for copies that
        rearranging a page may have left in its unused part; those need ``scrub``.
        """
        if not self.is_sqlite:
            return True
        async with self._sqlite() as driver:
            return await _truncate_log(driver)

    async def scrub(self, *, is_thorough: bool = True) -> None:
        """Get what was deleted out of the file: all of it, or (quickly) what ``fold`` gets.

        The deletion itself is done by now, so a failure is not the caller's: it is logged, the
        note stays, and the next thorough ``scrub`` or ``open`` tries again.
        """
        try:
            if is_thorough:
                await self._rewrite()
            elif not await self.fold():
                log.info("A reader elsewhere keeps deleted text in the write-ahead log for now.")
        except StoreError as error:
            log.warning("Deleted text is still in the database file; trying again later: %s", error)

    async def _rewrite(self) -> None:
        """If there is a note: write the file anew without anything deleted, and empty the log."""
        if not self.is_sqlite:
            return
        async with self.snapshot() as tx:
            note = await tx.scalar(select(meta.c.value).where(meta.c.key == _SCRUB_DUE))
        if note is None:
            return
        async with self._sqlite() as driver:
            await driver.execute("VACUUM")
            if not await _truncate_log(driver):
                raise StoreError("Another program is reading the database.")
        async with self.transaction() as tx:
            # A deletion since then has left a note of its own, which must stay.
            await tx.execute(delete(meta).where(meta.c.key == _SCRUB_DUE, meta.c.value == note))

    # --- copies -------------------------------------------------------------------------------
    async def backup(self, target: Path) -> None:
        """A consistent copy, whole or not there at all, readable by its owner only."""
        if not self.is_sqlite:
            raise StoreError("Use pg_dump to back up a PostgreSQL database.")
        with translated(str(target)):
            temporary = _place_for(target)
            try:
                async with self._sqlite() as driver:
                    # Unlike the page-by-page backup API this leaves out what was deleted.
                    await driver.execute("VACUUM INTO ?", (str(temporary),))
                await asyncio.to_thread(_publish, temporary, target)
            finally:
                temporary.unlink(missing_ok=True)


def _create_private(path: Path) -> None:
    """Make an empty file that only its owner may read; an existing one stays as it is.

    SQLite gives its ``-wal`` and ``-shm`` files the mode of the database.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _place_for(target: Path) -> Path:
    """An empty file beside ``target`` to write first; refuses to replace anything."""
    if target.exists():
        raise StoreError(f"{target} exists already; name a file that does not.")
    temporary = target.with_name(f".{target.name}.{os.getpid()}.partial")
    temporary.unlink(missing_ok=True)
    _create_private(temporary)
    return temporary


def _publish(temporary: Path, target: Path) -> None:
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.rename(target)


def _configure_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # Python's sqlite3 must not begin transactions by itself; `_begin_sqlite` does (SQLAlchemy's
    # documented recipe; the newer `autocommit` attribute needs Python 3.12).
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        for pragma in (
            f"busy_timeout = {_BUSY_TIMEOUT_S * 1000}",
            "journal_mode = WAL",
            # FULL, not NORMAL: in WAL mode NORMAL may lose the last commits when the power
            # goes, and an acknowledged "forget me" must stay done. We write a few rows a second.
            "synchronous = FULL",
            "foreign_keys = ON",
            "secure_delete = ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
            cursor.fetchall()
    finally:
        cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # IMMEDIATE takes the write lock now: a transaction that reads first and writes later would
    # otherwise fail with SQLITE_BUSY at once, whatever the timeout, if another process wrote.
    connection.exec_driver_sql(
        connection.get_execution_options().get("sqlite_begin", "BEGIN IMMEDIATE")
    )


def _roll_back_sqlite(
    connection: DBAPIConnection, _record: ConnectionPoolEntry, _error: BaseException | None
) -> None:
    # A cancelled statement takes its connection with it: SQLAlchemy closes it. But SQLite keeps
    # a closed connection alive, lock and all, while a statement of it (an INSERT … RETURNING whose
    # row nobody has fetched) waits for Python's garbage collector. So give the lock back first.
    with suppress(sqlite3.Error):
        connection.rollback()


async def _truncate_log(driver: aiosqlite.Connection) -> bool:
    ((is_busy, _, _),) = await driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
    return not is_busy


def _to_json(value: Any) -> str:
    """Standard JSON: a measurement that is not a number (NaN, infinity) becomes ``null``."""
    return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
