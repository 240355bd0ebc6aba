"""Migrations: from nothing, again, at once, from the future, into somebody else's database."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from bowerbird.storage.records import AdapterState, Consent, ServerSettings
from bowerbird.storage.schema import VERSION_TABLE
from bowerbird.storage.sql import SqlStore
from bowerbird.storage.store import StoreError
from bowerbird.storage.tables import metadata
from tests.storage.samples import ALICE, SCOPE, a_version, consent


async def execute(store: SqlStore, statement: str) -> None:
    async with store._database.transaction() as tx:
        await tx.execute(text(statement))


async def test_the_migrations_make_the_tables_as_described(store: SqlStore) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        return list(compare_metadata(context, metadata))

    async with store._database.snapshot() as tx:
        assert await tx.run_sync(differences) == []


async def test_opening_together_is_safe(url: str) -> None:
    stores = [SqlStore(url) for _ in range(4)]
    await asyncio.gather(*(store.open() for store in stores))
    for store in stores:
        assert await store.people() == []
        await store.aclose()


async def test_a_newer_database_is_left_alone(url: str) -> None:
    store = SqlStore(url)
    await store.open()
    await execute(store, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")  # noqa: S608
    await store.aclose()
    with pytest.raises(StoreError, match=r"newer version.*update Bowerbird"):
        await store.open()
    with pytest.raises(StoreError, match="not open"):
        await store.people()


async def test_somebody_elses_database_is_left_alone(url: str) -> None:
    store = SqlStore(url)
    await store.open()
    await execute(store, f"DROP TABLE {VERSION_TABLE}")
    await store.aclose()
    with pytest.raises(StoreError, match="another program"):
        await store.open()


async def test_a_migration_that_breaks_leaves_nothing(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("half-way")

    store = SqlStore(url)
    with monkeypatch.context() as patched:
        patched.setattr("sqlalchemy.schema.CreateIndex.__init__", fail)
        with pytest.raises(RuntimeError, match="half-way"):
            await store.open()
    await store.open()
    assert await store.people() == []
    await store.aclose()


async def test_logging_is_not_touched(url: str) -> None:
    before = (logging.root.level, list(logging.root.handlers), logging.getLogger("alembic").level)
    mine = logging.getLogger("somebody.elses")
    store = SqlStore(url)
    await store.open()
    await store.aclose()
    after = (logging.root.level, list(logging.root.handlers), logging.getLogger("alembic").level)
    assert after == before
    assert not mine.disabled


def test_importing_the_store_does_not_load_alembic() -> None:
    code = "import sys, bowerbird.storage.sql; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_a_database_of_the_first_schema_moves_on_with_its_data(url: str) -> None:
    store = SqlStore(url)
    await store.open()
    await consent(store, ALICE)
    for version, state in enumerate([AdapterState.ACCEPTED, AdapterState.REJECTED] * 2, 1):
        await store.add_adapter(a_version(version, state=state), promote=False)
    await execute(store, "DROP TABLE servers")
    await execute(store, "ALTER TABLE people DROP COLUMN asked_to_teach_at")
    for column in ("replaced", "rolled_back_at"):
        await execute(store, f"ALTER TABLE adapters DROP COLUMN {column}")
    await execute(store, f"UPDATE {VERSION_TABLE} SET version_num = '0001'")  # noqa: S608
    await store.aclose()
    await store.open()
    assert await store.server_settings(SCOPE) == ServerSettings()
    assert (await store.person(SCOPE, ALICE)).consent is Consent.ON
    assert [v.replaced for v in await store.adapters(SCOPE, ALICE)] == [None, None, 1, None]
    await store.aclose()
