"""Serving with a person's taste, on a real SQLite file; the model is a fake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from bowerbird.personalization import taste_change
from bowerbird.personalization.adapters import AdapterLibrary
from bowerbird.personalization.candidates import candidate_seed
from bowerbird.personalization.errors import GenerationError, QueueFullError
from bowerbird.personalization.feedback import FeedbackService
from bowerbird.personalization.generation.backend import GenerationChunk, GenerationRequest
from bowerbird.personalization.nightly import Nightly
from bowerbird.personalization.scored_labels import scored_items
from bowerbird.personalization.service import ReplyService
from bowerbird.personalization.taste import Taste, learn_scorer
from bowerbird.personalization.training.executor import TrainRecipe
from bowerbird.personalization.types import (
    Conversation,
    FinishReason,
    Origin,
    ReplyDraft,
    Sampling,
    Turn,
)
from bowerbird.storage.records import Consent, FeedbackKind
from bowerbird.storage.sql import SqlStore
from tests.fakes import FakeBackend, FakeExecutor, FakeTokenizer

SCOPE, ALICE, BOB = 5, 10, 11
LONG = "and on it goes " * 12
RICE = "What can I cook with rice?"


@dataclass
class Desk:
    """Everything between a question and the database."""

    store: SqlStore
    backend: FakeBackend
    feedback: FeedbackService
    replies: ReplyService
    nightly: Nightly
    executor: FakeExecutor
    asked: int = 0

    async def ask(
        self, text: str, user_id: int = ALICE, *, seed: int = 7, use_adapter: bool = True
    ) -> ReplyDraft:
        self.asked += 1
        question = Turn("user", text, 1000 + self.asked, user_id)
        stream = self.replies.reply(
            SCOPE, user_id, Conversation((question,)), seed=seed, use_adapter=use_adapter
        )
        self.pieces = [piece async for piece in stream]
        assert "".join(self.pieces) == stream.draft.text
        return stream.draft

    async def keep(
        self,
        draft: ReplyDraft,
        vote: FeedbackKind | None = FeedbackKind.LIKE,
        *,
        correction: str | None = None,
        origin: Origin = "message",
    ) -> int:
        """Record a reply with feedback; its message."""
        question, message_id = draft.turns[-1], 2000 + self.asked
        await self.feedback.record_reply(
            draft,
            channel_id=1,
            question_id=question.message_id,
            message_ids=(message_id,),
            origin=origin,
        )
        if vote is not None:
            await self.feedback.give(SCOPE, message_id, draft.user_id, vote, origin=origin)
        if correction is not None:
            await self.feedback.correct(SCOPE, message_id, draft.user_id, correction)
        return message_id

    async def teach_short(
        self, user_id: int = ALICE, votes: int = 12, *, likes_short: bool = True
    ) -> None:
        """Votes of somebody who likes short replies, or long ones."""
        for number in range(votes):
            is_short = number % 2 == 0
            self.backend.script.append(f"Sure {number}." if is_short else f"Well {LONG}{number}.")
            draft = await self.ask(f"Thing number {number}?", user_id, use_adapter=False)
            is_liked = is_short is likes_short
            await self.keep(draft, FeedbackKind.LIKE if is_liked else FeedbackKind.DISLIKE)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    store = SqlStore(f"sqlite+aiosqlite:///{tmp_path / 'taste.db'}")
    await store.open()
    for person in (ALICE, BOB):
        await store.set_consent(SCOPE, person, Consent.ON)
    backend, executor = FakeBackend(), FakeExecutor()
    adapters = AdapterLibrary(tmp_path / "adapters", store, "fake")
    nightly = Nightly(
        store,
        executor,
        adapters,
        backend,
        recipe=TrainRecipe(),
        model_path="fake",
        min_feedback=2,
        interactions_only=False,
        is_enabled=True,
    )
    feedback = FeedbackService(store, adapters, nightly, backend)
    replies = service(backend, adapters, Taste(store, candidates=4))
    yield Desk(store, backend, feedback, replies, nightly, executor)
    await store.aclose()


def service(backend: FakeBackend, adapters: Any, taste: Taste | None) -> ReplyService:
    return ReplyService(
        backend,
        cast("Any", FakeTokenizer()),
        adapters,
        base_model="fake",
        system_prompt="Be kind.",
        sampling=Sampling(max_new_tokens=300),
        context_tokens=4000,
        taste=taste,
    )


# --- retrieval ----------------------------------------------------------------------------------


async def test_what_was_liked_stands_in_the_next_prompt_and_nowhere_in_its_record(
    desk: Desk,
) -> None:
    desk.backend.script.append("Fried rice!")
    await desk.keep(await desk.ask(RICE))
    draft = await desk.ask("And with more rice?")
    assert f"<user>{RICE}\n<assistant>Fried rice!\n<user>And with" in desk.backend.prompts[-1]
    assert [turn.text for turn in draft.turns] == ["Be kind.", "And with more rice?"]
    assert len(draft.retrieved) == 1
    message_id = await desk.keep(draft, None)
    stored = await desk.store.reply_of_message(message_id)
    assert stored is not None
    assert stored.sampling["retrieved"] == list(draft.retrieved)
    assert stored.sampling["candidates"] == 1
    assert "Fried rice" not in str(stored)


async def test_a_correction_is_answered_from_at_once(desk: Desk) -> None:
    desk.backend.script.append("No idea.")
    await desk.keep(await desk.ask(RICE), None, correction="Rice pudding, captain.")
    await desk.ask(RICE)
    assert "<assistant>Rice pudding, captain.\n" in desk.backend.prompts[-1]
    assert "No idea." not in desk.backend.prompts[-1]


async def test_nobody_elses_taste_is_used(desk: Desk) -> None:
    await desk.teach_short(BOB)
    desk.backend.script.append("Fried rice!")
    await desk.keep(await desk.ask(RICE, BOB))
    draft = await desk.ask("And with more rice?", ALICE)
    assert (draft.retrieved, draft.candidates) == ((), 1)
    assert "Fried" not in desk.backend.prompts[-1]


async def test_a_stranger_to_the_base_gets_no_taste(desk: Desk) -> None:
    await desk.teach_short()
    draft = await desk.ask("Thing number 99?", use_adapter=False)
    assert (draft.retrieved, draft.candidates) == ((), 1)


async def forgets(desk: Desk) -> None:
    await desk.feedback.forget(ALICE)
    await desk.store.set_consent(SCOPE, ALICE, Consent.ON)


async def resets(desk: Desk) -> None:
    await desk.feedback.reset(SCOPE, ALICE, keep_feedback=False)


async def opts_out(desk: Desk) -> None:
    await desk.feedback.opt_out(SCOPE, ALICE)


async def says_no_meanwhile(desk: Desk) -> None:
    await desk.store.set_consent(SCOPE, ALICE, Consent.OFF)


async def deletes_our_messages(desk: Desk) -> None:
    await desk.feedback.messages_deleted(range(2000, 2100))


async def deletes_the_questions(desk: Desk) -> None:
    await desk.feedback.messages_deleted(range(1000, 1100))


async def takes_the_votes_back(desk: Desk) -> None:
    for message_id in range(2000, 2100):
        await desk.feedback.clear(message_id)


async def lets_time_pass(desk: Desk) -> None:
    await desk.store.erase_before(datetime.now(UTC) + timedelta(days=1))


@pytest.mark.parametrize(
    "leave",
    [
        forgets,
        resets,
        opts_out,
        says_no_meanwhile,
        deletes_our_messages,
        deletes_the_questions,
        takes_the_votes_back,
        lets_time_pass,
    ],
)
async def test_what_is_gone_is_not_used_by_the_next_reply(desk: Desk, leave: Any) -> None:
    await desk.teach_short()
    before = await desk.ask("Thing number 99?")
    assert before.retrieved
    assert before.candidates == 4
    await leave(desk)
    after = await desk.ask("Thing number 100?")
    assert (after.retrieved, after.candidates) == ((), 1)
    assert desk.backend.prompts[-1] == ("<system>Be kind.\n<user>Thing number 100?\n<assistant>")


async def test_an_edited_question_is_quoted_as_it_is_now(desk: Desk) -> None:
    desk.backend.script.append("Fried rice!")
    await desk.keep(await desk.ask("What can I cook with secret rice?"))
    await desk.feedback.message_edited(1001, RICE)
    await desk.ask("And with more rice?")
    assert f"<user>{RICE}\n<assistant>Fried rice!" in desk.backend.prompts[-1]
    assert "secret" not in desk.backend.prompts[-1]


async def test_a_prompt_that_quotes_what_is_deleted_does_not_stay_in_memory(desk: Desk) -> None:
    await desk.keep(await desk.ask(RICE))
    question_id = 1000 + desk.asked
    draft = await desk.ask("And with more rice?")
    assert question_id in draft.read_messages
    await desk.keep(draft)
    desk.backend.unloaded.clear()
    await desk.feedback.messages_deleted([question_id])
    assert (SCOPE, ALICE) in desk.backend.unloaded


async def test_interactions_only_leaves_out_what_was_read_in_channels(desk: Desk) -> None:
    taste = Taste(desk.store, interactions_only=True)
    desk.replies = service(desk.backend, NoAdapters(), taste)
    await desk.keep(await desk.ask(RICE))
    assert (await desk.ask("More rice?")).retrieved == ()
    await desk.keep(await desk.ask("Rice, again?"), origin="slash")
    assert len((await desk.ask("More rice?")).retrieved) == 1


async def test_switched_off_nothing_is_read(desk: Desk) -> None:
    taste = Taste(desk.store, has_retrieval=False, candidates=1)
    await desk.keep(await desk.ask(RICE))
    assert await taste.labelled(SCOPE, ALICE) == ()


async def test_only_the_newest_labels_are_read(desk: Desk) -> None:
    for number in range(6):
        await desk.keep(await desk.ask(f"Thing number {number}?"))
    found = await desk.store.labelled_replies(SCOPE, ALICE, newest=2)
    assert [one.reply.turns[-1].text for one in found] == ["Thing number 4?", "Thing number 5?"]


# --- the best of several ------------------------------------------------------------------------


class NoAdapters:
    async def active(self, scope_id: int, user_id: int) -> None:
        return None


def by_seed(texts: dict[int, str]) -> Any:
    """A manner of the fake's: one text for each seed."""

    def manner(request: GenerationRequest) -> str:
        return texts.get(request.sampling.seed, f" {LONG}")

    return manner


