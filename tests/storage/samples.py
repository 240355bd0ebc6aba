"""People, replies and feedback to test with, and a clock that only moves when told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bowerbird.storage.records import (
    AdapterState,
    AdapterVersion,
    Consent,
    Feedback,
    FeedbackKind,
    NewReply,
    Turn,
)
from bowerbird.storage.store import Store

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BASE_MODEL = "smollm2-135m"
SCOPE = 1_100_000_000_000_000_001  # a snowflake needs more than 53 bits
OTHER_SCOPE = 1_100_000_000_000_000_002
ALICE = 1_200_000_000_000_000_001
BOB = 1_200_000_000_000_000_002
CAROL = 1_200_000_000_000_000_003


class Clock:
    """``clock()`` tells the time; ``clock.tick()`` moves it on."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float = 1) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def a_reply(
    *message_ids: int,
    user: int = ALICE,
    scope: int = SCOPE,
    question: int | None = None,
    said: str = "What is a bower?",
    **changes: Any,
) -> NewReply:
    """A reply in these parts; the id of its question is one less than the first part's."""
    question_id = message_ids[0] - 1 if question is None else question
    reply = NewReply(
        scope_id=scope,
        user_id=user,
        channel_id=77,
        question_id=question_id,
        message_ids=message_ids,
        turns=(Turn("system", "Be kind."), Turn("user", said, question_id, user)),
        text="A place to dance.",
        base_model="smollm2-135m",
        adapter_version=None,
        sampling={"temperature": 0.7, "seed": 3},
        origin="message",
        created_at=START,
    )
    return replace(reply, **changes)


def some_feedback(
    message_id: int,
    kind: FeedbackKind = FeedbackKind.LIKE,
    *,
    user: int = ALICE,
    scope: int = SCOPE,
    when: datetime = START,
    **changes: Any,
) -> Feedback:
    return replace(Feedback(scope, message_id, user, kind, "message", when), **changes)


def a_version(
    version: int,
    *,
    user: int = ALICE,
    scope: int = SCOPE,
    when: datetime = START,
    state: AdapterState = AdapterState.ACCEPTED,
) -> AdapterVersion:
    return AdapterVersion(scope, user, version, state, BASE_MODEL, 8, {"reasons": ["fine"]}, when)


async def consent(store: Store, *users: int, scope: int = SCOPE) -> None:
    for user in users:
        await store.set_consent(scope, user, Consent.ON)
