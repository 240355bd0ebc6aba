"""Many tasks, cancelled tasks, many processes: each transaction wholly or not at all."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import insert

from bowerbird.storage.records import Consent, FeedbackKind
from bowerbird.storage.sql import SqlStore
from bowerbird.storage.store import StoreError
from bowerbird.storage.tables import meta
from tests.storage.samples import ALICE, BOB, SCOPE, a_reply, a_version, consent, some_feedback


async def test_one_tasks_failure_does_not_undo_anothers_work(store: SqlStore) -> None:
    """The trap of a shared connection: B's commit keeps A's half, A's rollback loses B's."""
    await consent(store, ALICE)
    await store.add_reply(a_reply(5, 6))

    async def add(first: int) -> bool:
        part = 6 if first % 3 == 0 else first + 1  # every third one breaks at its second row
        try:
            await store.add_reply(a_reply(first, part))
        except StoreError:
            return False
        return True

    firsts = list(range(10, 250, 2))
    done = await asyncio.gather(*(add(first) for first in firsts))
    assert done == [first % 3 != 0 for first in firsts]
    for first, is_done in zip(firsts, done, strict=True):
        assert (await store.reply_of_message(first) is not None) == is_done
    summary = await store.person_summary(SCOPE, ALICE)
    assert summary.replies == 1 + sum(done)


async def test_opting_out_and_feedback_at_once_leave_nothing(store: SqlStore) -> None:
    await consent(store, ALICE, BOB)
    await store.add_reply(a_reply(11))
    flood = [
        store.put_feedback(some_feedback(message_id, kind))
        for message_id in range(11, 31)
        for kind in FeedbackKind
    ]
    flood.insert(40, store.forget(ALICE))  # type: ignore[arg-type]
    flood.insert(41, store.add_reply(a_reply(41)))  # type: ignore[arg-type]
    flood.insert(42, store.add_adapter(a_version(1), promote=True))
    await asyncio.gather(*flood)
    exported = await store.export(ALICE)
    left = {part for part, rows in exported.items() if isinstance(rows, list) and rows}
    assert left == {"people"}


async def test_cancelled_anywhere_it_happened_wholly_or_not_at_all(store: SqlStore) -> None:
    """Cancelled ever later, counted in steps of the event loop, until one gets through."""
    await consent(store, ALICE)
    message_id, was_cancelled, steps = 1000, 0, 1
    while True:
        message_id, steps = message_id + 10, steps + 1 + steps // 8
        task = asyncio.create_task(store.add_reply(a_reply(message_id, message_id + 1)))
        for _ in range(steps):
            await asyncio.sleep(0)
        if task.done():
            break
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        was_cancelled += 1
        found = await store.reply_of_message(message_id)
        if found is not None:
            assert (len(found.message_ids), len(found.turns)) == (2, 2)
    assert was_cancelled > 5
    assert await store.add_reply(a_reply(message_id + 10)) is not None


@pytest.mark.parametrize("wait_s", [0.0, 0.001, 0.003, 0.006, 0.01, 0.02])
async def test_cancelled_at_some_time_the_store_stays_usable(
    store: SqlStore, wait_s: float
) -> None:
    await consent(store, ALICE)
    tasks = [asyncio.create_task(store.add_reply(a_reply(n * 10 + 1))) for n in range(1, 21)]
    await asyncio.wait(tasks, timeout=wait_s)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert not [r for r in results if isinstance(r, Exception)]
    stored = (await store.person_summary(SCOPE, ALICE)).replies
    assert stored >= sum(isinstance(result, int) for result in results)
    assert await asyncio.wait_for(store.add_reply(a_reply(9001)), 30) is not None


async def test_cancelled_in_the_middle_of_a_transaction(store: SqlStore) -> None:
    is_inside = asyncio.Event()

    async def half() -> None:
        async with store._database.transaction() as tx:
            await tx.execute(insert(meta).values(key="half", value="done"))
            is_inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(half())
    await is_inside.wait()
    waiting = asyncio.create_task(store.set_meta("next", "here"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(waiting, 30)
    assert await store.get_meta("half") is None
    assert await store.get_meta("next") == "here"


async def test_closing_waits_for_who_is_writing(url: str) -> None:
    store = SqlStore(url)
    await store.open()
    await consent(store, ALICE)
    writing = asyncio.create_task(store.add_reply(a_reply(11)))
    await asyncio.sleep(0)
    await store.aclose()
    await asyncio.gather(writing, return_exceptions=True)
    again = SqlStore(url)
    await again.open()
    is_there = await again.reply_of_message(11) is not None
    assert is_there == (writing.exception() is None)
    await again.aclose()


WRITER = """
import asyncio, sys
from bowerbird.storage.records import Consent, FeedbackKind
from bowerbird.storage.sql import SqlStore
from tests.storage.samples import a_reply, consent, some_feedback

async def main(url, number):
    store = SqlStore(url)
    await store.open()
    user = 100 + number
    await consent(store, user)
    for index in range(10):
        message_id = 10_000 * (number + 1) + 10 * index
        await store.add_reply(a_reply(message_id, user=user))
        await store.put_feedback(some_feedback(message_id, user=user))
    await store.aclose()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def test_processes_that_start_and_write_at_once(url: str) -> None:
    """Nobody has made the database yet: all of them migrate, then all of them write."""
    root = Path(__file__).parents[2]
    writers = [
        subprocess.Popen(  # noqa: ASYNC220
            [sys.executable, "-c", WRITER, url, str(number)],
            cwd=root,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    outputs = [await asyncio.to_thread(writer.communicate) for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * 4, outputs
    store = SqlStore(url)
    await store.open()
    for number in range(4):
        summary = await store.person_summary(SCOPE, 100 + number)
        assert (summary.replies, summary.likes) == (10, 10)
    await store.aclose()


async def test_the_loop_is_free_while_another_process_holds_the_lock(
    file_store: SqlStore, database_file: Path
) -> None:
    other = sqlite3.connect(database_file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(file_store.set_consent(SCOPE, ALICE, Consent.ON))
    for _ in range(50):
        await asyncio.sleep(0.002)  # would not come back if the loop were blocked
    assert not writing.done()
    other.execute("COMMIT")
    other.close()
    await asyncio.wait_for(writing, 30)
