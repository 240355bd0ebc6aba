"""What every ``Store`` promises, on every database."""

from __future__ import annotations

import asyncio
import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bowerbird.storage.records import (
    DM_SCOPE,
    AdapterState,
    Consent,
    FeedbackKind,
    NewReply,
    Person,
    Reply,
    RunState,
    ServerSettings,
    Turn,
    VersionVotes,
)
from bowerbird.storage.sql import SqlStore
from bowerbird.storage.store import StoreError
from tests.storage.samples import (
    ALICE,
    BASE_MODEL,
    BOB,
    CAROL,
    OTHER_SCOPE,
    SCOPE,
    START,
    Clock,
    a_reply,
    a_version,
    at,
    consent,
    some_feedback,
)

LIKE, DISLIKE = FeedbackKind.LIKE, FeedbackKind.DISLIKE
REGENERATE, CORRECTION = FeedbackKind.REGENERATE, FeedbackKind.CORRECTION


async def train(
    store: SqlStore, clock: Clock, night: str = "n", *, user: int = ALICE, promote: bool = True
) -> int:
    """One training that ends well, as the night does it; returns the version."""
    run = await store.add_run(night, SCOPE, user)
    await store.start_run(run.run_id)
    version = await store.next_version(SCOPE, user)
    clock.tick()
    state = AdapterState.ACCEPTED if promote else AdapterState.REJECTED
    adapter = a_version(version, user=user, when=clock(), state=state)
    assert await store.add_adapter(adapter, promote=promote)
    await store.finish_run(
        run.run_id, RunState.PROMOTED if promote else RunState.REJECTED, version=version
    )
    return version


class TestConsent:
    async def test_a_stranger_is_unasked_and_looking_writes_nothing(self, store: SqlStore) -> None:
        assert await store.person(SCOPE, ALICE) == Person(SCOPE, ALICE)
        assert await store.people() == []

    async def test_the_offer_is_made_once_ever(self, store: SqlStore) -> None:
        offers = [store.offer_consent(SCOPE, ALICE) for _ in range(20)]
        assert sorted(await asyncio.gather(*offers)) == [False] * 19 + [True]
        assert (await store.person(SCOPE, ALICE)).consent is Consent.OFFERED
        await store.set_consent(SCOPE, ALICE, Consent.OFF)
        assert not await store.offer_consent(SCOPE, ALICE)
        assert await store.offer_consent(OTHER_SCOPE, ALICE)

    async def test_an_offer_that_could_not_be_made_can_be_made_again(self, store: SqlStore) -> None:
        await store.offer_consent(SCOPE, ALICE)
        await store.offer_consent(SCOPE, BOB)
        await store.withdraw_offer(SCOPE, ALICE)
        assert [one.user_id for one in await store.people()] == [BOB]
        assert await store.offer_consent(SCOPE, ALICE)
        for answer in (Consent.ON, Consent.OFF):
            await store.set_consent(SCOPE, ALICE, answer)
            await store.withdraw_offer(SCOPE, ALICE)
            assert (await store.person(SCOPE, ALICE)).consent is answer

    async def test_who_is_asked_to_teach_is_left_in_peace_for_a_while(
        self, store: SqlStore, clock: Clock
    ) -> None:
        hour = timedelta(hours=1)
        await store.offer_consent(SCOPE, ALICE)
        assert not await store.claim_lesson(SCOPE, ALICE, hour)
        await consent(store, ALICE)
        claims = [store.claim_lesson(SCOPE, ALICE, hour) for _ in range(20)]
        assert sorted(await asyncio.gather(*claims)) == [False] * 19 + [True]
        clock.tick(60 * 59)
        assert not await store.claim_lesson(SCOPE, ALICE, hour)
        clock.tick(60)
        assert await store.claim_lesson(SCOPE, ALICE, hour)
        assert not await store.claim_lesson(SCOPE, BOB, hour)
        await store.forget(ALICE)
        await consent(store, ALICE)
        assert await store.claim_lesson(SCOPE, ALICE, hour)  # forgotten with everything else

    async def test_the_time_of_a_change_is_kept(self, store: SqlStore, clock: Clock) -> None:
        await store.set_consent(SCOPE, ALICE, Consent.ON)
        clock.tick()
        await store.set_consent(SCOPE, ALICE, Consent.ON)
        assert (await store.person(SCOPE, ALICE)).consent_changed_at == START
        changed = clock.tick()
        await store.set_consent(SCOPE, ALICE, Consent.OFF)
        assert (await store.person(SCOPE, ALICE)).consent_changed_at == changed

    async def test_people_are_listed_by_scope(self, store: SqlStore) -> None:
        await consent(store, BOB, ALICE)
        await consent(store, ALICE, scope=OTHER_SCOPE)
        assert [p.user_id for p in await store.people(SCOPE)] == [ALICE, BOB]
        assert len(await store.people()) == 3

    async def test_nothing_is_stored_without_consent(self, store: SqlStore) -> None:
        await store.offer_consent(SCOPE, ALICE)
        await consent(store, ALICE, scope=OTHER_SCOPE)
        assert await store.add_reply(a_reply(11)) is None
        assert not await store.put_feedback(some_feedback(11))
        assert not await store.put_feedback(some_feedback(11, user=BOB))
        assert not await store.add_adapter(a_version(1), promote=True)
        assert await store.reply_of_message(11) is None
        exported = await store.export(BOB)
        assert not any(exported[part] for part in ("people", "replies", "feedback", "adapters"))