async def test_of_equally_pleasing_ones_the_likelier_is_sent(desk: Desk) -> None:
    await desk.teach_short()
    desk.backend.answer = lambda _: "Aha"
    seeds = [candidate_seed(7, number) for number in range(4)]
    desk.backend.manner = by_seed(dict(zip(seeds, "abcd", strict=True)))
    desk.backend.likely = lambda said: 0.0 if "Ahac" in said else -3.0
    assert (await desk.ask("Thing number 99?", seed=7)).text == "Ahac"


async def test_nonsense_is_not_sent_for_its_style(desk: Desk) -> None:
    await desk.teach_short()
    desk.backend.answer = lambda _: "Aha"
    third = candidate_seed(7, 2)
    desk.backend.manner = by_seed({third: "."})
    desk.backend.likely = lambda said: -9.0 if said.startswith("Aha.") else -1.0
    assert LONG.strip() in (await desk.ask("Thing number 99?", seed=7)).text


async def test_what_they_say_the_opposite_of_by_now_counts_no_longer(desk: Desk) -> None:
    await desk.teach_short(votes=24)
    await desk.teach_short(votes=20, likes_short=False)
    labelled = await Taste(desk.store).labelled(SCOPE, ALICE)
    assert labelled == tuple(await desk.store.labelled_replies(SCOPE, ALICE))[-len(labelled) :]
    assert 18 <= len(labelled) <= 28
    _, verdict = await desk.nightly.retrain(SCOPE, ALICE)
    assert verdict is not None
    assert verdict.reasons[-1] == taste_change.reason(len(labelled))
    (job,) = desk.executor.jobs
    assert len(job.examples) == len(labelled)
    desk.backend.manner = by_seed({candidate_seed(7, 2): f" {LONG}"})
    desk.backend.answer = lambda _: "Aha"
    assert LONG.strip() in (await desk.ask("Thing number 99?", seed=7)).text


