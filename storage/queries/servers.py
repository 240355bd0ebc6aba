"""What each server's admins decided, one document a server.

Only what differs from the defaults is written, so that a better default reaches the servers that
never chose. A key that no setting has any more is passed over.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bowerbird.storage.queries.upsert import insert_into
from bowerbird.storage.records import ServerSettings
from bowerbird.storage.tables import servers

_DEFAULTS = ServerSettings()
_DEFAULT_OF: dict[str, Any] = {
    field.name: getattr(_DEFAULTS, field.name) for field in fields(_DEFAULTS)
}


async def find(tx: AsyncConnection, server_id: int) -> ServerSettings:
    query = select(servers.c.settings).where(servers.c.server_id == server_id)
    chosen: dict[str, Any] = await tx.scalar(query) or {}
    values: dict[str, Any] = {
        # JSON knows neither tuples nor sets.
        name: type(default)(chosen[name])
        if isinstance(default, frozenset | tuple)
        else chosen[name]
        for name, default in _DEFAULT_OF.items()
        if name in chosen
    }
    return replace(_DEFAULTS, **values)


async def put(tx: AsyncConnection, server_id: int, settings: ServerSettings) -> None:
    chosen = {
        name: _json_ready(value)
        for name, default in _DEFAULT_OF.items()
        if (value := getattr(settings, name)) != default
    }
    if not chosen:
        await tx.execute(delete(servers).where(servers.c.server_id == server_id))
        return
    insert = insert_into(tx, servers).values(server_id=server_id, settings=chosen)
    await tx.execute(
        insert.on_conflict_do_update(
            index_elements=[servers.c.server_id], set_={"settings": insert.excluded.settings}
        )
    )


def _json_ready(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value
