"""Who is known, where they stand, and which version they are pointed at."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bowerbird.storage.queries.upsert import insert_into
from bowerbird.storage.records import Consent, Person
from bowerbird.storage.tables import adapters, people


def is_person(scope_id: int, user_id: int) -> ColumnElement[bool]:
    return and_(people.c.scope_id == scope_id, people.c.user_id == user_id)


def active_adapter() -> ColumnElement[bool]:
    """Joins a person to the version they are pointed at."""
    return and_(
        adapters.c.scope_id == people.c.scope_id,
        adapters.c.user_id == people.c.user_id,
        adapters.c.version == people.c.active_version,
    )


def _select_people() -> Select[Any]:
    return select(
        people,
        adapters.c.base_model.label("active_base_model"),
        func.coalesce(adapters.c.is_stale, False).label("is_stale"),
    ).outerjoin(adapters, active_adapter())


def _person(row: Row[Any]) -> Person:
    return Person(
        scope_id=row.scope_id,
        user_id=row.user_id,
        consent=Consent(row.consent),
        consent_changed_at=row.consent_changed_at,
        active_version=row.active_version,
        active_base_model=row.active_base_model,
        is_stale=bool(row.is_stale),
    )


async def find(tx: AsyncConnection, scope_id: int, user_id: int) -> Person:
    row = (await tx.execute(_select_people().where(is_person(scope_id, user_id)))).first()
    return Person(scope_id, user_id) if row is None else _person(row)


async def find_all(tx: AsyncConnection, scope_id: int | None) -> list[Person]:
    query = _select_people().order_by(people.c.scope_id, people.c.user_id)
    if scope_id is not None:
        query = query.where(people.c.scope_id == scope_id)
    return [_person(row) for row in await tx.execute(query)]


async def has_consented(tx: AsyncConnection, scope_id: int, user_id: int) -> bool:
    """True if consent is on, and stays on until this transaction ends (the row is locked)."""
    consent = await tx.scalar(
        select(people.c.consent).where(is_person(scope_id, user_id)).with_for_update()
    )
    return bool(consent == Consent.ON)


async def offer(tx: AsyncConnection, scope_id: int, user_id: int, now: datetime) -> bool:
    insert = insert_into(tx, people).values(
        scope_id=scope_id, user_id=user_id, consent=Consent.OFFERED, consent_changed_at=now
    )
    changed = await tx.execute(
        insert.on_conflict_do_update(
            index_elements=[people.c.scope_id, people.c.user_id],
            set_={"consent": Consent.OFFERED, "consent_changed_at": now},
            where=people.c.consent == Consent.UNASKED,
        ).returning(people.c.user_id)
    )
    return changed.first() is not None


async def withdraw_offer(tx: AsyncConnection, scope_id: int, user_id: int) -> None:
    """Whoever has not answered has nothing else here, so the row goes."""
    is_unanswered = people.c.consent == Consent.OFFERED
    await tx.execute(delete(people).where(is_person(scope_id, user_id), is_unanswered))


async def claim_lesson(
    tx: AsyncConnection, scope_id: int, user_id: int, now: datetime, every: timedelta
) -> bool:
    last = people.c.asked_to_teach_at
    changed = await tx.execute(
        update(people)
        .where(is_person(scope_id, user_id), people.c.consent == Consent.ON)
        .where(or_(last.is_(None), last <= now - every))
        .values(asked_to_teach_at=now)
        .returning(people.c.user_id)
    )
    return changed.first() is not None


async def set_consent(
    tx: AsyncConnection, scope_id: int, user_id: int, consent: Consent, now: datetime
) -> None:
    """Saying the same again leaves the time of the first saying."""
    insert = insert_into(tx, people).values(
        scope_id=scope_id, user_id=user_id, consent=consent, consent_changed_at=now
    )
    await tx.execute(
        insert.on_conflict_do_update(
            index_elements=[people.c.scope_id, people.c.user_id],
            set_={"consent": consent, "consent_changed_at": now},
            where=people.c.consent != consent,
        )
    )


async def point_at(tx: AsyncConnection, scope_id: int, user_id: int, version: int | None) -> None:
    await tx.execute(
        update(people).where(is_person(scope_id, user_id)).values(active_version=version)
    )