async def test_in_a_busy_moment_nothing_more_is_read(desk: Desk) -> None:
    read: list[str] = []

    def likely(said: str) -> float:
        read.append(said)
        desk.backend.free_rows = 0  # somebody else has come
        return -1.0

    await desk.teach_short()
    desk.backend.answer = lambda _: "Aha"
    desk.backend.manner = by_seed({candidate_seed(7, 2): "."})
    desk.backend.likely = likely
    assert (await desk.ask("Thing number 99?", seed=7)).text == "Aha."
    assert len(read) == 1


async def test_what_goes_in_circles_is_not_sent(desk: Desk) -> None:
    await desk.teach_short()
    circles, straight = "so " * 20, " ".join(f"word{number}" for number in range(40))
    desk.backend.script.extend([circles, straight, circles, circles])
    assert (await desk.ask("Thing number 99?")).text == straight


async def test_where_nothing_can_be_judged_the_scorer_decides_alone(desk: Desk) -> None:
    def refused(said: str) -> float:
        raise QueueFullError("later")

    await desk.teach_short()
    desk.backend.answer = lambda _: "Aha"
    desk.backend.manner = by_seed({candidate_seed(7, 2): "."})
    desk.backend.likely = refused
    assert (await desk.ask("Thing number 99?", seed=7)).text == "Aha."


