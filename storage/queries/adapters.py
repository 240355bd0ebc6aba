"""Trained versions, the gate's verdicts on them, and the one pointer to the active one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, case, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bowerbird.storage.queries import people as people_queries
from bowerbird.storage.records import AdapterState, AdapterVersion, RunState
from bowerbird.storage.store import StoreError
from bowerbird.storage.tables import adapters, people, runs


async def next_version(tx: AsyncConnection, scope_id: int, user_id: int) -> int:
    last = await tx.scalar(
        select(people.c.last_version).where(people_queries.is_person(scope_id, user_id))
    )
    return (last or 0) + 1


async def add(tx: AsyncConnection, adapter: AdapterVersion, *, promote: bool) -> None:
    if promote and adapter.state is not AdapterState.ACCEPTED:
        raise StoreError("A version that the gate rejected cannot be promoted.")
    has_read_deleted_text = await tx.scalar(
        select(
            exists().where(
                runs.c.scope_id == adapter.scope_id,
                runs.c.user_id == adapter.user_id,
                runs.c.state == RunState.RUNNING,
                runs.c.is_stale,
            )
        )
    )
    replaced = await tx.scalar(
        select(people.c.active_version).where(
            people_queries.is_person(adapter.scope_id, adapter.user_id)
        )
    )
    await tx.execute(
        insert(adapters).values(
            scope_id=adapter.scope_id,
            user_id=adapter.user_id,
            version=adapter.version,
            state=adapter.state,
            base_model=adapter.base_model,
            trained_on=adapter.trained_on,
            verdict=adapter.verdict,
            created_at=adapter.created_at,
            is_stale=bool(has_read_deleted_text),
            replaced=replaced if promote else None,
        )
    )
    last = people.c.last_version
    await tx.execute(
        update(people)
        .where(people_queries.is_person(adapter.scope_id, adapter.user_id))
        .values(last_version=case((last < adapter.version, adapter.version), else_=last))
    )
    if promote:
        await people_queries.point_at(tx, adapter.scope_id, adapter.user_id, adapter.version)


async def find_all(tx: AsyncConnection, scope_id: int, user_id: int) -> list[AdapterVersion]:
    rows = await tx.execute(
        select(adapters)
        .where(adapters.c.scope_id == scope_id, adapters.c.user_id == user_id)
        .order_by(adapters.c.version)
    )
    return [to_record(row) for row in rows]


async def activate(tx: AsyncConnection, scope_id: int, user_id: int, version: int | None) -> None:
    if version is not None:
        state = await tx.scalar(
            select(adapters.c.state).where(
                adapters.c.scope_id == scope_id,
                adapters.c.user_id == user_id,
                adapters.c.version == version,
            )
        )
        if state is None:
            raise StoreError(f"There is no version {version}; choose one of the recorded versions.")
        if state != AdapterState.ACCEPTED:
            raise StoreError(f"Version {version} was rejected by the gate; choose an accepted one.")
    await people_queries.point_at(tx, scope_id, user_id, version)


async def roll_back(
    tx: AsyncConnection,
    scope_id: int,
    user_id: int,
    version: int,
    *,
    to: int | None,
    why: dict[str, Any],
    now: datetime,
) -> bool:
    is_it = and_(
        adapters.c.scope_id == scope_id,
        adapters.c.user_id == user_id,
        adapters.c.version == version,
    )
    verdict = await tx.scalar(
        select(adapters.c.verdict)
        .select_from(people.join(adapters, people_queries.active_adapter()))
        .where(is_it, adapters.c.rolled_back_at.is_(None))
        .with_for_update()
    )
    if verdict is None:
        return False
    await tx.execute(
        update(adapters)
        .where(is_it)
        .values(rolled_back_at=now, verdict={**verdict, "rolled_back": why})
    )
    await activate(tx, scope_id, user_id, to)
    return True


async def rolled_back_since(tx: AsyncConnection, moment: datetime) -> list[AdapterVersion]:
    rows = await tx.execute(
        select(adapters)
        .where(adapters.c.rolled_back_at >= moment)
        .order_by(adapters.c.rolled_back_at)
    )
    return [to_record(row) for row in rows]


async def outdate(tx: AsyncConnection, base_model: str) -> int:
    outdated = await tx.execute(
        update(adapters)
        .where(
            adapters.c.base_model != base_model,
            ~adapters.c.is_stale,
            exists().where(people_queries.active_adapter()),
        )
        .values(is_stale=True)
        .returning(adapters.c.version)
    )
    return len(outdated.all())


def to_record(row: Row[Any]) -> AdapterVersion:
    return AdapterVersion(
        scope_id=row.scope_id,
        user_id=row.user_id,
        version=row.version,
        state=AdapterState(row.state),
        base_model=row.base_model,
        trained_on=row.trained_on,
        verdict=row.verdict,
        created_at=row.created_at,
        is_stale=row.is_stale,
        replaced=row.replaced,
        rolled_back_at=row.rolled_back_at,
    )
