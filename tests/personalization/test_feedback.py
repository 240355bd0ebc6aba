"""Consent, forgetting and early arrivals, against a real SQLite file."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bowerbird.personalization import recent
from bowerbird.personalization.errors import AdapterError, ConsentError
from bowerbird.personalization.feedback import FeedbackService, Given
from bowerbird.personalization.types import FinishReason, ReplyDraft, Sampling, Turn
from bowerbird.storage.database import Database
from bowerbird.storage.records import Consent, FeedbackKind
from bowerbird.storage.sql import SqlStore
from bowerbird.storage.store import StoreError
from tests.fakes import FakeBackend

SCOPE, ALICE, BOB, CHANNEL = 500, 10, 20, 77
LIKE, DISLIKE = FeedbackKind.LIKE, FeedbackKind.DISLIKE


class Recorder:
    """Stands for the weights and the training: remembers what was asked, in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, object]] = []
        self.looks: list[tuple[int, int]] = []
        self.error: Exception | None = None

    async def look_back(self, scope_id: int, user_id: int) -> None:
        self.looks.append((scope_id, user_id))
        if self.error is not None:
            raise self.error

    async def delete(self, pairs: Iterable[tuple[int, int]]) -> None:
        self.calls.append(("delete", list(pairs)))

    async def cancel(self, user_id: int, scope_id: int | None = None) -> None:
        self.calls.append(("cancel", (user_id, scope_id)))


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