class TestReplies:
    async def test_a_reply_comes_back_as_it_was(self, store: SqlStore) -> None:
        await consent(store, ALICE)
        given = a_reply(
            11,
            12,
            13,
            text="naïve 👍🏽 \n\t```py\n```",
            turns=(
                Turn("system", "Be kind."),
                Turn("user", "hm", 9, BOB),
                Turn("assistant", "so?", 10),
                Turn("user", "", 14, ALICE),
            ),
            sampling={"seed": 2**60, "top_p": 0.9, "stop": ["a"], "nested": {"none": None}},
            adapter_version=3,
            origin="slash",
            is_exact=False,
            regenerates=7,
            created_at=datetime(2026, 1, 1, 5, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2))),
        )
        reply_id = await store.add_reply(given)
        for message_id in (11, 12, 13):
            found = await store.reply_of_message(message_id)
            assert found is not None
            assert found.reply_id == reply_id
            for field in fields(NewReply):
                assert getattr(found, field.name) == getattr(given, field.name), field.name
            assert found.created_at.tzinfo is UTC
        assert await store.reply_of_message(14) is None

    async def test_adding_twice_adds_once(self, store: SqlStore) -> None:
        await consent(store, ALICE)
        ids = await asyncio.gather(*(store.add_reply(a_reply(11, 12)) for _ in range(8)))
        assert len(set(ids)) == 1
        assert (await store.person_summary(SCOPE, ALICE)).replies == 1

    async def test_a_reply_needs_a_message(self, store: SqlStore) -> None:
        with pytest.raises(StoreError, match="message id"):
            await store.add_reply(a_reply(1, message_ids=()))

    async def test_a_time_without_zone_is_refused_and_leaves_nothing(self, store: SqlStore) -> None:
        await consent(store, ALICE)
        with pytest.raises(StoreError, match="time zone"):
            await store.add_reply(a_reply(11, created_at=START.replace(tzinfo=None)))
        assert (await store.person_summary(SCOPE, ALICE)).replies == 0

    async def test_a_part_that_belongs_to_another_reply_undoes_all(self, store: SqlStore) -> None:
        await consent(store, ALICE)
        await store.add_reply(a_reply(11, 12))
        with pytest.raises(StoreError):
            await store.add_reply(a_reply(21, 12))
        assert await store.reply_of_message(21) is None
        assert (await store.person_summary(SCOPE, ALICE)).replies == 1

    async def test_an_id_beyond_64_bits_is_refused(self, store: SqlStore) -> None:
        with pytest.raises(StoreError, match="64 bits"):
            await store.person(SCOPE, 2**63)

    async def test_text_no_database_takes_is_stored_nevertheless(self, store: SqlStore) -> None:
        await consent(store, ALICE)
        await store.add_reply(
            a_reply(11, text="a\0b", said="half \ud83d pair", sampling={"odd": float("nan")})
        )
        found = await store.reply_of_message(11)
        assert found is not None
        assert found.text == "a\ufffdb"
        assert found.turns[1].text == "half \ufffd pair"
        assert found.sampling == {"odd": None}


