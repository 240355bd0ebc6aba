"""Everything from one database into another, such as from SQLite into PostgreSQL.

Contract: all or nothing; the source is only read, and the target must hold nothing yet. Both have
the newest schema already. Ids stay what they are.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Column, Table, delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bowerbird.storage.database import Database
from bowerbird.storage.store import StoreError
from bowerbird.storage.tables import meta, metadata, replies, runs

_ROWS_A_STATEMENT: Final = 500
_COUNTED_ON: Final[tuple[Column[Any], ...]] = (replies.c.reply_id, runs.c.run_id)


async def copy(source: Database, target: Database) -> int:
    """How many rows were copied. Raises ``StoreError`` where the target holds something."""
    copied = 0
    async with source.snapshot() as reading, target.transaction() as writing:
        await writing.execute(delete(meta))  # what opening it has noted
        for table in metadata.sorted_tables:
            if await writing.scalar(select(func.count()).select_from(table)):
                raise StoreError(f"{target.where} is not empty; name an empty database.")
            copied += await _copy(table, reading, writing)
        if not target.is_sqlite:
            await _count_on(writing)
    return copied


async def _copy(table: Table, reading: AsyncConnection, writing: AsyncConnection) -> int:
    copied = 0
    rows = await reading.stream(select(table))
    async for some in rows.partitions(_ROWS_A_STATEMENT):
        await writing.execute(insert(table), [dict(row._mapping) for row in some])
        copied += len(some)
    return copied


async def _count_on(tx: AsyncConnection) -> None:
    """New rows get ids beyond the copied ones; PostgreSQL's sequences know nothing of those."""
    for column in _COUNTED_ON:
        highest = await tx.scalar(select(func.max(column)))
        if highest is not None:
            names = {"table": column.table.name, "column": column.name, "highest": highest}
            await tx.execute(
                text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)"), names
            )
