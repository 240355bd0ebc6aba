"""From one database into another: nothing lost, nothing mixed, and work goes on there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bowerbird.storage.records import FeedbackKind, ServerSettings
from bowerbird.storage.sql import SqlStore
from bowerbird.storage.store import StoreError
from tests.storage.samples import (
    ALICE,
    BOB,
    SCOPE,
    Clock,
    a_reply,
    a_version,
    consent,
    some_feedback,
)


@pytest.fixture
async def source(tmp_path: Path, clock: Clock) -> AsyncIterator[SqlStore]:
    opened = SqlStore(f"sqlite+aiosqlite:///{tmp_path / 'old.db'}", now=clock)
    await opened.open()
    await consent(opened, ALICE, BOB)
    for number in range(300):  # their turns are more than one statement takes
        await opened.add_reply(a_reply(10 * number + 11, 10 * number + 12))
    await opened.put_feedback(some_feedback(11))
    await opened.put_feedback(some_feedback(21, FeedbackKind.CORRECTION, text="Blue things.\0"))
    await opened.add_adapter(a_version(1), promote=True)
    await opened.add_run("a night", SCOPE, ALICE)
    await opened.put_server_settings(SCOPE, ServerSettings(cooldown_s=5))
    await opened.set_meta("last_night", "2026-11-20")
    yield opened
    await opened.aclose()


async def test_everything_arrives_and_work_goes_on(
    source: SqlStore, url: str, clock: Clock
) -> None:
    copied = await source.copy_to(url)
    assert copied > 300 * 5
    target = SqlStore(url, now=clock)
    await target.open()
    assert await target.export(ALICE) == await source.export(ALICE)
    assert await target.people() == await source.people()
    assert await target.server_settings(SCOPE) == ServerSettings(cooldown_s=5)
    assert await target.get_meta("last_night") == "2026-11-20"
    assert await target.labelled_replies(SCOPE, ALICE) == await source.labelled_replies(
        SCOPE, ALICE
    )
    new_id = await target.add_reply(a_reply(99_991))
    assert new_id is not None
    assert new_id > 300
    before = await target.unfinished_runs()
    run = await target.add_run("the next night", SCOPE, BOB)
    assert run.run_id > before[-1].run_id
    await target.aclose()


async def test_nothing_is_mixed_into_what_is_there(source: SqlStore, url: str) -> None:
    await source.copy_to(url)
    with pytest.raises(StoreError, match="not empty"):
        await source.copy_to(url)
    target = SqlStore(url)
    await target.open()
    assert await target.people() == await source.people()
    assert await target.get_meta("last_night") == "2026-11-20"
    await target.aclose()