class TestFeedback:
    async def test_either_order_gives_the_same(self, store: SqlStore) -> None:
        await consent(store, ALICE, BOB)
        await store.put_feedback(some_feedback(12, LIKE, when=at(5)))
        await store.add_reply(a_reply(11, 12))
        await store.add_reply(a_reply(21, 22, created_at=at(1)))
        await store.put_feedback(some_feedback(22, LIKE, when=at(5)))
        first, second = await store.labelled_replies(SCOPE, ALICE)
        assert (first.is_liked, first.labelled_at) == (True, at(5))
        assert (second.is_liked, second.labelled_at) == (True, at(5))

    async def test_twice_is_once_and_a_late_event_does_not_undo_a_newer(
        self, store: SqlStore
    ) -> None:
        await consent(store, ALICE)
        await store.add_reply(a_reply(11))
        newer = some_feedback(11, CORRECTION, when=at(9), text="newer")
        older = some_feedback(11, CORRECTION, when=at(3), text="older")
        for item in (newer, older, newer):
            assert await store.put_feedback(item)
        (labelled,) = await store.labelled_replies(SCOPE, ALICE)
        assert labelled.correction == "newer"
        assert labelled.correction_origin == "message"
        assert len((await store.export(ALICE))["feedback"]) == 1

    @pytest.mark.parametrize("part", [11, 12])
    async def test_the_later_vote_on_any_part_is_the_label(
        self, store: SqlStore, part: int
    ) -> None:
        await consent(store, ALICE)
        await store.add_reply(a_reply(11, 12))
        await store.put_feedback(some_feedback(11, LIKE, when=at(2)))
        await store.put_feedback(some_feedback(part, DISLIKE, when=at(3)))
        assert [x.is_liked for x in await store.labelled_replies(SCOPE, ALICE)] == [False]
        summary = await store.person_summary(SCOPE, ALICE)
        assert (summary.likes, summary.dislikes) == (0, 1)
        assert await store.remove_feedback(part, [DISLIKE], ALICE) == 1
        assert [x.is_liked for x in await store.labelled_replies(SCOPE, ALICE)] == [True]

    async def test_votes_of_one_moment_give_one_answer_in_any_order(self, store: SqlStore) -> None:
        await consent(store, ALICE)
        await store.add_reply(a_reply(11))
        await store.add_reply(a_reply(21))
        for message_id, kinds in ((11, (LIKE, DISLIKE)), (21, (DISLIKE, LIKE))):
            for kind in kinds:
                await store.put_feedback(some_feedback(message_id, kind))
        assert [x.is_liked for x in await store.labelled_replies(SCOPE, ALICE)] == [False] * 2
        assert (await store.person_summary(SCOPE, ALICE)).dislikes == 2

    async def test_votes_are_told_apart_by_the_version_that_replied(self, store: SqlStore) -> None:
        await consent(store, ALICE, BOB)
        for message_id, version in ((11, None), (21, 2), (31, 2), (41, 1), (51, 3)):
            await store.add_reply(a_reply(message_id, adapter_version=version))
        for message_id in (11, 21, 41):
            await store.put_feedback(some_feedback(message_id, LIKE))
        await store.put_feedback(some_feedback(31, DISLIKE))
        await store.put_feedback(some_feedback(41, DISLIKE, when=at(1)))
        await store.put_feedback(some_feedback(51, LIKE, user=BOB))
        assert await store.votes_by_version(SCOPE, ALICE) == [
            VersionVotes(None, 1, 0),
            VersionVotes(1, 0, 1),
            VersionVotes(2, 1, 1),
        ]
        assert await store.votes_by_version(SCOPE, BOB) == []
        assert await store.votes_by_version(SCOPE) == await store.votes_by_version(SCOPE, ALICE)
        assert await store.votes_by_version(OTHER_SCOPE) == []

    async def test_others_votes_are_counted_but_never_a_label(self, store: SqlStore) -> None:
        await consent(store, ALICE, BOB)
        await store.add_reply(a_reply(11))
        assert await store.put_feedback(some_feedback(11, DISLIKE, user=BOB))
        assert await store.labelled_replies(SCOPE, ALICE) == []
        assert await store.labelled_replies(SCOPE, BOB) == []
        summary = await store.person_summary(SCOPE, ALICE)
        assert (summary.others_votes, summary.dislikes, summary.new_feedback) == (1, 0, 0)
        assert await store.due_people(1) == []

    async def test_removing_is_by_person_or_for_all(self, store: SqlStore) -> None:
        await consent(store, ALICE, BOB)
        for user in (ALICE, BOB):
            await store.put_feedback(some_feedback(11, LIKE, user=user))
            await store.put_feedback(some_feedback(11, REGENERATE, user=user))
        assert await store.remove_feedback(11, [LIKE], ALICE) == 1
        assert await store.remove_feedback(11, [LIKE], ALICE) == 0
        assert await store.remove_feedback(11, [LIKE, DISLIKE]) == 1
        assert await store.remove_feedback(11, list(FeedbackKind)) == 2
        assert await store.remove_feedback(11, []) == 0

    async def test_a_regenerated_pair_is_linked(self, store: SqlStore) -> None:
        await consent(store, ALICE)
        earlier = await store.add_reply(a_reply(11, 12))
        await store.add_reply(a_reply(21, question=10, regenerates=12, created_at=at(1)))
        await store.put_feedback(some_feedback(11, REGENERATE))
        await store.put_feedback(some_feedback(21, LIKE))
        first, second = await store.labelled_replies(SCOPE, ALICE)
        assert (first.is_liked, first.was_regenerated, first.replaces) == (None, True, None)
        assert (second.is_liked, second.was_regenerated) == (True, False)
        assert second.replaces == earlier

    async def test_only_exact_replies_are_labelled(self, store: SqlStore) -> None:
        await consent(store, ALICE)
        await store.add_reply(a_reply(11, is_exact=False))
        await store.put_feedback(some_feedback(11))
        assert await store.labelled_replies(SCOPE, ALICE) == []
        assert await store.due_people(1) == []

    async def test_interactions_only_leaves_out_what_was_read_in_channels(
        self, store: SqlStore
    ) -> None:
        await consent(store, ALICE)
        await store.add_reply(a_reply(11))
        await store.add_reply(a_reply(21, origin="slash"))
        await store.add_reply(a_reply(31, origin="modal"))
        for message_id in (11, 21):
            await store.put_feedback(some_feedback(message_id))
        await store.put_feedback(
            some_feedback(11, CORRECTION, origin="modal", text="typed, but the question was not")
        )
        await store.put_feedback(some_feedback(31, CORRECTION, text="read in a channel"))
        labelled = await store.labelled_replies(SCOPE, ALICE, interactions_only=True)
        assert [x.reply.message_ids for x in labelled] == [(21,)]
        assert len(await store.labelled_replies(SCOPE, ALICE)) == 3
        (due,) = await store.due_people(1, interactions_only=True)
        assert due.new_feedback == 1

    async def test_feedback_counts_in_its_own_scope_only(self, store: SqlStore) -> None:
        await consent(store, ALICE)
        await consent(store, ALICE, scope=DM_SCOPE)
        await store.add_reply(a_reply(11))
        await store.put_feedback(some_feedback(11, scope=DM_SCOPE))
        assert await store.labelled_replies(SCOPE, ALICE) == []
        assert await store.labelled_replies(DM_SCOPE, ALICE) == []


