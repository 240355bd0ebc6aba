from __future__ import annotations

import logging
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest

from bowerbird.personalization.errors import AdapterError, PromptTooLongError, QueueFullError
from bowerbird.personalization.service import ReplyService
from bowerbird.personalization.types import (
    AdapterRef,
    Conversation,
    FinishReason,
    Sampling,
    Turn,
)
from tests.fakes import FakeBackend, FakeTokenizer

HELLO = Conversation((Turn("user", "hello", 1, 10),))


class Adapters:
    def __init__(self, ref: AdapterRef | None = None) -> None:
        self.ref = ref

    async def active(self, scope_id: int, user_id: int) -> AdapterRef | None:
        assert (scope_id, user_id) == (5, 10)
        return self.ref


REF = AdapterRef(5, 10, 3, Path("nowhere"))


def service(
    backend: FakeBackend, ref: AdapterRef | None = None, context_tokens: int = 1000
) -> ReplyService:
    return ReplyService(
        backend,
        cast("Any", FakeTokenizer()),
        Adapters(ref),
        base_model="fake",
        system_prompt="Be kind.",
        sampling=Sampling(max_new_tokens=100),
        context_tokens=context_tokens,
    )


async def test_the_draft_is_what_was_sent_and_said() -> None:
    backend = FakeBackend()
    stream = service(backend, REF).reply(5, 10, HELLO, seed=7)
    with pytest.raises(RuntimeError, match="read to its end"):
        _ = stream.draft
    pieces = [piece async for piece in stream]
    draft = stream.draft
    assert "".join(pieces) == draft.text == "You said: hello"
    assert backend.prompts == ["<system>Be kind.\n<user>hello\n<assistant>"]
    assert draft.turns == (Turn("system", "Be kind."), *HELLO.turns)
    assert (draft.adapter_version, draft.sampling.seed, draft.base_model) == (3, 7, "fake")
    assert draft.finish_reason is FinishReason.STOP
    assert draft.tokens == len(draft.text) + 1
    assert backend.requests[0].adapter == REF
    assert backend.requests[0].owner == (5, 10)


async def test_old_turns_that_do_not_fit_are_not_in_the_draft() -> None:
    turns = [Turn("user", "x" * 80, 1, 10), Turn("assistant", "y" * 80, 2)]
    conversation = Conversation((*turns, Turn("user", "short", 3, 10)))
    stream = service(FakeBackend(), context_tokens=200).reply(5, 10, conversation)
    assert [piece async for piece in stream]
    assert [turn.text for turn in stream.draft.turns] == ["Be kind.", "short"]


async def test_a_question_that_is_too_long_is_refused() -> None:
    conversation = Conversation((Turn("user", "x" * 999, 1, 10),))
    with pytest.raises(PromptTooLongError):
        _ = [piece async for piece in service(FakeBackend()).reply(5, 10, conversation)]


async def test_half_of_a_small_window_is_the_questions() -> None:
    backend = FakeBackend()
    _ = [piece async for piece in service(backend, context_tokens=120).reply(5, 10, HELLO)]
    assert backend.requests[0].sampling.max_new_tokens == 60


async def test_seeds_differ_unless_given() -> None:
    backend = FakeBackend()
    replies = service(backend)
    for _ in range(3):
        _ = [piece async for piece in replies.reply(5, 10, HELLO)]
    assert len({request.sampling.seed for request in backend.requests}) == 3


async def test_a_damaged_adapter_costs_the_adapter_only(caplog: pytest.LogCaptureFixture) -> None:
    backend = FakeBackend()
    backend.damaged.add(REF.name)
    with caplog.at_level(logging.ERROR):
        stream = service(backend, REF).reply(5, 10, HELLO)
        assert "".join([piece async for piece in stream]) == "You said: hello"
    assert stream.draft.adapter_version is None
    assert "s5-u10-v3 cannot be used" in caplog.text
    seeds = {request.sampling.seed for request in backend.requests}
    assert len(seeds) == 1


async def test_an_adapter_error_without_adapter_is_an_error() -> None:
    backend = FakeBackend()
    backend.script.append(AdapterError("no slot left"))
    with pytest.raises(AdapterError):
        _ = [piece async for piece in service(backend).reply(5, 10, HELLO)]


async def test_base_is_used_when_asked_for() -> None:
    backend = FakeBackend()
    stream = service(backend, REF).reply(5, 10, HELLO, use_adapter=False)
    _ = [piece async for piece in stream]
    assert backend.requests[0].adapter is None


async def test_it_is_busy_from_the_first_piece_to_the_end() -> None:
    backend = FakeBackend()
    replies = service(backend)
    stream = replies.reply(5, 10, HELLO)
    assert not replies.is_busy
    async with aclosing(stream):
        async for _ in stream:
            assert replies.is_busy
            break
    assert not replies.is_busy
    assert backend.cancelled == 1
    backend.script.append(QueueFullError("later"))
    with pytest.raises(QueueFullError):
        _ = [piece async for piece in replies.reply(5, 10, HELLO)]
    assert not replies.is_busy


async def test_closed_midway_the_draft_is_of_what_was_said() -> None:
    backend = FakeBackend()
    replies = service(backend)
    stream = replies.reply(5, 10, HELLO)
    async for piece in stream:
        assert piece == "You"
        break
    await stream.aclose()
    assert (stream.draft.text, stream.draft.finish_reason) == ("You", FinishReason.STOPPED)
    assert backend.cancelled == 1
    assert not replies.is_busy
