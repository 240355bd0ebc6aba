"""What is at hand is what is stored, whoever asks and changes at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bowerbird.bot.servers import ServerBook
from bowerbird.storage.records import ServerSettings
from bowerbird.storage.sql import SqlStore
from bowerbird.storage.store import StoreError

SERVER = 1_100_000_000_000_000_001


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    opened = SqlStore(f"sqlite+aiosqlite:///{tmp_path / 'bowerbird.db'}")
    await opened.open()
    yield opened
    await opened.aclose()


async def test_a_direct_message_has_the_defaults(store: SqlStore) -> None:
    assert await ServerBook(store).of(None) == ServerSettings()


async def test_a_change_is_stored_and_seen_at_once(store: SqlStore) -> None:
    book = ServerBook(store)
    assert (await book.of(SERVER)).cooldown_s == 0
    changed = await book.change(SERVER, lambda old: replace(old, cooldown_s=7))
    assert changed == await book.of(SERVER) == await store.server_settings(SERVER)
    assert (await ServerBook(store).of(SERVER)).cooldown_s == 7


async def test_many_changes_and_reads_at_once_lose_nothing(store: SqlStore) -> None:
    book = ServerBook(store)

    async def allow(channel_id: int) -> None:
        await book.change(
            SERVER, lambda old: replace(old, allowed_channels=old.allowed_channels | {channel_id})
        )

    await asyncio.gather(*(work for n in range(20) for work in (allow(n), book.of(SERVER))))
    assert (await book.of(SERVER)).allowed_channels == frozenset(range(20))
    assert await store.server_settings(SERVER) == await book.of(SERVER)


async def test_what_is_asked_for_at_every_message_costs_no_query(store: SqlStore) -> None:
    book = ServerBook(store)
    known = await book.of(SERVER)
    await store.aclose()  # so that a query would raise
    assert await book.of(SERVER) is known


async def test_a_change_that_is_refused_or_fails_changes_nothing(store: SqlStore) -> None:
    book = ServerBook(store)
    await book.change(SERVER, lambda old: replace(old, cooldown_s=7))

    def refuse(_: ServerSettings) -> ServerSettings:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await book.change(SERVER, refuse)
    await store.aclose()
    with pytest.raises(StoreError):
        await book.change(SERVER, lambda old: replace(old, cooldown_s=9))
    await store.open()
    assert (await book.of(SERVER)).cooldown_s == 7