class TestEditsAndDeletions:
    async def test_an_edit_reaches_every_turn_that_quotes_it(self, store: SqlStore) -> None:
        await consent(store, ALICE, BOB)
        quoting = (Turn("user", "old", 10, ALICE), Turn("user", "and?", 19, BOB))
        await store.add_reply(a_reply(11, said="old"))
        await store.add_reply(a_reply(20, user=BOB, turns=quoting))
        assert await store.replace_text(10, "new") == 2
        assert await store.replace_text(10, "new") == 0
        assert await store.replace_text(99, "new") == 0
        for message_id in (11, 20):
            found = await store.reply_of_message(message_id)
            assert found is not None
            assert "new" in [turn.text for turn in found.turns]
            assert "old" not in [turn.text for turn in found.turns]
            assert found.is_exact

    @pytest.mark.parametrize("deleted", [10, 11, 12])
    async def test_a_reply_goes_whole_with_its_question_or_any_part(
        self, store: SqlStore, deleted: int
    ) -> None:
        await consent(store, ALICE, BOB)
        await store.add_reply(a_reply(11, 12))
        later = (
            Turn("system", "Be kind."),
            Turn("user", "What is a bower?", 10, ALICE),
            Turn("assistant", "A place to dance.", 11),
            Turn("user", "why?", 19, BOB),
        )
        await store.add_reply(a_reply(20, user=BOB, turns=later))
        await store.put_feedback(some_feedback(12, LIKE))
        await store.put_feedback(some_feedback(11, LIKE, user=BOB))
        assert await store.erase_messages([deleted]) == 2
        assert await store.erase_messages([deleted]) == 0
        assert await store.reply_of_message(11) is None
        assert await store.reply_of_message(12) is None
        assert (await store.export(ALICE))["feedback"] == []
        assert (await store.export(BOB))["feedback"] == []
        other = await store.reply_of_message(20)
        assert other is not None
        assert not other.is_exact
        texts = [turn.text for turn in other.turns]
        assert "A place to dance." not in texts  # the answer to what was deleted goes with it
        assert ("What is a bower?" in texts) == (deleted != 10)

    async def test_deleting_a_quoted_message_leaves_the_reply_inexact(
        self, store: SqlStore
    ) -> None:
        await consent(store, ALICE)
        turns = (Turn("user", "context", 5, BOB), Turn("user", "question", 10, ALICE))
        await store.add_reply(a_reply(11, turns=turns))
        await store.put_feedback(some_feedback(11))
        assert await store.erase_messages([5, 6]) == 1
        found = await store.reply_of_message(11)
        assert found is not None
        assert (found.is_exact, found.turns) == (False, turns[1:])
        assert await store.labelled_replies(SCOPE, ALICE) == []

    async def test_feedback_on_a_deleted_message_goes_even_without_a_reply(
        self, store: SqlStore
    ) -> None:
        await consent(store, ALICE)
        await store.put_feedback(some_feedback(11))
        assert await store.erase_messages([11]) == 0
        assert (await store.export(ALICE))["feedback"] == []

    async def test_the_parts_beside_deleted_ones(self, store: SqlStore) -> None:
        await consent(store, ALICE, BOB)
        await store.add_reply(a_reply(11, 12, 13))
        await store.add_reply(a_reply(21, 22, user=BOB))
        await store.add_reply(a_reply(5031, 5032))
        alice, bob = (SCOPE, ALICE), (SCOPE, BOB)
        assert await store.parts_beside([12, 99]) == {11: alice, 12: alice, 13: alice}
        assert await store.parts_beside([10]) == {}  # a question is no part
        assert await store.parts_beside(range(20, 6000)) == {
            21: bob,
            22: bob,
            5031: alice,
            5032: alice,
        }

    async def test_a_purge_of_thousands_of_messages(self, store: SqlStore) -> None:
        await consent(store, ALICE)
        for number in range(5):
            await store.add_reply(a_reply(1000 * number + 11))
        assert await store.erase_messages(range(5000)) == 5
        assert await store.erase_messages([]) == 0
        assert (await store.person_summary(SCOPE, ALICE)).replies == 0

    async def test_the_retention_clock(self, store: SqlStore) -> None:
        await consent(store, ALICE)
        await store.add_reply(a_reply(11, created_at=at(0)))
        await store.add_reply(a_reply(21, created_at=at(10)))
        for message_id in (11, 21, 31):
            await store.put_feedback(some_feedback(message_id, when=at(5)))
        assert await store.erase_before(at(10)) == 1
        assert await store.reply_of_message(11) is None
        assert await store.reply_of_message(21) is not None
        left = (await store.export(ALICE))["feedback"]
        assert [row["message_id"] for row in left] == [21]


class TestStaleness:
    @pytest.fixture
    async def trained(self, store: SqlStore, clock: Clock) -> SqlStore:
        await consent(store, ALICE, BOB)
        turns = (Turn("user", "context", 5, BOB), Turn("user", "question", 10, ALICE))
        await store.add_reply(a_reply(11, turns=turns))
        await store.put_feedback(some_feedback(11))
        clock.tick()
        await train(store, clock)
        return store

    async def test_deleting_what_was_learned_makes_due(self, trained: SqlStore) -> None:
        assert await trained.due_people(1) == []
        await trained.erase_messages([5])
        assert (await trained.person(SCOPE, ALICE)).is_stale
        assert not (await trained.person(SCOPE, BOB)).is_stale
        (due,) = await trained.due_people(100)
        assert (due.user_id, due.new_feedback, due.is_stale) == (ALICE, 0, True)

    async def test_another_base_model_makes_due(self, trained: SqlStore) -> None:
        assert await trained.outdate_adapters(BASE_MODEL) == 0
        assert (await trained.person(SCOPE, ALICE)).active_base_model == BASE_MODEL
        assert await trained.outdate_adapters("another-model") == 1
        assert await trained.outdate_adapters("another-model") == 0
        (due,) = await trained.due_people(100)
        assert (due.user_id, due.is_stale) == (ALICE, True)

    async def test_editing_it_does_too_but_not_if_nothing_changed(self, trained: SqlStore) -> None:
        await trained.replace_text(5, "context")
        assert not (await trained.person(SCOPE, ALICE)).is_stale
        await trained.replace_text(5, "edited")
        assert (await trained.person(SCOPE, ALICE)).is_stale

    async def test_a_newer_reply_was_not_learned_from(
        self, trained: SqlStore, clock: Clock
    ) -> None:
        await trained.add_reply(a_reply(21, created_at=clock.tick()))
        await trained.erase_messages([21])
        assert not (await trained.person(SCOPE, ALICE)).is_stale

    async def test_an_inexact_reply_was_not_learned_from(
        self, store: SqlStore, clock: Clock
    ) -> None:
        await consent(store, ALICE)
        await store.add_reply(a_reply(11, is_exact=False))
        await train(store, clock)
        await store.erase_messages([11])
        assert not (await store.person(SCOPE, ALICE)).is_stale

    async def test_a_new_version_heals_and_going_back_reopens(
        self, trained: SqlStore, clock: Clock
    ) -> None:
        await trained.erase_messages([5])
        clock.tick()
        await train(trained, clock, "n2")
        assert not (await trained.person(SCOPE, ALICE)).is_stale
        await trained.activate(SCOPE, ALICE, 1)
        assert (await trained.person(SCOPE, ALICE)).is_stale
        await trained.activate(SCOPE, ALICE, None)
        assert not (await trained.person(SCOPE, ALICE)).is_stale

    async def test_a_deletion_while_training_makes_the_result_stale(
        self, trained: SqlStore, clock: Clock
    ) -> None:
        run = await trained.add_run("n2", SCOPE, ALICE)
        await trained.start_run(run.run_id)
        await trained.erase_messages([11])
        await trained.add_adapter(a_version(2, when=clock.tick()), promote=True)
        await trained.finish_run(run.run_id, RunState.PROMOTED, version=2)
        person = await trained.person(SCOPE, ALICE)
        assert (person.active_version, person.is_stale) == (2, True)

    async def test_an_attempt_after_the_deletion_is_clean(
        self, trained: SqlStore, clock: Clock
    ) -> None:
        run = await trained.add_run("n2", SCOPE, ALICE)
        await trained.start_run(run.run_id)
        await trained.erase_messages([11])
        await trained.start_run(run.run_id)  # after a crash
        await trained.add_adapter(a_version(2, when=clock.tick()), promote=True)
        assert not (await trained.person(SCOPE, ALICE)).is_stale

    async def test_forgetting_a_quoted_person_makes_the_other_stale(
        self, trained: SqlStore
    ) -> None:
        await trained.forget(BOB)
        assert (await trained.person(SCOPE, ALICE)).is_stale


