"""Feedback as it comes in, and as labels of the asker's own replies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Row, and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bowerbird.storage.queries import replies as reply_queries
from bowerbird.storage.queries.upsert import insert_into
from bowerbird.storage.records import Feedback, FeedbackKind, LabelledReply, Origin, Reply
from bowerbird.storage.tables import feedback, replies, reply_messages

VOTES: Final = (FeedbackKind.LIKE, FeedbackKind.DISLIKE)
TYPED_TO_US: Final[tuple[Origin, ...]] = ("slash", "modal")
"""Origins of text that was given to the bot itself, not read from a channel."""


async def put(tx: AsyncConnection, item: Feedback) -> None:
    """Upsert; an event that arrives late does not overwrite a newer one."""
    insert = insert_into(tx, feedback).values(
        message_id=item.message_id,
        user_id=item.user_id,
        kind=item.kind,
        scope_id=item.scope_id,
        origin=item.origin,
        created_at=item.created_at,
        text=item.text,
    )
    await tx.execute(
        insert.on_conflict_do_update(
            index_elements=[feedback.c.message_id, feedback.c.user_id, feedback.c.kind],
            set_={
                "scope_id": insert.excluded.scope_id,
                "origin": insert.excluded.origin,
                "created_at": insert.excluded.created_at,
                "text": insert.excluded.text,
            },
            where=insert.excluded.created_at >= feedback.c.created_at,
        )
    )


async def remove(
    tx: AsyncConnection, message_id: int, kinds: Sequence[FeedbackKind], user_id: int | None
) -> int:
    gone = delete(feedback).where(
        feedback.c.message_id == message_id, feedback.c.kind.in_(list(kinds))
    )
    if user_id is not None:
        gone = gone.where(feedback.c.user_id == user_id)
    return (await tx.execute(gone)).rowcount


def on_replies() -> FromClause:
    """Feedback with the reply it is on, whichever part of the reply it was given to."""
    return feedback.join(reply_messages, reply_messages.c.message_id == feedback.c.message_id).join(
        replies, replies.c.reply_id == reply_messages.c.reply_id
    )


def is_askers() -> ColumnElement[bool]:
    """Given by the person who asked: the only feedback that is ever a label."""
    return and_(feedback.c.user_id == replies.c.user_id, feedback.c.scope_id == replies.c.scope_id)


def is_typed_to_us() -> ColumnElement[bool]:
    """No text of it was read in a channel: not the question's, not the correction's."""
    return and_(
        replies.c.origin.in_(TYPED_TO_US),
        or_(feedback.c.text.is_(None), feedback.c.origin.in_(TYPED_TO_US)),
    )


async def labelled(
    tx: AsyncConnection,
    scope_id: int,
    user_id: int,
    *,
    interactions_only: bool,
    with_silent: bool,
    newest: int | None,
) -> list[LabelledReply]:
    own = [replies.c.scope_id == scope_id, replies.c.user_id == user_id, replies.c.is_exact]
    if interactions_only and with_silent:
        own.append(replies.c.origin.in_(TYPED_TO_US))
    wanted = [*own, is_askers(), *([is_typed_to_us()] if interactions_only else [])]
    given: dict[int, list[Row[Any]]] = {}
    for row in await tx.execute(
        select(replies.c.reply_id, feedback).select_from(on_replies()).where(*wanted)
    ):
        given.setdefault(row.reply_id, []).append(row)
    if newest is not None:  # ids follow the order in which replies were recorded
        own.append(replies.c.reply_id.in_(sorted(given)[-newest:]))
    halves = await tx.execute(
        select(replies.c.reply_id, reply_messages.c.reply_id.label("earlier"))
        .join(reply_messages, reply_messages.c.message_id == replies.c.regenerates)
        .where(*own)
    )
    earlier_of: dict[int, int] = {row.reply_id: row.earlier for row in halves}
    return [
        _label(reply, given.get(reply.reply_id, []), earlier_of.get(reply.reply_id))
        for reply in await reply_queries.load(tx, *own)
        if with_silent or reply.reply_id in given
    ]


def _label(reply: Reply, rows: list[Row[Any]], replaces: int | None) -> LabelledReply:
    vote = max((row for row in rows if row.kind in VOTES), key=_later, default=None)
    correction = max(
        (row for row in rows if row.kind == FeedbackKind.CORRECTION), key=_later, default=None
    )
    return LabelledReply(
        reply=reply,
        is_liked=None if vote is None else vote.kind == FeedbackKind.LIKE,
        correction=None if correction is None else correction.text,
        correction_origin=None if correction is None else correction.origin,
        was_regenerated=any(row.kind == FeedbackKind.REGENERATE for row in rows),
        replaces=replaces,
        labelled_at=max((row.created_at for row in rows), default=reply.created_at),
    )


def _later(row: Row[Any]) -> tuple[Any, ...]:
    """Order of time. Of two votes in the same microsecond the 👎 counts, whichever came first."""
    return (row.created_at, row.kind == FeedbackKind.DISLIKE, row.message_id)
