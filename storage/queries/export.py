"""Everything of one person, in every scope, as values that ``json.dumps`` takes as they are.

Other people's words are not theirs to take along: turns that somebody else wrote are left out.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bowerbird.storage.queries import replies as reply_queries
from bowerbird.storage.tables import adapters, feedback, people, replies, runs, turns


async def export(tx: AsyncConnection, user_id: int, now: datetime) -> dict[str, Any]:
    own = await reply_queries.load(tx, replies.c.user_id == user_id)
    quoted = await tx.execute(
        select(replies.c.scope_id, turns.c.message_id, turns.c.text)
        .join(replies, replies.c.reply_id == turns.c.reply_id)
        .where(turns.c.author_id == user_id, replies.c.user_id != user_id)
        .distinct()
        .order_by(replies.c.scope_id, turns.c.message_id)
    )
    exported = {
        "format": 1,
        "user_id": user_id,
        "exported_at": now,
        "people": await _rows(tx, people, user_id),
        "replies": [
            asdict(reply)
            | {"turns": [asdict(t) for t in reply.turns if t.author_id in (None, user_id)]}
            for reply in own
        ],
        "quoted_in_replies_to_others": [dict(row._mapping) for row in quoted],
        "feedback": await _rows(tx, feedback, user_id),
        "adapters": await _rows(tx, adapters, user_id),
        "runs": await _rows(tx, runs, user_id),
    }
    ready: dict[str, Any] = _json_ready(exported)
    return ready


async def _rows(tx: AsyncConnection, table: Table, user_id: int) -> list[dict[str, Any]]:
    found = await tx.execute(
        select(table).where(table.c.user_id == user_id).order_by(*table.primary_key.columns)
    )
    return [dict(row._mapping) for row in found]


def _json_ready(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(key): _json_ready(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_ready(item) for item in value]
    return value