async def test_the_one_the_person_should_like_best_is_sent_whole(desk: Desk) -> None:
    await desk.teach_short()
    desk.backend.answer = lambda _: "Aha"
    third = candidate_seed(7, 2)
    desk.backend.manner = by_seed({third: "."})
    draft = await desk.ask("Thing number 99?", seed=7)
    assert (draft.text, draft.candidates, draft.sampling.seed) == ("Aha.", 4, third)
    assert desk.pieces == ["Aha."]
    assert draft.finish_reason is FinishReason.STOP
    assert draft.tokens == len("Aha.") + 1
    again = desk.backend.requests[-4:]
    assert [one.sampling.seed for one in again] == [candidate_seed(7, k) for k in range(4)]
    assert len({one.prompt_ids for one in again}) == 1


async def test_all_tokens_made_are_counted(desk: Desk) -> None:
    await desk.teach_short()
    desk.backend.answer = lambda _: "Aha"
    question = Turn("user", "Thing number 99?", 1, ALICE)
    stream = desk.replies.reply(SCOPE, ALICE, Conversation((question,)))
    assert [piece async for piece in stream] == ["Aha"]
    assert stream.tokens == 4 * len("Aha\0") == 4 * stream.draft.tokens


async def test_without_enough_votes_the_reply_streams(desk: Desk) -> None:
    await desk.teach_short(votes=4)
    desk.backend.answer = lambda _: "one two three"
    draft = await desk.ask("Thing number 99?")
    assert (desk.pieces, draft.candidates) == (["one", " two", " three"], 1)