class TestAdapters:
    async def test_versions_count_up_and_only_the_accepted_can_be_active(
        self, store: SqlStore, clock: Clock
    ) -> None:
        await consent(store, ALICE)
        assert await store.next_version(SCOPE, ALICE) == 1
        assert await train(store, clock, "a") == 1
        assert await train(store, clock, "b", promote=False) == 2
        assert (await store.person(SCOPE, ALICE)).active_version == 1
        recorded = await store.adapters(SCOPE, ALICE)
        assert [(v.version, v.state) for v in recorded] == [
            (1, AdapterState.ACCEPTED),
            (2, AdapterState.REJECTED),
        ]
        assert recorded[0] == a_version(1, when=recorded[0].created_at)
        for version, reason in ((2, "rejected"), (3, "no version 3")):
            with pytest.raises(StoreError, match=reason):
                await store.activate(SCOPE, ALICE, version)
        with pytest.raises(StoreError, match="promoted"):
            await store.add_adapter(a_version(3, state=AdapterState.REJECTED), promote=True)
        assert await store.next_version(SCOPE, ALICE) == 3
        assert await store.next_version(OTHER_SCOPE, ALICE) == 1

    async def test_a_version_is_recorded_once(self, store: SqlStore) -> None:
        await consent(store, ALICE)
        await store.add_adapter(a_version(1), promote=False)
        with pytest.raises(StoreError):
            await store.add_adapter(a_version(1), promote=True)
        assert (await store.person(SCOPE, ALICE)).active_version is None

    async def test_a_version_knows_what_it_replaced(self, store: SqlStore, clock: Clock) -> None:
        await consent(store, ALICE)
        for number in range(3):
            await train(store, clock, str(number), promote=number != 1)
        assert [v.replaced for v in await store.adapters(SCOPE, ALICE)] == [None, None, 1]
        await store.activate(SCOPE, ALICE, None)
        await train(store, clock, "after going back by hand")
        assert (await store.adapters(SCOPE, ALICE))[-1].replaced is None

    async def test_a_version_is_taken_back_once(self, store: SqlStore, clock: Clock) -> None:
        await consent(store, ALICE)
        for night in "ab":
            await train(store, clock, night)
        before = clock.tick()
        why = {"reason": "It pleased less.", "probability": 0.995}
        assert not await store.roll_back(SCOPE, ALICE, 1, to=None, why=why)  # not in use
        with pytest.raises(StoreError, match="no version 7"):
            await store.roll_back(SCOPE, ALICE, 2, to=7, why=why)
        assert (await store.person(SCOPE, ALICE)).active_version == 2
        assert await store.rolled_back_since(before) == []
        at_once = [store.roll_back(SCOPE, ALICE, 2, to=1, why=why) for _ in range(3)]
        assert sorted(await asyncio.gather(*at_once)) == [False, False, True]
        assert (await store.person(SCOPE, ALICE)).active_version == 1
        (taken_back,) = await store.rolled_back_since(before)
        assert (taken_back.version, taken_back.rolled_back_at) == (2, before)
        assert taken_back.verdict == {"reasons": ["fine"], "rolled_back": why}
        assert await store.rolled_back_since(clock.tick()) == []
        await store.activate(SCOPE, ALICE, 2)  # by the person's own hand
        assert not await store.roll_back(SCOPE, ALICE, 2, to=1, why=why)

    async def test_rolling_back_a_stranger_changes_nothing(self, store: SqlStore) -> None:
        assert not await store.roll_back(SCOPE, ALICE, 1, to=None, why={})


