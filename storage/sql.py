"""The ``Store`` on SQL: SQLite by default, PostgreSQL by the same code.

Each method is one transaction around one query function; what is said here is only which of them
write, and which leave deleted text to be scrubbed out of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bowerbird.storage import moving
from bowerbird.storage.database import Database
from bowerbird.storage.queries import (
    adapters,
    export,
    leaving,
    people,
    replies,
    runs,
    servers,
    summaries,
)
from bowerbird.storage.queries import feedback as feedback_queries
from bowerbird.storage.queries.upsert import insert_into
from bowerbird.storage.records import (
    AdapterVersion,
    Consent,
    DuePerson,
    Erased,
    Feedback,
    FeedbackKind,
    LabelledReply,
    NewReply,
    Person,
    PersonSummary,
    Reply,
    Run,
    RunState,
    ScopeSummary,
    ServerSettings,
    VersionVotes,
)
from bowerbird.storage.store import Store, StoreError
from bowerbird.storage.tables import meta
from bowerbird.storage.tables import runs as runs_table


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SqlStore(Store):
    """``url`` as SQLAlchemy writes it: ``sqlite+aiosqlite:///file`` or ``postgresql+asyncpg://…``.

    ``now`` is the clock of what the store dates itself (consent, runs); tests set it.
    """

    def __init__(self, url: str, *, now: Callable[[], datetime] = _utc_now) -> None:
        self._database = Database(url)
        self._now = now

    async def open(self) -> None:
        await self._database.open()

    async def aclose(self) -> None:
        await self._database.aclose()

    # --- people and consent -------------------------------------------------------------------
    async def person(self, scope_id: int, user_id: int) -> Person:
        async with self._database.snapshot() as tx:
            return await people.find(tx, scope_id, user_id)

    async def offer_consent(self, scope_id: int, user_id: int) -> bool:
        async with self._database.transaction() as tx:
            return await people.offer(tx, scope_id, user_id, self._now())

    async def withdraw_offer(self, scope_id: int, user_id: int) -> None:
        async with self._database.transaction() as tx:
            await people.withdraw_offer(tx, scope_id, user_id)

    async def claim_lesson(self, scope_id: int, user_id: int, every: timedelta) -> bool:
        async with self._database.transaction() as tx:
            return await people.claim_lesson(tx, scope_id, user_id, self._now(), every)

    async def set_consent(self, scope_id: int, user_id: int, consent: Consent) -> None:
        async with self._database.transaction() as tx:
            await people.set_consent(tx, scope_id, user_id, consent, self._now())

    async def people(self, scope_id: int | None = None) -> list[Person]:
        async with self._database.snapshot() as tx:
            return await people.find_all(tx, scope_id)

    # --- replies ------------------------------------------------------------------------------
    async def add_reply(self, reply: NewReply) -> int | None:
        if not reply.message_ids:
            raise StoreError("A reply without a message id cannot be recorded.")
        async with self._database.transaction() as tx:
            if not await people.has_consented(tx, reply.scope_id, reply.user_id):
                return None
            return await replies.add(tx, reply)

    async def replies_since(self, scope_id: int, user_id: int, moment: datetime) -> int:
        async with self._database.snapshot() as tx:
            return await replies.count_since(tx, scope_id, user_id, moment)

    async def reply_of_message(self, message_id: int) -> Reply | None:
        async with self._database.snapshot() as tx:
            return await replies.of_message(tx, message_id)

    async def parts_beside(self, message_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        async with self._database.snapshot() as tx:
            return await replies.parts_beside(tx, message_ids)

    async def messages_in(self, channel_id: int) -> list[int]:
        async with self._database.snapshot() as tx:
            return await replies.messages_in(tx, channel_id)

    async def channels(self, scope_id: int) -> list[int]:
        async with self._database.snapshot() as tx:
            return await replies.channels(tx, scope_id)

    async def replace_text(self, message_id: int, text: str) -> int:
        async with self._database.transaction() as tx:
            changed = await replies.replace_text(tx, message_id, text)
            if changed:
                await self._database.note_deletion(tx)
        if changed:
            await self._database.scrub(is_thorough=False)
        return changed

    async def erase_messages(self, message_ids: Sequence[int]) -> int:
        async with self._database.transaction() as tx:
            touched = await leaving.erase_messages(tx, message_ids)
            if touched:
                await self._database.note_deletion(tx)
        if touched:
            await self._database.scrub(is_thorough=False)
        return touched

    async def erase_before(self, moment: datetime) -> int:
        async with self._database.transaction() as tx:
            erased = await leaving.erase_before(tx, moment)
            if erased:
                await self._database.note_deletion(tx)
        await self._database.scrub()
        return erased

    # --- feedback -----------------------------------------------------------------------------
    async def put_feedback(self, feedback: Feedback) -> bool:
        async with self._database.transaction() as tx:
            if not await people.has_consented(tx, feedback.scope_id, feedback.user_id):
                return False
            await feedback_queries.put(tx, feedback)
            if feedback.text is not None:  # it may have replaced another text
                await self._database.note_deletion(tx)
            return True

    async def remove_feedback(
        self, message_id: int, kinds: Sequence[FeedbackKind], user_id: int | None = None
    ) -> int:
        async with self._database.transaction() as tx:
            removed = await feedback_queries.remove(tx, message_id, kinds, user_id)
            if removed and FeedbackKind.CORRECTION in kinds:
                await self._database.note_deletion(tx)
            return removed

    async def labelled_replies(
        self,
        scope_id: int,
        user_id: int,
        *,
        interactions_only: bool = False,
        with_silent: bool = False,
        newest: int | None = None,
    ) -> list[LabelledReply]:
        async with self._database.snapshot() as tx:
            return await feedback_queries.labelled(
                tx,
                scope_id,
                user_id,
                interactions_only=interactions_only,
                with_silent=with_silent,
                newest=newest,
            )

    # --- adapters -----------------------------------------------------------------------------
    async def next_version(self, scope_id: int, user_id: int) -> int:
        async with self._database.snapshot() as tx:
            return await adapters.next_version(tx, scope_id, user_id)

    async def add_adapter(self, adapter: AdapterVersion, *, promote: bool) -> bool:
        async with self._database.transaction() as tx:
            if not await people.has_consented(tx, adapter.scope_id, adapter.user_id):
                return False
            await adapters.add(tx, adapter, promote=promote)
            return True

    async def adapters(self, scope_id: int, user_id: int) -> list[AdapterVersion]:
        async with self._database.snapshot() as tx:
            return await adapters.find_all(tx, scope_id, user_id)

    async def activate(self, scope_id: int, user_id: int, version: int | None) -> None:
        async with self._database.transaction() as tx:
            await adapters.activate(tx, scope_id, user_id, version)

    async def roll_back(
        self, scope_id: int, user_id: int, version: int, *, to: int | None, why: dict[str, Any]
    ) -> bool:
        async with self._database.transaction() as tx:
            now = self._now()
            return await adapters.roll_back(tx, scope_id, user_id, version, to=to, why=why, now=now)

    async def rolled_back_since(self, moment: datetime) -> list[AdapterVersion]:
        async with self._database.snapshot() as tx:
            return await adapters.rolled_back_since(tx, moment)

    async def outdate_adapters(self, base_model: str) -> int:
        async with self._database.transaction() as tx:
            return await adapters.outdate(tx, base_model)

    # --- runs ---------------------------------------------------------------------------------
    async def due_people(
        self, min_feedback: int, scope_id: int | None = None, *, interactions_only: bool = False
    ) -> list[DuePerson]:
        async with self._database.snapshot() as tx:
            return await runs.due(tx, min_feedback, scope_id, interactions_only=interactions_only)

    async def add_run(self, night: str, scope_id: int, user_id: int) -> Run:
        async with self._database.transaction() as tx:
            return await runs.add(tx, night, scope_id, user_id, self._now())

    async def start_run(self, run_id: int) -> Run:
        async with self._database.transaction() as tx:
            return await runs.start(tx, run_id, self._now())

    async def finish_run(
        self, run_id: int, state: RunState, *, version: int | None = None, detail: str = ""
    ) -> None:
        async with self._database.transaction() as tx:
            await runs.finish(tx, run_id, state, version=version, detail=detail, now=self._now())

    async def unfinished_runs(self) -> list[Run]:
        async with self._database.snapshot() as tx:
            return await runs.unfinished(tx)

    async def runs(self, night: str) -> list[Run]:
        async with self._database.snapshot() as tx:
            return await runs.find(tx, runs_table.c.night == night)

    async def has_open_run(self, scope_id: int, user_id: int) -> bool:
        async with self._database.snapshot() as tx:
            return await runs.has_open(tx, scope_id, user_id)

    # --- summaries ----------------------------------------------------------------------------
    async def person_summary(self, scope_id: int, user_id: int) -> PersonSummary:
        async with self._database.snapshot() as tx:
            return await summaries.of_person(tx, scope_id, user_id)

    async def votes_by_version(
        self, scope_id: int, user_id: int | None = None
    ) -> list[VersionVotes]:
        async with self._database.snapshot() as tx:
            return await summaries.votes_by_version(tx, scope_id, user_id)

    async def scope_summary(self, scope_id: int, min_feedback: int) -> ScopeSummary:
        async with self._database.snapshot() as tx:
            return await summaries.of_scope(tx, scope_id, min_feedback)

    # --- leaving ------------------------------------------------------------------------------
    async def forget(self, user_id: int, scope_id: int | None = None) -> Erased:
        async with self._database.transaction() as tx:
            erased = await leaving.forget(tx, user_id, scope_id, self._now())
            await self._database.note_deletion(tx)
        await self._database.scrub()
        return erased

    async def reset(self, scope_id: int, user_id: int, *, keep_feedback: bool) -> Erased:
        async with self._database.transaction() as tx:
            erased = await leaving.reset(tx, scope_id, user_id, keep_feedback=keep_feedback)
            await self._database.note_deletion(tx)
        await self._database.scrub()
        return erased

    async def erase_server(self, server_id: int) -> int:
        async with self._database.transaction() as tx:
            erased = await leaving.erase_scope(tx, server_id)
            await servers.put(tx, server_id, ServerSettings())
            await self._database.note_deletion(tx)
        await self._database.scrub()
        return erased

    async def export(self, user_id: int) -> dict[str, Any]:
        async with self._database.snapshot() as tx:
            return await export.export(tx, user_id, self._now())

    # --- servers ------------------------------------------------------------------------------
    async def server_settings(self, server_id: int) -> ServerSettings:
        async with self._database.snapshot() as tx:
            return await servers.find(tx, server_id)

    async def put_server_settings(self, server_id: int, settings: ServerSettings) -> None:
        async with self._database.transaction() as tx:
            await servers.put(tx, server_id, settings)

    # --- the operator -------------------------------------------------------------------------
    async def get_meta(self, key: str) -> str | None:
        async with self._database.snapshot() as tx:
            value: str | None = await tx.scalar(select(meta.c.value).where(meta.c.key == key))
            return value

    async def set_meta(self, key: str, value: str) -> None:
        async with self._database.transaction() as tx:
            insert = insert_into(tx, meta).values(key=key, value=value)
            await tx.execute(
                insert.on_conflict_do_update(
                    index_elements=[meta.c.key], set_={"value": insert.excluded.value}
                )
            )

    async def checkpoint(self) -> None:
        await self._database.scrub()
        if not await self._database.fold():
            raise StoreError("Another program is reading the database; close it and try again.")

    async def backup(self, target: Path) -> None:
        await self._database.backup(target)

    async def copy_to(self, url: str) -> int:
        target = Database(url)
        await target.open()
        try:
            return await moving.copy(self._database, target)
        finally:
            await target.aclose()