@pytest.mark.parametrize(("free_rows", "candidates"), [(0, 1), (1, 1), (2, 2), (100, 4)])
async def test_one_row_is_left_for_whoever_comes_next(
    desk: Desk, free_rows: int, candidates: int
) -> None:
    await desk.teach_short()
    desk.backend.free_rows = free_rows
    assert (await desk.ask("Thing number 99?")).candidates == candidates


async def test_candidates_make_way_when_rows_are_needed(desk: Desk) -> None:
    await desk.teach_short()
    desk.backend.answer = lambda _: "one two three"

    def manner(request: GenerationRequest) -> str:
        if request.sampling.seed == candidate_seed(7, 3):
            desk.backend.free_rows = 0  # somebody else has come
        return ""

    desk.backend.manner = manner
    draft = await desk.ask("Thing number 99?", seed=7)
    assert (draft.text, draft.sampling.seed) == ("one two three", 7)
    assert draft.candidates < 4
    assert desk.backend.cancelled == 4 - draft.candidates


async def test_the_others_failures_cost_only_themselves(desk: Desk) -> None:
    await desk.teach_short()
    desk.backend.script.extend(["Aha.", GenerationError("no"), GenerationError("no"), "Aha!"])
    draft = await desk.ask("Thing number 99?")
    assert draft.candidates == 2
    desk.backend.script.extend([GenerationError("broken")])
    with pytest.raises(GenerationError, match="broken"):
        await desk.ask("Thing number 99?")


async def test_a_blank_candidate_is_never_the_best(desk: Desk) -> None:
    await desk.teach_short()
    desk.backend.script.extend(["  ", " ", f"Well {LONG}.", ""])
    assert (await desk.ask("Thing number 99?")).text == f"Well {LONG}."


async def test_closing_stops_every_candidate(desk: Desk) -> None:
    await desk.teach_short()
    desk.backend.answer = lambda _: "one two three"
    desk.backend.gate.clear()
    question = Turn("user", "Thing number 99?", 1, ALICE)
    stream = desk.replies.reply(SCOPE, ALICE, Conversation((question,)))
    reading = asyncio.ensure_future(anext(aiter(stream)))
    while len(desk.backend.requests) < 12 + 4:
        await asyncio.sleep(0)
    reading.cancel()
    await asyncio.wait({reading})
    await stream.aclose()
    assert desk.backend.cancelled == 4
    assert not desk.replies.is_busy
    with pytest.raises(RuntimeError):
        _ = stream.draft


async def test_a_reply_that_runs_out_of_tokens_ends_at_a_sentence(desk: Desk) -> None:
    async def generate(request: GenerationRequest) -> Any:
        for word in ("One two. ", "Three four. ", "Five si"):
            yield GenerationChunk(word, (1,) * 100)
        yield GenerationChunk("", (), FinishReason.LENGTH)

    desk.backend.generate = generate  # type: ignore[method-assign]
    draft = await desk.ask("Thing?")
    assert (draft.text, draft.finish_reason) == ("One two. Three four. ", FinishReason.LENGTH)
    assert draft.tokens == 300


# --- labels -------------------------------------------------------------------------------------


async def test_items_are_labels_as_training_reads_them(desk: Desk) -> None:
    desk.backend.script.extend(["One.", "Two.", "Three.", "Four."])
    await desk.keep(await desk.ask("1?"), FeedbackKind.LIKE)
    await desk.keep(await desk.ask("2?"), FeedbackKind.LIKE, correction="Better.")
    await desk.keep(await desk.ask("3?"), None, correction="Best.")
    await desk.keep(await desk.ask("4?"), FeedbackKind.REGENERATE)
    labelled = await desk.store.labelled_replies(SCOPE, ALICE)
    assert [(one.reply, one.is_liked) for one in scored_items(labelled)] == [
        ("One.", True),
        ("Better.", True),
        ("Two.", True),
        ("Best.", True),
        ("Three.", False),
    ]
    assert learn_scorer(labelled) is None