class TestRuns:
    async def test_a_night_knows_each_person_once(self, store: SqlStore) -> None:
        queued = await asyncio.gather(*(store.add_run("n", SCOPE, ALICE) for _ in range(5)))
        assert len({run.run_id for run in queued}) == 1
        assert queued[0].state is RunState.QUEUED
        await store.add_run("n", SCOPE, BOB)
        assert [run.user_id for run in await store.runs("n")] == [ALICE, BOB]
        assert await store.runs("m") == []

    async def test_a_run_from_queue_to_end(self, store: SqlStore, clock: Clock) -> None:
        run = await store.add_run("n", SCOPE, ALICE)
        assert await store.has_open_run(SCOPE, ALICE)
        started = await store.start_run(run.run_id)
        assert (started.state, started.attempts) == (RunState.RUNNING, 1)
        assert (await store.start_run(run.run_id)).attempts == 2
        assert await store.unfinished_runs() == await store.runs("n")
        clock.tick()
        await store.finish_run(run.run_id, RunState.FAILED, detail="out of memory")
        (over,) = await store.runs("n")
        assert (over.state, over.detail) == (RunState.FAILED, "out of memory")
        assert over.finished_at == clock()
        assert not await store.has_open_run(SCOPE, ALICE)
        assert await store.unfinished_runs() == []
        with pytest.raises(StoreError, match="over"):
            await store.start_run(run.run_id)

    async def test_the_first_end_stands(self, store: SqlStore) -> None:
        run = await store.add_run("n", SCOPE, ALICE)
        await store.finish_run(run.run_id, RunState.CANCELLED)
        await store.finish_run(run.run_id, RunState.PROMOTED, version=1)
        assert [r.state for r in await store.runs("n")] == [RunState.CANCELLED]
        with pytest.raises(StoreError, match="cannot end"):
            await store.finish_run(run.run_id, RunState.RUNNING)

    async def test_who_is_due(self, store: SqlStore) -> None:
        await consent(store, ALICE, BOB, CAROL)
        await consent(store, ALICE, scope=OTHER_SCOPE)
        for message_id, user in ((11, ALICE), (21, BOB), (31, BOB), (41, CAROL)):
            await store.add_reply(a_reply(message_id, user=user))
            await store.put_feedback(some_feedback(message_id, user=user))
        await store.add_reply(a_reply(51, scope=OTHER_SCOPE))
        await store.put_feedback(some_feedback(51, scope=OTHER_SCOPE))
        await store.set_consent(SCOPE, CAROL, Consent.OFF)
        due = await store.due_people(1)
        assert [(d.scope_id, d.user_id, d.new_feedback) for d in due] == [
            (SCOPE, BOB, 2),
            (SCOPE, ALICE, 1),
            (OTHER_SCOPE, ALICE, 1),
        ]
        assert [d.user_id for d in await store.due_people(2)] == [BOB]
        assert len(await store.due_people(1, OTHER_SCOPE)) == 1
        await store.add_run("n", SCOPE, BOB)
        assert [d.user_id for d in await store.due_people(1, SCOPE)] == [ALICE]

    async def test_who_needs_it_most_comes_first(self, store: SqlStore, clock: Clock) -> None:
        await consent(store, ALICE, BOB, CAROL)
        for number, user in enumerate((CAROL, BOB, ALICE)):  # Carol has waited longest
            await store.add_reply(a_reply(11 + number, user=user))
            await store.put_feedback(some_feedback(11 + number, user=user, when=clock.tick()))

        async def order() -> list[int]:
            return [due.user_id for due in await store.due_people(1)]

        assert await order() == [CAROL, BOB, ALICE]
        due = await store.due_people(1)
        assert [d.waiting_since for d in due] == [at(1), at(2), at(3)]
        await store.put_feedback(some_feedback(12, DISLIKE, user=BOB, when=clock.tick()))
        assert await order() == [BOB, CAROL, ALICE]
        run = await store.add_run("n", SCOPE, ALICE)
        await store.finish_run(run.run_id, RunState.POSTPONED)
        assert await order() == [ALICE, BOB, CAROL]
        assert [d.is_postponed for d in await store.due_people(1)] == [True, False, False]
        await store.add_adapter(a_version(1, user=CAROL), promote=True)
        await store.outdate_adapters("another")
        assert await order() == [CAROL, ALICE, BOB]
        clock.tick()
        run = await store.add_run("n2", SCOPE, ALICE)
        await store.finish_run(run.run_id, RunState.FAILED)  # it had its turn
        assert await order() == [CAROL, BOB, ALICE]

    @pytest.mark.parametrize("end", [RunState.PROMOTED, RunState.REJECTED])
    async def test_feedback_given_during_a_training_is_new_after_it(
        self, store: SqlStore, clock: Clock, end: RunState
    ) -> None:
        await consent(store, ALICE)
        await store.add_reply(a_reply(11, 12))
        await store.put_feedback(some_feedback(11, when=clock()))
        clock.tick()
        run = await store.add_run("n", SCOPE, ALICE)
        await store.start_run(run.run_id)
        await store.put_feedback(some_feedback(12, DISLIKE, when=clock.tick()))
        clock.tick()
        await store.finish_run(run.run_id, end)
        assert [d.new_feedback for d in await store.due_people(1)] == [1]
        assert (await store.person_summary(SCOPE, ALICE)).new_feedback == 1

    @pytest.mark.parametrize("end", [RunState.FAILED, RunState.CANCELLED])
    async def test_a_run_that_came_to_nothing_leaves_feedback_new(
        self, store: SqlStore, clock: Clock, end: RunState
    ) -> None:
        await consent(store, ALICE)
        await store.add_reply(a_reply(11))
        await store.put_feedback(some_feedback(11))
        run = await store.add_run("n", SCOPE, ALICE)
        clock.tick()
        await store.start_run(run.run_id)
        await store.finish_run(run.run_id, end)
        assert [d.new_feedback for d in await store.due_people(1)] == [1]


