"""Trainings: who is due, what is queued or running, how each ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Subquery, and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bowerbird.storage.queries import people as people_queries
from bowerbird.storage.queries.feedback import is_askers, is_typed_to_us, on_replies
from bowerbird.storage.queries.upsert import insert_into
from bowerbird.storage.records import Consent, DuePerson, Run, RunState
from bowerbird.storage.store import StoreError
from bowerbird.storage.tables import adapters, feedback, people, replies, runs

_OPEN = tuple(state for state in RunState if not state.is_over)
_LEARNED = (RunState.PROMOTED, RunState.REJECTED)


def _is_open() -> ColumnElement[bool]:
    return runs.c.state.in_(_OPEN)


def new_feedback(*, interactions_only: bool = False) -> Subquery:
    """Per (scope, person): the asker's feedback since their last training that came to an end.

    Counted from the training's *start*: what arrives while it runs has not been learned.
    """
    learned = (
        select(
            runs.c.scope_id,
            runs.c.user_id,
            func.max(func.coalesce(runs.c.started_at, runs.c.created_at)).label("moment"),
        )
        .where(runs.c.state.in_(_LEARNED))
        .group_by(runs.c.scope_id, runs.c.user_id)
        .subquery("learned")
    )
    conditions = [
        is_askers(),
        replies.c.is_exact,
        or_(learned.c.moment.is_(None), feedback.c.created_at > learned.c.moment),
    ]
    if interactions_only:
        conditions.append(is_typed_to_us())
    return (
        select(
            replies.c.scope_id,
            replies.c.user_id,
            func.count().label("amount"),
            func.min(feedback.c.created_at).label("waiting_since"),
        )
        .select_from(
            on_replies().outerjoin(
                learned,
                and_(
                    learned.c.scope_id == replies.c.scope_id,
                    learned.c.user_id == replies.c.user_id,
                ),
            )
        )
        .where(*conditions)
        .group_by(replies.c.scope_id, replies.c.user_id)
        .subquery("new_feedback")
    )


async def due(
    tx: AsyncConnection,
    min_feedback: int,
    scope_id: int | None,
    *,
    interactions_only: bool = False,
) -> list[DuePerson]:
    new = new_feedback(interactions_only=interactions_only)
    amount = func.coalesce(new.c.amount, 0).label("amount")
    is_stale = func.coalesce(adapters.c.is_stale, False).label("is_stale")
    last_state = (
        select(runs.c.state)
        .where(runs.c.scope_id == people.c.scope_id, runs.c.user_id == people.c.user_id)
        .order_by(runs.c.created_at.desc(), runs.c.run_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    is_postponed = func.coalesce(last_state == RunState.POSTPONED, False).label("is_postponed")
    waiting_since = new.c.waiting_since
    query = (
        select(people.c.scope_id, people.c.user_id, amount, is_stale, is_postponed, waiting_since)
        .select_from(
            people.outerjoin(
                new,
                and_(new.c.scope_id == people.c.scope_id, new.c.user_id == people.c.user_id),
            ).outerjoin(adapters, people_queries.active_adapter())
        )
        .where(
            people.c.consent == Consent.ON,
            or_(amount >= max(min_feedback, 1), is_stale),
            ~exists().where(
                runs.c.scope_id == people.c.scope_id,
                runs.c.user_id == people.c.user_id,
                _is_open(),
            ),
        )
        .order_by(
            is_stale.desc(),
            is_postponed.desc(),
            amount.desc(),
            waiting_since,
            people.c.scope_id,
            people.c.user_id,
        )
    )
    if scope_id is not None:
        query = query.where(people.c.scope_id == scope_id)
    return [
        DuePerson(
            row.scope_id,
            row.user_id,
            new_feedback=row.amount,
            is_stale=bool(row.is_stale),
            is_postponed=bool(row.is_postponed),
            waiting_since=row.waiting_since,
        )
        for row in await tx.execute(query)
    ]


async def add(tx: AsyncConnection, night: str, scope_id: int, user_id: int, now: datetime) -> Run:
    await tx.execute(
        insert_into(tx, runs)
        .values(
            night=night,
            scope_id=scope_id,
            user_id=user_id,
            state=RunState.QUEUED,
            attempts=0,
            detail="",
            created_at=now,
            is_stale=False,
        )
        .on_conflict_do_nothing(index_elements=[runs.c.night, runs.c.scope_id, runs.c.user_id])
    )
    (run,) = await find(
        tx, runs.c.night == night, runs.c.scope_id == scope_id, runs.c.user_id == user_id
    )
    return run


async def start(tx: AsyncConnection, run_id: int, now: datetime) -> Run:
    started = await tx.execute(
        update(runs)
        .where(runs.c.run_id == run_id, _is_open())
        .values(
            state=RunState.RUNNING,
            attempts=runs.c.attempts + 1,
            started_at=now,
            is_stale=False,  # this attempt reads everything anew
        )
        .returning(runs)
    )
    row = started.first()
    if row is None:
        raise StoreError(f"Run {run_id} is over or was cancelled; queue a new one.")
    return to_record(row)


async def finish(
    tx: AsyncConnection,
    run_id: int,
    state: RunState,
    *,
    version: int | None,
    detail: str,
    now: datetime,
) -> None:
    if not state.is_over:
        raise StoreError(f"A run cannot end as {state.value!r}.")
    await tx.execute(
        update(runs)
        .where(runs.c.run_id == run_id, _is_open())
        .values(state=state, version=version, detail=detail, finished_at=now)
    )


async def find(tx: AsyncConnection, *conditions: ColumnElement[bool]) -> list[Run]:
    """Oldest first."""
    rows = await tx.execute(
        select(runs).where(*conditions).order_by(runs.c.created_at, runs.c.run_id)
    )
    return [to_record(row) for row in rows]


async def unfinished(tx: AsyncConnection) -> list[Run]:
    return await find(tx, _is_open())


async def has_open(tx: AsyncConnection, scope_id: int, user_id: int) -> bool:
    return bool(
        await tx.scalar(
            select(
                exists().where(runs.c.scope_id == scope_id, runs.c.user_id == user_id, _is_open())
            )
        )
    )


async def latest(
    tx: AsyncConnection, scope_id: int, limit: int, user_id: int | None = None
) -> list[Run]:
    """Newest first."""
    query = (
        select(runs)
        .where(runs.c.scope_id == scope_id)
        .order_by(runs.c.created_at.desc(), runs.c.run_id.desc())
        .limit(limit)
    )
    if user_id is not None:
        query = query.where(runs.c.user_id == user_id)
    return [to_record(row) for row in await tx.execute(query)]


def to_record(row: Row[Any]) -> Run:
    return Run(
        run_id=row.run_id,
        night=row.night,
        scope_id=row.scope_id,
        user_id=row.user_id,
        state=RunState(row.state),
        attempts=row.attempts,
        version=row.version,
        detail=row.detail,
        created_at=row.created_at,
        finished_at=row.finished_at,
        started_at=row.started_at,
    )
