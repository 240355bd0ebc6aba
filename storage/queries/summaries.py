"""Counts behind ``/my status`` and ``/server status``."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import ColumnElement, Select, Subquery, case, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bowerbird.storage.queries import adapters as adapter_queries
from bowerbird.storage.queries import people as people_queries
from bowerbird.storage.queries import runs as run_queries
from bowerbird.storage.queries.feedback import VOTES, is_askers, on_replies
from bowerbird.storage.records import (
    Consent,
    FeedbackKind,
    PersonSummary,
    ScopeSummary,
    VersionVotes,
)
from bowerbird.storage.tables import feedback, people, replies

_LAST_RUNS = 10


async def of_person(tx: AsyncConnection, scope_id: int, user_id: int) -> PersonSummary:
    mine = [replies.c.scope_id == scope_id, replies.c.user_id == user_id]
    labels = await _labels(tx, *mine)
    new = run_queries.new_feedback()
    recorded = await adapter_queries.find_all(tx, scope_id, user_id)
    last_runs = await run_queries.latest(tx, scope_id, 1, user_id)
    return PersonSummary(
        person=await people_queries.find(tx, scope_id, user_id),
        replies=await _count(tx, select(func.count()).select_from(replies).where(*mine)),
        likes=labels[FeedbackKind.LIKE],
        dislikes=labels[FeedbackKind.DISLIKE],
        corrections=labels[FeedbackKind.CORRECTION],
        regenerations=labels[FeedbackKind.REGENERATE],
        others_votes=await _count(
            tx,
            select(func.count())
            .select_from(on_replies())
            .where(*mine, feedback.c.user_id != user_id, feedback.c.kind.in_(VOTES)),
        ),
        new_feedback=await _count(
            tx, select(new.c.amount).where(new.c.scope_id == scope_id, new.c.user_id == user_id)
        ),
        latest=recorded[-1] if recorded else None,
        last_run=last_runs[0] if last_runs else None,
    )


async def votes_by_version(
    tx: AsyncConnection, scope_id: int, user_id: int | None
) -> list[VersionVotes]:
    whose = () if user_id is None else (replies.c.user_id == user_id,)
    votes = _votes(replies.c.scope_id == scope_id, *whose)
    rows = await tx.execute(
        select(
            votes.c.adapter_version,
            func.count().filter(votes.c.kind == FeedbackKind.LIKE).label("likes"),
            func.count().filter(votes.c.kind == FeedbackKind.DISLIKE).label("dislikes"),
        )
        .where(votes.c.recency == 1)
        .group_by(votes.c.adapter_version)
    )
    found = [VersionVotes(row.adapter_version, row.likes, row.dislikes) for row in rows]
    return sorted(found, key=lambda votes: votes.version or 0)


async def of_scope(tx: AsyncConnection, scope_id: int, min_feedback: int) -> ScopeSummary:
    here = replies.c.scope_id == scope_id
    labels = await _labels(tx, here)
    stands = await tx.execute(
        select(people.c.consent, func.count().label("people"))
        .where(people.c.scope_id == scope_id)
        .group_by(people.c.consent)
    )
    standing: dict[str, int] = {row.consent: row.people for row in stands}
    return ScopeSummary(
        people_on=standing.get(Consent.ON, 0),
        people_off=standing.get(Consent.OFF, 0),
        replies=await _count(tx, select(func.count()).select_from(replies).where(here)),
        likes=labels[FeedbackKind.LIKE],
        dislikes=labels[FeedbackKind.DISLIKE],
        corrections=labels[FeedbackKind.CORRECTION],
        active_adapters=await _count(
            tx,
            select(func.count())
            .select_from(people)
            .where(people.c.scope_id == scope_id, people.c.active_version.is_not(None)),
        ),
        due=len(await run_queries.due(tx, min_feedback, scope_id)),
        last_runs=tuple(await run_queries.latest(tx, scope_id, _LAST_RUNS)),
    )


async def _count(tx: AsyncConnection, query: Select[int]) -> int:
    return await tx.scalar(query) or 0


def _votes(*conditions: ColumnElement[bool]) -> Subquery:
    """Replies with their asker's votes; the one that counts has ``recency`` 1."""
    order = (
        feedback.c.created_at.desc(),
        case((feedback.c.kind == FeedbackKind.DISLIKE, 0), else_=1),
    )
    return (
        select(
            feedback.c.kind,
            replies.c.adapter_version,
            func.row_number()
            .over(partition_by=replies.c.reply_id, order_by=order)
            .label("recency"),
        )
        .select_from(on_replies())
        .where(*conditions, is_askers(), feedback.c.kind.in_(VOTES))
        .subquery("votes")
    )


async def _labels(tx: AsyncConnection, *conditions: ColumnElement[bool]) -> Counter[str]:
    """Replies by what the asker thinks of them: of 👍 and 👎 the later one counts."""
    votes = _votes(*conditions)
    counts: Counter[str] = Counter()
    for row in await tx.execute(
        select(votes.c.kind, func.count().label("replies"))
        .where(votes.c.recency == 1)
        .group_by(votes.c.kind)
    ):
        counts[row.kind] = row.replies
    for row in await tx.execute(
        select(feedback.c.kind, func.count(distinct(replies.c.reply_id)).label("replies"))
        .select_from(on_replies())
        .where(*conditions, is_askers(), feedback.c.kind.not_in(VOTES))
        .group_by(feedback.c.kind)
    ):
        counts[row.kind] = row.replies
    return counts
