"""The queries behind every message and every reaction use an index, however much is stored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from bowerbird.storage.records import FeedbackKind
from bowerbird.storage.sql import SqlStore
from tests.storage.samples import ALICE, BOB, SCOPE, START, a_reply, consent, some_feedback

HOT: dict[str, Callable[[SqlStore], Awaitable[Any]]] = {
    "person": lambda store: store.person(SCOPE, ALICE),
    "offer": lambda store: store.offer_consent(SCOPE, ALICE),
    "claim_lesson": lambda store: store.claim_lesson(SCOPE, ALICE, timedelta(days=7)),
    "add_reply": lambda store: store.add_reply(a_reply(21)),
    "replies_since": lambda store: store.replies_since(SCOPE, ALICE, START),
    "reply_of_message": lambda store: store.reply_of_message(11),
    "parts_beside": lambda store: store.parts_beside([11]),
    "put_feedback": lambda store: store.put_feedback(some_feedback(11)),
    "remove_feedback": lambda store: store.remove_feedback(11, [FeedbackKind.LIKE]),
    "replace_text": lambda store: store.replace_text(10, "new"),
    "erase_messages": lambda store: store.erase_messages([10]),
    "labelled_replies": lambda store: store.labelled_replies(SCOPE, ALICE),
    "adapters": lambda store: store.adapters(SCOPE, ALICE),
    "votes_by_version": lambda store: store.votes_by_version(SCOPE, ALICE),
    "has_open_run": lambda store: store.has_open_run(SCOPE, ALICE),
    "server_settings": lambda store: store.server_settings(SCOPE),
    "forget": lambda store: store.forget(ALICE),
}
MAY_SCAN = {"SCAN CONSTANT ROW", "SCAN (join-", "SCAN (subquery-", "SCAN votes", "SCAN meta"}


@pytest.mark.parametrize("name", HOT)
async def test_no_table_is_read_whole(file_store: SqlStore, name: str) -> None:
    await consent(file_store, ALICE, BOB)
    await file_store.add_reply(a_reply(11, 12))
    statements: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
            statements.append((statement, parameters))

    engine = file_store._database._engine
    assert engine is not None
    event.listen(engine.sync_engine, "before_cursor_execute", note)
    await HOT[name](file_store)
    event.remove(engine.sync_engine, "before_cursor_execute", note)
    assert statements
    async with file_store._database.snapshot() as tx:
        for statement, parameters in statements:
            one = parameters[0] if isinstance(parameters, list) else parameters
            plan = await tx.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, one)
            steps = [row.detail for row in plan]
            scans = [
                step
                for step in steps
                if step.startswith("SCAN") and not step.startswith(tuple(MAY_SCAN))
            ]
            assert not scans, (statement, steps)