class Home:
    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.recorder = Recorder()
        self.backend = FakeBackend()
        self.clock = Clock()
        self.feedback = FeedbackService(
            store, self.recorder, self.recorder, self.backend, now=self.clock
        )

    async def record(
        self,
        message_id: int,
        user_id: int = ALICE,
        turns: tuple[Turn, ...] = (),
        seconds: float = 1,
    ) -> bool:
        question = Turn("user", f"question {message_id}", message_id - 1, user_id)
        draft = ReplyDraft(
            scope_id=SCOPE,
            user_id=user_id,
            turns=(Turn("system", "Be kind."), *turns, question),
            text=f"reply {message_id}",
            base_model="fake",
            adapter_version=None,
            sampling=Sampling(seed=message_id),
            finish_reason=FinishReason.STOP,
            tokens=3,
            seconds=seconds,
        )
        return await self.feedback.record_reply(
            draft,
            channel_id=CHANNEL,
            question_id=message_id - 1,
            message_ids=(message_id, message_id + 1),
            origin="message",
        )

    async def labels(self, user_id: int = ALICE) -> dict[int, bool | None]:
        labelled = await self.store.labelled_replies(SCOPE, user_id)
        return {label.reply.message_ids[0]: label.is_liked for label in labelled}


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    store = SqlStore(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    await store.open()
    yield Home(store)
    await store.aclose()


async def test_the_consenting_are_recorded_with_what_was_sent(home: Home) -> None:
    await home.feedback.opt_in(SCOPE, ALICE)
    assert not await home.record(100)
    assert await home.feedback.give(SCOPE, 101, ALICE, LIKE) is Given.KEPT
    assert await home.labels() == {100: True}
    reply = await home.store.reply_of_message(101)
    assert reply is not None
    assert [turn.text for turn in reply.turns] == ["Be kind.", "question 100"]
    assert reply.sampling["seed"] == 100
    assert reply.is_exact


async def test_nothing_of_the_undecided_reaches_the_store_until_yes(home: Home) -> None:
    await home.record(100)
    assert await home.feedback.give(SCOPE, 100, ALICE, LIKE) is Given.OFFER
    assert await home.feedback.give(SCOPE, 100, ALICE, DISLIKE) is Given.KEPT  # offered once
    assert await home.store.reply_of_message(100) is None
    assert await home.feedback.opt_in(SCOPE, ALICE) == 1
    assert await home.labels() == {100: False}


async def test_a_no_drops_everything_that_waited(home: Home) -> None:
    await home.record(100)
    await home.feedback.give(SCOPE, 100, ALICE, LIKE)
    await home.feedback.opt_out(SCOPE, ALICE)
    assert await home.feedback.reply_of(100) is None
    assert await home.feedback.give(SCOPE, 100, ALICE, LIKE) is Given.DROPPED
    await home.record(200)
    assert await home.feedback.opt_in(SCOPE, ALICE) == 0
    assert await home.labels() == {}


async def test_what_waits_is_forgotten_after_an_hour(home: Home) -> None:
    await home.record(100)
    home.clock.now += timedelta(minutes=50)
    await home.record(200)
    home.clock.now += timedelta(minutes=20)
    assert await home.feedback.opt_in(SCOPE, ALICE) == 1


async def test_what_waits_is_bounded_per_person(home: Home) -> None:
    for number in range(30):
        await home.record(100 + 10 * number)
    assert await home.feedback.opt_in(SCOPE, ALICE) == 20


async def test_feedback_may_come_before_the_reply(home: Home) -> None:
    assert await home.feedback.give(SCOPE, 100, ALICE, LIKE) is Given.UNKNOWN
    assert await home.record(100)  # now it is known to be hers, so she is asked
    assert not await home.record(200)
    await home.feedback.opt_in(SCOPE, ALICE)
    assert await home.labels() == {100: True}
    assert await home.feedback.give(SCOPE, 300, ALICE, DISLIKE) is Given.KEPT
    await home.record(300)
    assert await home.labels() == {100: True, 300: False}


async def test_bystanders_are_neither_asked_nor_kept(home: Home) -> None:
    await home.feedback.opt_in(SCOPE, ALICE)
    await home.record(100)
    assert await home.feedback.give(SCOPE, 100, BOB, LIKE) is Given.DROPPED
    await home.feedback.opt_in(SCOPE, BOB)
    assert await home.feedback.give(SCOPE, 100, BOB, DISLIKE) is Given.KEPT
    assert await home.labels() == {}  # bob's vote labels nothing of alice's
    summary = await home.store.person_summary(SCOPE, ALICE)
    assert summary.others_votes == 1


async def test_other_peoples_turns_are_left_out_without_their_consent(home: Home) -> None:
    await home.feedback.opt_in(SCOPE, ALICE)
    chain = (Turn("user", "bob's secret", 50, BOB), Turn("assistant", "I see", 51))
    await home.record(100, turns=chain)
    kept = await home.store.reply_of_message(100)
    assert kept is not None
    assert BOB not in {turn.author_id for turn in kept.turns}
    assert not kept.is_exact
    await home.feedback.opt_in(SCOPE, BOB)
    await home.record(200, turns=chain)
    kept = await home.store.reply_of_message(200)
    assert kept is not None
    assert kept.is_exact
    assert "bob's secret" in [turn.text for turn in kept.turns]


async def test_our_replies_to_people_who_have_not_said_yes_are_left_out_too(home: Home) -> None:
    await home.feedback.opt_in(SCOPE, ALICE)
    await home.record(100)
    own = Turn("assistant", "reply 100", 100)
    to_bob = (Turn("user", "I live in Paris", 50, BOB), Turn("assistant", "Paris, nice!", 51))
    unknown = Turn("assistant", "about somebody in Paris", 60)  # its question cannot be read
    for message_id, turns, is_exact in (
        (200, (own,), True),
        (300, (own, *to_bob), False),
        (400, (unknown,), False),
    ):
        await home.record(message_id, turns=turns)
        kept = await home.store.reply_of_message(message_id)
        assert kept is not None
        assert kept.is_exact is is_exact
        assert not any("Paris" in turn.text for turn in kept.turns)
        assert (own in kept.turns) is (own in turns)


async def test_votes_are_taken_back_and_acts_are_not(home: Home) -> None:
    await home.feedback.opt_in(SCOPE, ALICE)
    await home.record(100)
    for kind in (LIKE, FeedbackKind.REGENERATE):
        await home.feedback.give(SCOPE, 100, ALICE, kind)
    await home.feedback.take_back(100, ALICE, LIKE)
    await home.feedback.take_back(100, ALICE, FeedbackKind.REGENERATE)
    (label,) = await home.store.labelled_replies(SCOPE, ALICE)
    assert label.is_liked is None
    assert label.was_regenerated


@pytest.mark.parametrize("has_consent", [True, False])
async def test_any_rush_of_reactions_ends_as_the_last_of_them_say(
    home: Home, has_consent: bool
) -> None:
    """Events are handled as tasks, all at once, as discord.py does."""
    if has_consent:
        await home.feedback.opt_in(SCOPE, ALICE)
    chance = random.Random(1)
    expected: dict[int, set[FeedbackKind]] = {}
    tasks: list[asyncio.Task[object]] = []
    message_ids = range(100, 140, 10)
    for _ in range(150):
        message_id, kind = chance.choice(message_ids), chance.choice((LIKE, DISLIKE))
        held = expected.setdefault(message_id, set())
        act = chance.choice(("give", "give", "take back", "clear", "clear kind", "record"))
        work: Coroutine[Any, Any, object]
        if act == "give":
            held.add(kind)
            work = home.feedback.give(SCOPE, message_id, ALICE, kind)
        elif act == "take back":
            held.discard(kind)
            work = home.feedback.take_back(message_id, ALICE, kind)
        elif act == "clear":
            held.clear()
            work = home.feedback.clear(message_id)
        elif act == "clear kind":
            held.discard(kind)
            work = home.feedback.clear(message_id, (kind,))
        else:
            work = home.record(message_id)
        tasks.append(asyncio.create_task(work))
    await asyncio.gather(*tasks)
    for message_id in message_ids:
        await home.record(message_id)
    if not has_consent:
        await home.feedback.opt_in(SCOPE, ALICE)
    exported = await home.store.export(ALICE)
    found: dict[int, set[str]] = {}
    for item in exported["feedback"]:
        found.setdefault(item["message_id"], set()).add(item["kind"])
    assert found == {
        message_id: {kind.value for kind in kinds}
        for message_id, kinds in expected.items()
        if kinds
    }


async def test_waiting_votes_are_taken_back_and_cleared(home: Home) -> None:
    await home.record(100)
    await home.record(200)
    await home.feedback.give(SCOPE, 100, ALICE, LIKE)
    await home.feedback.give(SCOPE, 200, ALICE, LIKE)
    await home.feedback.take_back(100, ALICE, LIKE)
    await home.feedback.clear(200)
    await home.feedback.opt_in(SCOPE, ALICE)
    assert await home.labels() == {}


async def test_forgetting_stops_training_first_and_takes_the_weights(home: Home) -> None:
    await home.feedback.opt_in(SCOPE, ALICE)
    await home.record(100)
    await home.feedback.give(SCOPE, 100, ALICE, LIKE)
    erased = await home.feedback.forget(ALICE)
    assert (erased.replies, erased.feedback) == (1, 1)
    assert home.recorder.calls[0] == ("cancel", (ALICE, None))
    assert home.recorder.calls[-1][0] == "delete"
    assert (await home.store.person(SCOPE, ALICE)).consent is Consent.OFF
    assert await home.store.reply_of_message(100) is None


@pytest.mark.parametrize("how", ["forget", "reset"])
async def test_the_engine_forgets_weights_that_cannot_be_loaded_any_more(
    home: Home, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A reply that begins in between would bring them back into memory, to stay there."""
    done: list[str] = []

    async def unload(scope_id: int, user_id: int) -> None:
        done.extend(name for name, _ in home.recorder.calls)

    monkeypatch.setattr(home.backend, "unload", unload)
    await home.feedback.opt_in(SCOPE, ALICE)
    if how == "forget":
        await home.feedback.forget(ALICE, SCOPE)
    else:
        await home.feedback.reset(SCOPE, ALICE, keep_feedback=True)
    assert done == ["cancel", "delete"]


async def test_reset_takes_the_weights_and_keeps_what_it_is_told_to(home: Home) -> None:
    await home.feedback.opt_in(SCOPE, ALICE)
    await home.record(100)
    await home.feedback.give(SCOPE, 100, ALICE, LIKE)
    await home.feedback.reset(SCOPE, ALICE, keep_feedback=True)
    assert home.recorder.calls == [("cancel", (ALICE, SCOPE)), ("delete", [(SCOPE, ALICE)])]
    assert home.backend.unloaded == [(SCOPE, ALICE)]
    assert await home.labels() == {100: True}
    await home.feedback.reset(SCOPE, ALICE, keep_feedback=False)
    assert await home.labels() == {}
    assert (await home.store.person(SCOPE, ALICE)).consent is Consent.ON


@pytest.mark.parametrize("has_consent", [True, False])
async def test_edits_and_deletions_reach_what_is_kept_or_waits(
    home: Home, has_consent: bool
) -> None:
    if has_consent:
        await home.feedback.opt_in(SCOPE, ALICE)
    for message_id in (100, 200, 300):
        await home.record(message_id)
    await home.feedback.message_edited(99, "new words")
    await home.feedback.messages_deleted((199,))
    await home.feedback.messages_deleted((301,))
    if not has_consent:
        await home.feedback.opt_in(SCOPE, ALICE)
    kept = await home.store.reply_of_message(100)
    assert kept is not None
    assert kept.turns[-1].text == "new words"
    assert await home.store.reply_of_message(200) is None
    assert await home.store.reply_of_message(300) is None


@pytest.mark.parametrize("has_consent", [True, False])
async def test_a_deleted_channel_takes_its_exchanges_along(home: Home, has_consent: bool) -> None:
    if has_consent:
        await home.feedback.opt_in(SCOPE, ALICE)
    await home.record(100)
    await home.record(200)
    await home.feedback.channel_deleted(CHANNEL + 1)
    assert await home.feedback.reply_of(100) is not None
    await home.feedback.channel_deleted(CHANNEL)
    assert await home.feedback.reply_of(100) is None
    assert await home.feedback.reply_of(201) is None
    assert await home.store.messages_in(CHANNEL) == []


async def test_however_much_was_said_in_it_a_channel_goes_in_a_few_reads(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Votes wait meanwhile, in every channel."""
    await home.feedback.opt_in(SCOPE, ALICE)
    for message_id in range(100, 200, 5):
        await home.record(message_id)
    reads: list[Database] = []
    snapshot = Database.snapshot

    def counted(database: Database) -> AbstractAsyncContextManager[AsyncConnection]:
        reads.append(database)
        return snapshot(database)

    monkeypatch.setattr(Database, "snapshot", counted)
    await home.feedback.channel_deleted(CHANNEL)
    assert len(reads) < 10
    assert await home.store.messages_in(CHANNEL) == []
    assert set(home.backend.unloaded) == {(SCOPE, ALICE)}


async def test_the_engine_forgets_what_was_edited_or_deleted(home: Home) -> None:
    """Its prefix cache would keep the words for a while, even of a reply begun and dropped."""
    home.feedback.reading(SCOPE, BOB, (99, 98))
    await home.record(100)
    await home.record(200)
    await home.feedback.message_edited(99, "new words")
    assert sorted(home.backend.unloaded) == [(SCOPE, ALICE), (SCOPE, BOB)]
    await home.feedback.messages_deleted((98, 12345))
    assert home.backend.unloaded[2:] == [(SCOPE, BOB)]
    await home.feedback.messages_deleted((201,))
    assert home.backend.unloaded[3:] == [(SCOPE, ALICE)]


async def test_changes_while_the_reply_is_on_its_way_are_applied(home: Home) -> None:
    await home.feedback.opt_in(SCOPE, ALICE)
    await home.feedback.message_edited(99, "new words")
    await home.feedback.messages_deleted((199,))
    await home.record(100, seconds=30)
    await home.record(200, seconds=30)
    kept = await home.store.reply_of_message(100)
    assert kept is not None
    assert kept.turns[-1].text == "new words"
    assert await home.store.reply_of_message(200) is None


async def test_what_strangers_edit_is_not_remembered_for_long(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reply that takes longer still must not be kept with the old words."""
    await home.feedback.opt_in(SCOPE, ALICE)
    monkeypatch.setattr(recent, "CHANGED_TEXT_KEPT_S", 0.0)
    await home.feedback.message_edited(99, "new words")
    remembered = home.feedback._changes._texts
    async with asyncio.timeout(10):
        while any(text is not None for _, text in remembered.values()):
            await asyncio.sleep(0)
    await home.record(100, seconds=30)
    assert await home.store.reply_of_message(100) is None


async def test_an_edit_from_before_the_prompt_is_in_the_prompt_already(home: Home) -> None:
    await home.feedback.opt_in(SCOPE, ALICE)
    await home.feedback.message_edited(99, "Alice wrote this, without the name before it")
    home.clock.now += timedelta(minutes=1)
    await home.record(100, seconds=3)
    kept = await home.store.reply_of_message(100)
    assert kept is not None
    assert kept.turns[-1].text == "question 100"


async def test_corrections_need_a_reply_of_ones_own_and_no_no(home: Home) -> None:
    await home.feedback.opt_in(SCOPE, ALICE)
    await home.record(100)
    assert await home.feedback.correct(SCOPE, 101, ALICE, "better") is Given.KEPT
    (label,) = await home.store.labelled_replies(SCOPE, ALICE)
    assert (label.correction, label.correction_origin) == ("better", "modal")
    with pytest.raises(ConsentError, match="only the person I answered"):
        await home.feedback.correct(SCOPE, 100, BOB, "worse")
    with pytest.raises(ConsentError, match="do not remember"):
        await home.feedback.correct(SCOPE, 999, ALICE, "what?")
    await home.feedback.opt_out(SCOPE, ALICE)
    with pytest.raises(ConsentError, match="turn on"):
        await home.feedback.correct(SCOPE, 100, ALICE, "better")


def occurs(text: bytes, folder: Path) -> bool:
    return any(text in path.read_bytes() for path in folder.iterdir())


async def test_nothing_of_the_undecided_is_in_the_file(home: Home, tmp_path: Path) -> None:
    await home.record(100, turns=(Turn("user", "sesame", 98, ALICE),))
    await home.feedback.give(SCOPE, 100, ALICE, FeedbackKind.CORRECTION, text="sesame")
    await home.store.checkpoint()
    assert not occurs(b"sesame", tmp_path)
    await home.feedback.opt_in(SCOPE, ALICE)
    await home.store.checkpoint()
    assert occurs(b"sesame", tmp_path)


async def test_votes_by_button_exclude_each_other_and_toggle(home: Home) -> None:
    await home.feedback.opt_in(SCOPE, ALICE)
    await home.record(100)
    for kind, given, labels in (
        (LIKE, Given.KEPT, {100: True}),
        (DISLIKE, Given.KEPT, {100: False}),
        (LIKE, Given.KEPT, {100: True}),
        (LIKE, None, {}),
    ):
        assert await home.feedback.toggle(SCOPE, 101, ALICE, kind) is given
        assert await home.labels() == labels


async def test_waiting_votes_by_button_toggle_too(home: Home) -> None:
    await home.record(100)
    assert await home.feedback.toggle(SCOPE, 100, ALICE, LIKE) is Given.OFFER
    assert await home.feedback.toggle(SCOPE, 100, ALICE, DISLIKE) is Given.KEPT
    await home.feedback.opt_in(SCOPE, ALICE)
    assert await home.labels() == {100: False}


# --- taking versions back ---------------------------------------------------------------------


async def test_each_dislike_that_is_kept_is_a_reason_to_look_back(home: Home) -> None:
    await home.store.set_consent(SCOPE, ALICE, Consent.ON)
    await home.record(101)
    await home.feedback.give(SCOPE, 101, ALICE, LIKE)
    assert home.recorder.looks == []
    await home.feedback.give(SCOPE, 101, ALICE, DISLIKE)
    assert home.recorder.looks == [(SCOPE, ALICE)]
    await home.feedback.toggle(SCOPE, 101, ALICE, DISLIKE)  # taken back
    assert len(home.recorder.looks) == 1
    await home.feedback.toggle(SCOPE, 101, ALICE, DISLIKE)
    assert len(home.recorder.looks) == 2
    await home.feedback.give(SCOPE, 102, BOB, DISLIKE)  # has not said yes
    assert len(home.recorder.looks) == 2


@pytest.mark.parametrize("error", [StoreError("the disk is full"), AdapterError("damaged")])
async def test_a_vote_is_kept_whatever_comes_of_looking_back(
    home: Home, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    await home.store.set_consent(SCOPE, ALICE, Consent.ON)
    await home.record(101)
    home.recorder.error = error
    assert await home.feedback.give(SCOPE, 101, ALICE, DISLIKE) is Given.KEPT
    assert str(error) in caplog.text