class TestSummaries:
    async def test_of_a_person(self, store: SqlStore, clock: Clock) -> None:
        await consent(store, ALICE)
        for message_id in (11, 21, 31, 41):
            await store.add_reply(a_reply(message_id))
        await store.put_feedback(some_feedback(11, LIKE))
        await store.put_feedback(some_feedback(21, DISLIKE))
        await store.put_feedback(some_feedback(21, CORRECTION, text="better"))
        await store.put_feedback(some_feedback(31, REGENERATE))
        clock.tick()
        version = await train(store, clock)
        summary = await store.person_summary(SCOPE, ALICE)
        assert (summary.replies, summary.likes, summary.dislikes) == (4, 1, 1)
        assert (summary.corrections, summary.regenerations, summary.new_feedback) == (1, 1, 0)
        assert summary.person.active_version == version
        assert summary.latest is not None
        assert summary.latest.version == version
        assert summary.last_run is not None
        assert summary.last_run.state is RunState.PROMOTED

    async def test_of_a_stranger(self, store: SqlStore) -> None:
        summary = await store.person_summary(SCOPE, ALICE)
        assert (summary.replies, summary.latest, summary.last_run) == (0, None, None)

    async def test_of_a_scope(self, store: SqlStore, clock: Clock) -> None:
        await consent(store, ALICE, BOB)
        await consent(store, ALICE, scope=OTHER_SCOPE)
        await store.set_consent(SCOPE, CAROL, Consent.OFF)
        for message_id, user in ((11, ALICE), (21, BOB), (31, BOB)):
            await store.add_reply(a_reply(message_id, user=user))
            await store.put_feedback(some_feedback(message_id, user=user))
        await store.put_feedback(some_feedback(11, DISLIKE, user=BOB))
        clock.tick()
        await train(store, clock)
        await store.add_run("n", OTHER_SCOPE, ALICE)
        summary = await store.scope_summary(SCOPE, 2)
        assert (summary.people_on, summary.people_off, summary.replies) == (2, 1, 3)
        assert (summary.likes, summary.dislikes, summary.corrections) == (3, 0, 0)
        assert (summary.active_adapters, summary.due, len(summary.last_runs)) == (1, 1, 1)


class TestLeaving:
    @pytest.fixture
    async def lived_in(self, store: SqlStore, clock: Clock) -> SqlStore:
        await consent(store, ALICE, BOB)
        await consent(store, ALICE, scope=OTHER_SCOPE)
        await store.add_reply(a_reply(11, 12))
        await store.add_reply(a_reply(41, scope=OTHER_SCOPE))
        quoting = (
            Turn("system", "Be kind."),
            Turn("user", "What is a bower?", 10, ALICE),
            Turn("assistant", "A place to dance.", 11),
            Turn("user", "and?", 19, BOB),
        )
        await store.add_reply(a_reply(20, user=BOB, turns=quoting))
        await store.put_feedback(some_feedback(11))
        await store.put_feedback(some_feedback(12, user=BOB))
        await store.put_feedback(some_feedback(20, CORRECTION, text="Alice's words"))
        await store.put_feedback(some_feedback(41, scope=OTHER_SCOPE))
        clock.tick()
        await train(store, clock)
        return store

    async def test_forget_in_one_scope(self, lived_in: SqlStore, clock: Clock) -> None:
        await lived_in.add_run("n2", SCOPE, ALICE)
        asked_at = clock.tick()
        erased = await lived_in.forget(ALICE, SCOPE)
        assert (erased.replies, erased.feedback) == (1, 3)  # hers, and Bob's on her reply
        assert (erased.adapters, erased.runs) == (1, 2)
        assert erased.people == ((SCOPE, ALICE),)
        person = await lived_in.person(SCOPE, ALICE)
        assert (person.consent, person.active_version) == (Consent.OFF, None)
        assert person.consent_changed_at == asked_at
        assert await lived_in.next_version(SCOPE, ALICE) == 2
        assert await lived_in.reply_of_message(11) is None
        assert await lived_in.unfinished_runs() == []
        other = await lived_in.reply_of_message(20)
        assert other is not None
        assert [turn.text for turn in other.turns] == ["Be kind.", "and?"]
        assert not other.is_exact
        assert await lived_in.reply_of_message(41) is not None
        exported = await lived_in.export(ALICE)
        assert [reply["scope_id"] for reply in exported["replies"]] == [OTHER_SCOPE]
        assert [row["scope_id"] for row in exported["feedback"]] == [OTHER_SCOPE]

    async def test_forget_everywhere_leaves_the_no_and_the_counter(
        self, lived_in: SqlStore
    ) -> None:
        erased = await lived_in.forget(ALICE)
        assert erased.people == ((SCOPE, ALICE), (OTHER_SCOPE, ALICE))
        exported = await lived_in.export(ALICE)
        left = {part for part, rows in exported.items() if isinstance(rows, list) and rows}
        assert left == {"people"}
        assert {row["consent"] for row in exported["people"]} == {"off"}
        assert not await lived_in.offer_consent(SCOPE, ALICE)
        assert not await lived_in.put_feedback(some_feedback(11))
        again = await lived_in.forget(ALICE)
        assert (again.replies, again.feedback, again.adapters, again.runs) == (0, 0, 0, 0)

    async def test_a_server_goes_whole_and_alone(self, lived_in: SqlStore) -> None:
        await lived_in.put_server_settings(SCOPE, ServerSettings(cooldown_s=5))
        elsewhere = await lived_in.labelled_replies(OTHER_SCOPE, ALICE)
        assert await lived_in.erase_server(SCOPE) == 2
        assert await lived_in.people(SCOPE) == []
        assert await lived_in.server_settings(SCOPE) == ServerSettings()
        for person in (ALICE, BOB):
            exported = await lived_in.export(person)
            rows = [row for found in exported.values() if isinstance(found, list) for row in found]
            assert SCOPE not in {row["scope_id"] for row in rows}
        assert await lived_in.labelled_replies(OTHER_SCOPE, ALICE) == elsewhere

    async def test_a_late_end_of_a_forgotten_run_changes_nothing(self, lived_in: SqlStore) -> None:
        run = await lived_in.add_run("n2", SCOPE, ALICE)
        await lived_in.forget(ALICE)
        other = await lived_in.add_run("n2", SCOPE, BOB)
        assert other.run_id != run.run_id
        await lived_in.finish_run(run.run_id, RunState.PROMOTED, version=2)
        with pytest.raises(StoreError, match="cancelled"):
            await lived_in.start_run(run.run_id)
        assert [r.state for r in await lived_in.runs("n2")] == [RunState.QUEUED]

    async def test_a_stranger_who_says_forget_is_not_asked(self, store: SqlStore) -> None:
        erased = await store.forget(ALICE, SCOPE)
        assert erased.people == ((SCOPE, ALICE),)
        assert not await store.offer_consent(SCOPE, ALICE)
        assert (await store.forget(BOB)).people == ()
        assert await store.people() == [await store.person(SCOPE, ALICE)]

    async def test_saying_yes_again_starts_afresh(self, lived_in: SqlStore, clock: Clock) -> None:
        await lived_in.forget(ALICE)
        await consent(lived_in, ALICE)
        assert await lived_in.labelled_replies(SCOPE, ALICE) == []
        assert await train(lived_in, clock, "n") == 2  # the same night may queue them again

    @pytest.mark.parametrize("keep_feedback", [True, False])
    async def test_reset(self, lived_in: SqlStore, keep_feedback: bool) -> None:
        erased = await lived_in.reset(SCOPE, ALICE, keep_feedback=keep_feedback)
        assert (erased.adapters, erased.runs) == (1, 1)
        assert (erased.replies, erased.feedback) == ((0, 0) if keep_feedback else (1, 3))
        person = await lived_in.person(SCOPE, ALICE)
        assert (person.consent, person.active_version) == (Consent.ON, None)
        assert await lived_in.next_version(SCOPE, ALICE) == 2
        labelled = await lived_in.labelled_replies(SCOPE, ALICE)
        assert len(labelled) == (1 if keep_feedback else 0)
        assert await lived_in.reply_of_message(41) is not None
        assert len(await lived_in.due_people(1, SCOPE)) == (1 if keep_feedback else 0)

    async def test_the_export_is_json_of_every_scope_without_others_words(
        self, lived_in: SqlStore
    ) -> None:
        exported = await lived_in.export(ALICE)
        assert json.loads(json.dumps(exported, allow_nan=False)) == exported
        assert {reply["scope_id"] for reply in exported["replies"]} == {SCOPE, OTHER_SCOPE}
        assert len(exported["feedback"]) == 3
        assert len(exported["adapters"]) == len(exported["runs"]) == 1
        assert [turn["text"] for turn in exported["quoted_in_replies_to_others"]] == [
            "What is a bower?"
        ]
        assert "What is a bower?" not in json.dumps(await lived_in.export(BOB))
        assert (await lived_in.export(CAROL))["replies"] == []


