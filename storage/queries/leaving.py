"""What goes when a message, a person, or time is gone.

A text can be in four places: the reply itself, the turns of the same reply, the turns of later
replies that quote it, and a correction. Whatever removes it here removes it from all four.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, case, delete, exists, false, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bowerbird.storage.queries import people as people_queries
from bowerbird.storage.queries import replies as reply_queries
from bowerbird.storage.records import Consent, Erased
from bowerbird.storage.tables import (
    adapters,
    feedback,
    people,
    replies,
    reply_messages,
    runs,
    turns,
)


@dataclass(frozen=True, slots=True)
class _Gone:
    """Ids of the replies that went and of those that lost a turn, and how much feedback went."""

    replies: frozenset[int]
    shortened: frozenset[int]
    feedback: int


async def erase_messages(tx: AsyncConnection, message_ids: Sequence[int]) -> int:
    touched: set[int] = set()
    for ids in reply_queries.batches(message_ids):
        gone = await _erase_replies(
            tx, reply_queries.made_of(ids), also_turns=turns.c.message_id.in_(ids)
        )
        touched |= gone.replies | gone.shortened
        await tx.execute(delete(feedback).where(feedback.c.message_id.in_(ids)))
    return len(touched)


async def erase_before(tx: AsyncConnection, moment: datetime) -> int:
    """Old age makes nobody stale: the next training leaves the old replies out by itself."""
    gone = await _delete_replies(tx, replies.c.created_at < moment)
    await tx.execute(
        delete(feedback).where(
            feedback.c.created_at < moment,
            ~exists().where(reply_messages.c.message_id == feedback.c.message_id),
        )
    )
    return len(gone.replies)


async def forget(tx: AsyncConnection, user_id: int, scope_id: int | None, now: datetime) -> Erased:
    if scope_id is not None:
        await people_queries.set_consent(tx, scope_id, user_id, Consent.OFF, now)
    # First of all, since it locks the rows: feedback arriving meanwhile waits, and then finds "no".
    left = await tx.execute(
        update(people)
        .where(_of(people, user_id, scope_id))
        .values(
            consent=Consent.OFF,
            consent_changed_at=case(
                (people.c.consent == Consent.OFF, people.c.consent_changed_at), else_=now
            ),
            active_version=None,
            asked_to_teach_at=None,
        )
        .returning(people.c.scope_id, people.c.user_id)
    )
    pairs = tuple(sorted((row.scope_id, row.user_id) for row in left))
    wrote = turns.c.author_id == user_id
    if scope_id is not None:
        wrote = and_(
            wrote,
            turns.c.reply_id.in_(select(replies.c.reply_id).where(replies.c.scope_id == scope_id)),
        )
    gone = await _erase_replies(tx, _of(replies, user_id, scope_id), also_turns=wrote)
    given = await tx.execute(delete(feedback).where(_of(feedback, user_id, scope_id)))
    trained = await tx.execute(delete(adapters).where(_of(adapters, user_id, scope_id)))
    ran = await tx.execute(delete(runs).where(_of(runs, user_id, scope_id)))
    return Erased(
        replies=len(gone.replies),
        feedback=gone.feedback + given.rowcount,
        adapters=trained.rowcount,
        runs=ran.rowcount,
        people=pairs,
    )


async def reset(tx: AsyncConnection, scope_id: int, user_id: int, *, keep_feedback: bool) -> Erased:
    await people_queries.point_at(tx, scope_id, user_id, None)
    gone = _Gone(frozenset(), frozenset(), 0)
    given = 0
    if not keep_feedback:
        gone = await _delete_replies(tx, _of(replies, user_id, scope_id))
        own = await tx.execute(delete(feedback).where(_of(feedback, user_id, scope_id)))
        given = own.rowcount
    trained = await tx.execute(delete(adapters).where(_of(adapters, user_id, scope_id)))
    ran = await tx.execute(delete(runs).where(_of(runs, user_id, scope_id)))
    return Erased(
        replies=len(gone.replies),
        feedback=gone.feedback + given,
        adapters=trained.rowcount,
        runs=ran.rowcount,
        people=((scope_id, user_id),),
    )


async def erase_scope(tx: AsyncConnection, scope_id: int) -> int:
    # People first, as in `forget`: feedback arriving meanwhile waits, and then finds nobody.
    await tx.execute(delete(people).where(people.c.scope_id == scope_id))
    gone = await _delete_replies(tx, replies.c.scope_id == scope_id)
    for table in (feedback, adapters, runs):
        await tx.execute(delete(table).where(table.c.scope_id == scope_id))
    return len(gone.replies)


def _of(table: Table, user_id: int, scope_id: int | None) -> ColumnElement[bool]:
    is_theirs = table.c.user_id == user_id
    return is_theirs if scope_id is None else and_(is_theirs, table.c.scope_id == scope_id)


async def _erase_replies(
    tx: AsyncConnection, which: ColumnElement[bool], also_turns: ColumnElement[bool]
) -> _Gone:
    """These replies go, with every turn elsewhere that quotes one of them, and ``also_turns``."""
    doomed = select(replies.c.reply_id).where(which)
    messages = select(reply_messages.c.message_id).where(reply_messages.c.reply_id.in_(doomed))
    quoting = and_(
        or_(also_turns, turns.c.message_id.in_(messages)), turns.c.reply_id.not_in(doomed)
    )
    quoters = select(turns.c.reply_id).where(quoting)
    await reply_queries.mark_stale(tx, doomed)
    await reply_queries.mark_stale(tx, quoters)
    shortened = await tx.execute(
        update(replies)
        .where(replies.c.reply_id.in_(quoters))
        .values(is_exact=false())
        .returning(replies.c.reply_id)
    )
    shortened_ids = frozenset(shortened.scalars())
    await tx.execute(delete(turns).where(quoting))
    gone = await _delete_replies(tx, which)
    return _Gone(gone.replies, shortened_ids, gone.feedback)


async def _delete_replies(tx: AsyncConnection, which: ColumnElement[bool]) -> _Gone:
    """These replies go, with everybody's feedback on them."""
    doomed = select(replies.c.reply_id).where(which)
    messages = select(reply_messages.c.message_id).where(reply_messages.c.reply_id.in_(doomed))
    given = await tx.execute(delete(feedback).where(feedback.c.message_id.in_(messages)))
    gone = await tx.execute(delete(replies).where(which).returning(replies.c.reply_id))
    return _Gone(frozenset(gone.scalars()), frozenset(), given.rowcount)
