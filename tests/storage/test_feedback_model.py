"""Random events, in any order, twice, before or after the reply: the store equals a plain dict."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Coroutine
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from bowerbird.storage.records import Consent, FeedbackKind
from bowerbird.storage.sql import SqlStore
from tests.storage.samples import ALICE, BOB, CAROL, SCOPE, a_reply, at, consent, some_feedback

PEOPLE = (ALICE, BOB, CAROL)
REPLIES: dict[tuple[int, ...], int] = {(11, 12): ALICE, (21,): ALICE, (31, 32, 33): BOB}
"""Message ids of each reply, and who asked. 99 belongs to no reply."""
MESSAGES = (*(part for parts in REPLIES for part in parts), 99)

EVENTS = int(os.environ.get("STORE_TEST_EVENTS", "1000"))
"""Of the long history; an event takes some milliseconds. 10,000 before a release."""

people = st.sampled_from(PEOPLE)
messages = st.sampled_from(MESSAGES)
kinds = st.sampled_from(FeedbackKind)
seconds = st.integers(0, 30)


class Model:
    """What should be remembered: ``(message, user, kind) → (second, text)``, and who said yes."""

    def __init__(self) -> None:
        self.rows: dict[tuple[int, int, FeedbackKind], tuple[int, str | None]] = {}
        self.consenting = {ALICE, BOB}
        self.recorded: set[tuple[int, ...]] = set()

    def put(
        self, message: int, user: int, kind: FeedbackKind, second: int, text: str | None
    ) -> bool:
        if user not in self.consenting:
            return False
        key = (message, user, kind)
        if key not in self.rows or second >= self.rows[key][0]:
            self.rows[key] = (second, text)
        return True

    def remove(self, message: int, removed: list[FeedbackKind], user: int | None) -> int:
        gone = [
            key
            for key in self.rows
            if key[0] == message and key[2] in removed and user in (None, key[1])
        ]
        for key in gone:
            del self.rows[key]
        return len(gone)

    def forget(self, user: int) -> None:
        self.consenting.discard(user)
        for parts in [parts for parts in self.recorded if REPLIES[parts] == user]:
            self.recorded.discard(parts)
            self.rows = {key: row for key, row in self.rows.items() if key[0] not in parts}
        self.rows = {key: row for key, row in self.rows.items() if key[1] != user}

    def labels(self, user: int) -> list[tuple[Any, ...]]:
        found = []
        for parts in sorted(p for p in self.recorded if REPLIES[p] == user):
            own = [
                (second, kind is FeedbackKind.DISLIKE, message, kind, text)
                for (message, by, kind), (second, text) in self.rows.items()
                if message in parts and by == user
            ]
            if not own:
                continue
            votes = [r for r in own if r[3] in (FeedbackKind.LIKE, FeedbackKind.DISLIKE)]
            texts = [r for r in own if r[3] is FeedbackKind.CORRECTION]
            found.append(
                (
                    parts,
                    max(votes)[3] is FeedbackKind.LIKE if votes else None,
                    max(texts)[4] if texts else None,
                    any(r[3] is FeedbackKind.REGENERATE for r in own),
                    at(max(own)[0]),
                )
            )
        return found

    def others_votes(self, user: int) -> int:
        return sum(
            message in parts and by != user and kind in (FeedbackKind.LIKE, FeedbackKind.DISLIKE)
            for parts in self.recorded
            if REPLIES[parts] == user
            for message, by, kind in self.rows
        )


async def compare(store: SqlStore, model: Model) -> None:
    for user in PEOPLE:
        labelled = await store.labelled_replies(SCOPE, user)
        assert [
            (x.reply.message_ids, x.is_liked, x.correction, x.was_regenerated, x.labelled_at)
            for x in sorted(labelled, key=lambda x: x.reply.message_ids)
        ] == model.labels(user)
        stored = (await store.export(user))["feedback"]
        assert {(row["message_id"], row["kind"]): row["text"] for row in stored} == {
            (message, kind.value): text
            for (message, by, kind), (_, text) in model.rows.items()
            if by == user
        }
        summary = await store.person_summary(SCOPE, user)
        assert summary.others_votes == model.others_votes(user)
        liked = [label[1] for label in model.labels(user)]
        assert (summary.likes, summary.dislikes) == (liked.count(True), liked.count(False))


async def record(store: SqlStore, model: Model, parts: tuple[int, ...]) -> None:
    user = REPLIES[parts]
    added = await store.add_reply(a_reply(*parts, user=user, created_at=at(parts[0])))
    assert (added is not None) == (user in model.consenting)
    if added is not None:
        model.recorded.add(parts)


def text_of(kind: FeedbackKind, second: int) -> str | None:
    return f"written at {second}" if kind is FeedbackKind.CORRECTION else None


class FeedbackMachine(RuleBasedStateMachine):
    """Hypothesis looks for the shortest sequence of events after which the two differ."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = TemporaryDirectory()
        self.store = SqlStore(f"sqlite+aiosqlite:///{Path(self.folder.name) / 'b.db'}")
        self.model = Model()

    def run(self, step: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(step)

    @initialize()
    def begin(self) -> None:
        self.run(self.store.open())
        self.run(consent(self.store, ALICE, BOB))

    @rule(parts=st.sampled_from(sorted(REPLIES)))
    def reply_is_recorded(self, parts: tuple[int, ...]) -> None:
        self.run(record(self.store, self.model, parts))

    @rule(message=messages, user=people, kind=kinds, second=seconds)
    def feedback_is_given(self, message: int, user: int, kind: FeedbackKind, second: int) -> None:
        text = text_of(kind, second)
        item = some_feedback(message, kind, user=user, when=at(second), text=text)
        expected = self.model.put(message, user, kind, second, text)
        assert self.run(self.store.put_feedback(item)) == expected

    @rule(message=messages, removed=st.lists(kinds, unique=True), user=st.none() | people)
    def feedback_is_removed(
        self, message: int, removed: list[FeedbackKind], user: int | None
    ) -> None:
        expected = self.model.remove(message, removed, user)
        assert self.run(self.store.remove_feedback(message, removed, user)) == expected

    @rule(user=people)
    def person_says_yes(self, user: int) -> None:
        self.run(consent(self.store, user))
        self.model.consenting.add(user)

    @rule(user=people)
    def person_says_no_and_keeps(self, user: int) -> None:
        self.run(self.store.set_consent(SCOPE, user, Consent.OFF))
        self.model.consenting.discard(user)

    @rule(user=people)
    def person_is_forgotten(self, user: int) -> None:
        self.run(self.store.forget(user))
        self.model.forget(user)

    @rule()
    def somebody_looks(self) -> None:
        self.run(compare(self.store, self.model))

    def teardown(self) -> None:
        try:
            self.run(compare(self.store, self.model))
        finally:
            self.run(self.store.aclose())
            self.runner.close()
            self.folder.cleanup()


TestFeedbackMachine = FeedbackMachine.TestCase
TestFeedbackMachine.settings = settings(
    max_examples=12,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(180 + EVENTS / 20)
async def test_a_long_history_leaves_what_the_model_says(store: SqlStore) -> None:
    """Events on all messages at once; on one message they keep their order."""
    random_ = random.Random(EVENTS)
    model = Model()
    await consent(store, ALICE, BOB)

    async def happen(message: int, events: int) -> None:
        for _ in range(events):
            user, kind = random_.choice(PEOPLE), random_.choice(list(FeedbackKind))
            if random_.random() < 0.75:
                second = random_.randrange(10_000)
                text = text_of(kind, second)
                item = some_feedback(message, kind, user=user, when=at(second), text=text)
                expected = model.put(message, user, kind, second, text)
                assert await store.put_feedback(item) == expected
            else:
                removed = random_.sample(list(FeedbackKind), random_.randint(1, 4))
                by = random_.choice((None, user))
                count = model.remove(message, removed, by)
                assert await store.remove_feedback(message, removed, by) == count

    for step in range(10):
        await asyncio.gather(
            *(happen(message, EVENTS // (10 * len(MESSAGES)) + 1) for message in MESSAGES)
        )
        if step == 3:
            for parts in REPLIES:
                await record(store, model, parts)
        await compare(store, model)
