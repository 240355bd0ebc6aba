"""A store on every database there is: SQLite always, PostgreSQL when ``TEST_POSTGRES_URL`` is set.

``TEST_POSTGRES_URL=postgresql://user@host/postgres`` must be allowed to create databases; each
test gets one of its own and drops it again.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from bowerbird.storage.sql import SqlStore
from tests.storage.samples import Clock

POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL")
DATABASES = ["sqlite", "postgresql"] if POSTGRES_URL else ["sqlite"]


@asynccontextmanager
async def fresh_postgres() -> AsyncIterator[str]:
    assert POSTGRES_URL
    admin = make_url(POSTGRES_URL).set(drivername="postgresql+asyncpg")
    name = f"bowerbird_test_{uuid4().hex}"
    engine = create_async_engine(admin, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            yield admin.set(database=name).render_as_string(hide_password=False)
        finally:
            async with engine.connect() as connection:
                await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        await engine.dispose()


@pytest.fixture(params=DATABASES)
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Of an empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'bowerbird.db'}"
    else:
        async with fresh_postgres() as postgres_url:
            yield postgres_url


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(url: str, clock: Clock) -> AsyncIterator[SqlStore]:
    opened = SqlStore(url, now=clock)
    await opened.open()
    yield opened
    await opened.aclose()


@pytest.fixture
def database_file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "bowerbird.db"


@pytest.fixture
async def file_store(database_file: Path, clock: Clock) -> AsyncIterator[SqlStore]:
    """For what only a SQLite file has."""
    opened = SqlStore(f"sqlite+aiosqlite:///{database_file}", now=clock)
    await opened.open()
    yield opened
    await opened.aclose()


@pytest.fixture
def raw_bytes(database_file: Path) -> Callable[[], bytes]:
    """Everything that lies in the database's folder, as it lies on the disk."""
    return lambda: b"".join(path.read_bytes() for path in sorted(database_file.parent.iterdir()))