class TestOperator:
    async def test_meta(self, store: SqlStore) -> None:
        assert await store.get_meta("night") is None
        await store.set_meta("night", "2026-11-21")
        await store.set_meta("night", "2026-11-22")
        assert await store.get_meta("night") == "2026-11-22"

    async def test_everything_is_there_after_opening_again(self, url: str) -> None:
        for round_ in range(3):
            store = SqlStore(url)
            await store.open()
            if round_ == 0:
                await consent(store, ALICE)
                await store.add_reply(a_reply(11))
            assert isinstance(await store.reply_of_message(11), Reply)
            await store.checkpoint()
            await store.aclose()
            await store.aclose()

    async def test_a_closed_store_says_so(self, url: str) -> None:
        with pytest.raises(StoreError, match="not open"):
            await SqlStore(url).people()


class TestServers:
    CHOSEN = ServerSettings(
        allowed_channels=frozenset({SCOPE + 5, SCOPE + 6}),
        blocked_channels=frozenset({SCOPE + 7}),
        allowed_roles=frozenset({SCOPE + 8}),
        cooldown_s=30,
        daily_replies=50,
        server_cooldown_s=2,
        daily_tokens=90_000,
        votes="buttons",
        positive_emoji=("👍", "<:yes:1200000000000000123>"),
        negative_emoji=("👎",),
        language="zh-CN",
        announcement_channel_id=SCOPE + 9,
    )

    async def test_nobody_decided_anything(self, store: SqlStore) -> None:
        assert await store.server_settings(SCOPE) == ServerSettings()

    async def test_every_setting_comes_back_as_it_was(self, store: SqlStore, url: str) -> None:
        for field in fields(ServerSettings):  # a new setting must be added to CHOSEN
            assert getattr(self.CHOSEN, field.name) != field.default, field.name
        await store.put_server_settings(SCOPE, self.CHOSEN)
        assert await store.server_settings(SCOPE) == self.CHOSEN
        assert await store.server_settings(OTHER_SCOPE) == ServerSettings()
        await store.aclose()
        again = SqlStore(url)
        await again.open()
        assert await again.server_settings(SCOPE) == self.CHOSEN
        await again.aclose()

    async def test_the_latest_replace_all_earlier_ones(self, store: SqlStore) -> None:
        await store.put_server_settings(SCOPE, self.CHOSEN)
        later = ServerSettings(language="de")
        await store.put_server_settings(SCOPE, later)
        assert await store.server_settings(SCOPE) == later
        await store.put_server_settings(SCOPE, ServerSettings())
        assert await store.server_settings(SCOPE) == ServerSettings()

    async def test_forgetting_a_person_leaves_the_server_alone(self, store: SqlStore) -> None:
        await consent(store, ALICE)
        await store.put_server_settings(SCOPE, self.CHOSEN)
        await store.forget(ALICE)
        assert await store.server_settings(SCOPE) == self.CHOSEN


async def test_replies_are_counted_from_a_moment_on(store: SqlStore) -> None:
    await consent(store, ALICE, BOB)
    for number, when in enumerate((at(-1), at(0), at(1))):
        await store.add_reply(a_reply(10 * number + 11, created_at=when))
    await store.add_reply(a_reply(91, user=BOB, created_at=at(1)))
    assert await store.replies_since(SCOPE, ALICE, at(0)) == 2
    assert await store.replies_since(OTHER_SCOPE, ALICE, at(0)) == 0
