"""Recorded replies: what each was made from, which messages it is, and what an edit does to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, insert, or_, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bowerbird.storage.records import NewReply, Reply, RunState, Turn
from bowerbird.storage.tables import adapters, replies, reply_messages, runs, turns

_IDS_A_STATEMENT = 1000  # far below the databases' limits on parameters (32,766)


async def add(tx: AsyncConnection, reply: NewReply) -> int:
    """The new row's id, or that of the reply this message already belongs to."""
    known: int | None = await tx.scalar(
        select(reply_messages.c.reply_id).where(reply_messages.c.message_id == reply.message_ids[0])
    )
    if known is not None:
        return known
    reply_id: int = (
        await tx.execute(
            insert(replies)
            .values(
                scope_id=reply.scope_id,
                user_id=reply.user_id,
                channel_id=reply.channel_id,
                question_id=reply.question_id,
                text=reply.text,
                base_model=reply.base_model,
                adapter_version=reply.adapter_version,
                sampling=reply.sampling,
                origin=reply.origin,
                created_at=reply.created_at,
                is_exact=reply.is_exact,
                regenerates=reply.regenerates,
            )
            .returning(replies.c.reply_id)
        )
    ).scalar_one()
    await tx.execute(
        insert(reply_messages),
        [
            {"message_id": message_id, "reply_id": reply_id, "position": position}
            for position, message_id in enumerate(reply.message_ids)
        ],
    )
    if reply.turns:
        await tx.execute(
            insert(turns),
            [
                {
                    "reply_id": reply_id,
                    "position": position,
                    "role": turn.role,
                    "text": turn.text,
                    "message_id": turn.message_id,
                    "author_id": turn.author_id,
                }
                for position, turn in enumerate(reply.turns)
            ],
        )
    return reply_id


async def load(tx: AsyncConnection, *conditions: ColumnElement[bool]) -> list[Reply]:
    """The replies that meet the conditions (on ``replies``), whole, oldest first."""
    rows = (
        await tx.execute(
            select(replies).where(*conditions).order_by(replies.c.created_at, replies.c.reply_id)
        )
    ).all()
    if not rows:
        return []
    ids = select(replies.c.reply_id).where(*conditions)
    turns_of: dict[int, list[Turn]] = {row.reply_id: [] for row in rows}
    for row in await tx.execute(
        select(turns).where(turns.c.reply_id.in_(ids)).order_by(turns.c.reply_id, turns.c.position)
    ):
        turns_of[row.reply_id].append(Turn(row.role, row.text, row.message_id, row.author_id))
    messages_of: dict[int, list[int]] = {row.reply_id: [] for row in rows}
    for row in await tx.execute(
        select(reply_messages)
        .where(reply_messages.c.reply_id.in_(ids))
        .order_by(reply_messages.c.reply_id, reply_messages.c.position)
    ):
        messages_of[row.reply_id].append(row.message_id)
    return [
        _reply(row, tuple(turns_of[row.reply_id]), tuple(messages_of[row.reply_id])) for row in rows
    ]


def _reply(row: Row[Any], of_turns: tuple[Turn, ...], message_ids: tuple[int, ...]) -> Reply:
    return Reply(
        scope_id=row.scope_id,
        user_id=row.user_id,
        channel_id=row.channel_id,
        question_id=row.question_id,
        message_ids=message_ids,
        turns=of_turns,
        text=row.text,
        base_model=row.base_model,
        adapter_version=row.adapter_version,
        sampling=row.sampling,
        origin=row.origin,
        created_at=row.created_at,
        is_exact=row.is_exact,
        regenerates=row.regenerates,
        reply_id=row.reply_id,
    )


async def count_since(tx: AsyncConnection, scope_id: int, user_id: int, moment: datetime) -> int:
    count = await tx.scalar(
        select(func.count())
        .select_from(replies)
        .where(
            replies.c.scope_id == scope_id,
            replies.c.user_id == user_id,
            replies.c.created_at >= moment,
        )
    )
    return int(count or 0)


async def of_message(tx: AsyncConnection, message_id: int) -> Reply | None:
    reply_id = (
        select(reply_messages.c.reply_id)
        .where(reply_messages.c.message_id == message_id)
        .scalar_subquery()
    )
    found = await load(tx, replies.c.reply_id == reply_id)
    return found[0] if found else None


async def parts_beside(
    tx: AsyncConnection, message_ids: Sequence[int]
) -> dict[int, tuple[int, int]]:
    parts: dict[int, tuple[int, int]] = {}
    for ids in batches(message_ids):
        concerned = select(reply_messages.c.reply_id).where(reply_messages.c.message_id.in_(ids))
        rows = await tx.execute(
            select(reply_messages.c.message_id, replies.c.scope_id, replies.c.user_id)
            .join(replies)
            .where(reply_messages.c.reply_id.in_(concerned))
        )
        parts |= {row.message_id: (row.scope_id, row.user_id) for row in rows}
    return parts


async def messages_in(tx: AsyncConnection, channel_id: int) -> list[int]:
    is_here = replies.c.channel_id == channel_id  # scans: channels are seldom deleted
    questions = select(replies.c.question_id).where(is_here, replies.c.question_id.is_not(None))
    parts = select(reply_messages.c.message_id).join(replies).where(is_here)
    return sorted(await tx.scalars(union(questions, parts)))


async def channels(tx: AsyncConnection, scope_id: int) -> list[int]:
    here = select(replies.c.channel_id).where(replies.c.scope_id == scope_id)
    return sorted(await tx.scalars(here.distinct()))


async def replace_text(tx: AsyncConnection, message_id: int, text: str) -> int:
    differs = and_(turns.c.message_id == message_id, turns.c.text != text)
    await mark_stale(tx, select(turns.c.reply_id).where(differs))
    return (await tx.execute(update(turns).where(differs).values(text=text))).rowcount


async def mark_stale(tx: AsyncConnection, reply_ids: Select[int]) -> None:
    """The texts of these replies are about to change: whoever has learned from them is stale.

    A version may have learned from every exact reply older than itself, and a running training
    from every one older than its start. Which of them it really used is not recorded; one
    training too many does no harm.
    """
    learners = await tx.execute(
        select(replies.c.scope_id, replies.c.user_id, func.min(replies.c.created_at).label("since"))
        .where(replies.c.reply_id.in_(reply_ids), replies.c.is_exact)
        .group_by(replies.c.scope_id, replies.c.user_id)
    )
    for learner in learners.all():
        await tx.execute(
            update(adapters)
            .where(
                adapters.c.scope_id == learner.scope_id,
                adapters.c.user_id == learner.user_id,
                adapters.c.created_at >= learner.since,
            )
            .values(is_stale=True)
        )
        await tx.execute(
            update(runs)
            .where(
                runs.c.scope_id == learner.scope_id,
                runs.c.user_id == learner.user_id,
                runs.c.state == RunState.RUNNING,
            )
            .values(is_stale=True)
        )


def batches(message_ids: Sequence[int]) -> Iterator[list[int]]:
    """As many ids at a time as one statement is given."""
    for start in range(0, len(message_ids), _IDS_A_STATEMENT):
        yield list(message_ids[start : start + _IDS_A_STATEMENT])


def made_of(message_ids: list[int]) -> ColumnElement[bool]:
    """Replies that answer one of these messages, or of which one is a part."""
    return or_(
        replies.c.question_id.in_(message_ids),
        replies.c.reply_id.in_(
            select(reply_messages.c.reply_id).where(reply_messages.c.message_id.in_(message_ids))
        ),
    )
