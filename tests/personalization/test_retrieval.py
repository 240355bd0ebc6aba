from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.personalization.errors import PromptTooLongError
from bowerbird.personalization.retrieval import encode_with_liked, retrieve, unlearned
from bowerbird.personalization.types import AdapterRef, FinishReason, Turn
from bowerbird.storage.records import LabelledReply, Reply
from tests.fakes import FakeTokenizer

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SYSTEM = Turn("system", "Be kind.")


def labelled(
    number: int,
    question: str,
    answer: str,
    *,
    is_liked: bool | None = True,
    correction: str | None = None,
    reason: FinishReason = FinishReason.STOP,
) -> LabelledReply:
    """Reply ``number``, to message 100 + number, which is message 200 + number."""
    reply = Reply(
        scope_id=1,
        user_id=2,
        channel_id=3,
        question_id=100 + number,
        message_ids=(200 + number,),
        turns=(SYSTEM, Turn("user", question, 100 + number, 2)),
        text=answer,
        base_model="fake",
        adapter_version=None,
        sampling={"finish_reason": str(reason)},
        origin="message",
        created_at=NOW,
        reply_id=number,
    )
    return LabelledReply(reply, is_liked, correction, None, False, None, NOW)


def ids(
    question: str | tuple[Turn, ...],
    *items: LabelledReply,
    max_tokens: int = 1000,
    max_exchanges: int = 3,
) -> list[int]:
    turns = (Turn("user", question, 999, 2),) if isinstance(question, str) else question
    found = retrieve(turns, items, len, max_tokens=max_tokens, max_exchanges=max_exchanges)
    return [exchange.reply_id for exchange in found]


OWLS = labelled(1, "Why do owls fly at night?", "They hunt.")
RICE = labelled(2, "What can I cook with rice?", "Fried rice!")
TEA = labelled(3, "How long should tea steep?", "Three minutes.")


def test_with_an_adapter_only_what_it_said_itself_is_new_to_it() -> None:
    made = [
        replace(OWLS, reply=replace(OWLS.reply, adapter_version=version))
        for version in (None, 1, 2)
    ]
    assert list(unlearned(made, None, "Why?")) == made
    assert list(unlearned(made, AdapterRef(1, 2, 2, Path()), "Why?")) == made[2:]


def test_what_was_taught_to_this_very_question_is_shown_to_every_adapter() -> None:
    taught = [replace(one, correction="Because.") for one in (OWLS, RICE)]
    adapter = AdapterRef(1, 2, 2, Path())
    assert list(unlearned(taught, adapter, "why do owls fly at night")) == taught[:1]
    assert list(unlearned([OWLS], adapter, "Why do owls fly at night?")) == []
    for said, asked in (("What is 2 + 2?", "What is 7 * 8?"), ("2+2?", "¿?"), ("👍?", "🦉?")):
        turns = (replace(OWLS.reply.turns[-1], text=said),)
        taught = [replace(OWLS, correction="4", reply=replace(OWLS.reply, turns=turns))]
        assert list(unlearned(taught, adapter, asked)) == []
        assert list(unlearned(taught, adapter, f" {said.upper()}!")) == taught


def test_the_closest_is_next_to_the_question() -> None:
    assert ids("What goes well with rice?", RICE, OWLS, TEA)[-1] == 2
    assert ids("How do owls see at night?", RICE, OWLS, TEA)[-1] == 1


def test_of_equally_close_ones_the_newest_counts() -> None:
    assert ids("Sing!", RICE, OWLS, TEA, max_exchanges=1) == [3]


def test_never_a_disliked_nor_an_unvoted_reply() -> None:
    disliked = labelled(4, "rice?", "No.", is_liked=False)
    unvoted = labelled(5, "rice?", "Well.", is_liked=None)
    assert ids("rice?", disliked, unvoted) == []


def test_a_correction_is_what_was_wanted_also_of_a_disliked_reply() -> None:
    taught = labelled(4, "rice?", "No.", is_liked=False, correction="Yes, with eggs.")
    found = retrieve((Turn("user", "rice", 999, 2),), (taught,), len, max_tokens=1000)
    assert [(one.answer, one.is_correction) for one in found] == [("Yes, with eggs.", True)]
    assert found[0].turns == (Turn("user", "rice?"), Turn("assistant", "Yes, with eggs."))


def test_a_correction_goes_before_a_liked_reply_as_close() -> None:
    taught = labelled(1, "rice please", "No.", correction="Yes.")
    liked = labelled(4, "please rice", "Sure.")
    assert ids("please, rice", taught, liked, max_exchanges=1) == [1]


def test_a_reply_that_was_stopped_is_no_example() -> None:
    assert ids("rice?", labelled(4, "rice?", "I thi", reason=FinishReason.STOPPED)) == []


def test_another_try_at_a_question_does_not_see_the_first() -> None:
    assert ids((Turn("user", RICE.reply.turns[-1].text, 102, 2),), RICE) == []


def test_without_a_message_the_same_words_are_the_same_question() -> None:
    again = (Turn("user", "What can I cook with rice?", None, 2),)
    assert ids(again, RICE) == []
    assert ids(again, replace(RICE, correction="Rice pudding.")) == [2]


def test_what_the_conversation_holds_already_is_not_repeated() -> None:
    turns = (
        Turn("user", "What can I cook with rice?", 102, 2),
        Turn("assistant", "Fried rice!", 202),
        Turn("user", "And with more rice?", 300, 2),
    )
    assert ids(turns, RICE, TEA) == [3]


def test_one_answer_a_question() -> None:
    other = labelled(4, RICE.reply.turns[-1].text, "Rice pudding.")
    assert ids("rice?", RICE, other) == [4]


def test_what_is_too_long_makes_way() -> None:
    essay = labelled(4, "What about rice?", "rice " * 100)
    assert ids("rice?", RICE, essay, max_tokens=80) == [2]
    assert ids("rice?", RICE, essay, max_tokens=20) == []


@given(
    st.lists(st.tuples(st.text(max_size=30), st.text(max_size=60), st.booleans()), max_size=6),
    st.text(max_size=40),
    st.integers(0, 200),
)
def test_any_texts_stay_within_bounds(
    texts: list[tuple[str, str, bool]], question: str, max_tokens: int
) -> None:
    items = [
        labelled(number, asked, answer, is_liked=is_liked)
        for number, (asked, answer, is_liked) in enumerate(texts)
    ]
    found = retrieve((Turn("user", question, 999, 2),), items, len, max_tokens=max_tokens)
    assert len(found) <= 3
    assert sum(len(one.question) + len(one.answer) for one in found) <= max_tokens
    assert all(texts[one.reply_id][2] and one.answer.strip() for one in found)


def written(turns: tuple[Turn, ...], *items: LabelledReply, max_tokens: int) -> tuple[str, Any]:
    tokenizer = cast("Any", FakeTokenizer())
    encoded, used = encode_with_liked(tokenizer, turns, items, max_tokens=max_tokens)
    assert len(encoded.ids) <= max_tokens
    assert encoded.turns == tuple(turn for turn in turns if turn in encoded.turns)
    return FakeTokenizer.decode(encoded.ids), used


def test_exchanges_stand_after_the_system_turn() -> None:
    turns = (SYSTEM, Turn("user", "More rice?", 300, 2))
    text, used = written(turns, RICE, max_tokens=1000)
    assert [(one.reply_id, one.message_ids) for one in used] == [(2, (102, 202))]
    assert text == (
        "<system>Be kind.\n<user>What can I cook with rice?\n<assistant>Fried rice!\n"
        "<user>More rice?\n<assistant>"
    )


def test_exchanges_never_cost_the_conversation_a_turn() -> None:
    earlier = (Turn("user", "x" * 150, 1, 2), Turn("assistant", "y" * 150, 2))
    turns = (SYSTEM, *earlier, Turn("user", "More rice?", 300, 2))
    text, used = written(turns, RICE, max_tokens=400)
    assert used == ()
    assert "x" * 150 in text


def test_a_question_that_is_too_long_is_refused_as_ever() -> None:
    with pytest.raises(PromptTooLongError):
        written((SYSTEM, Turn("user", "x" * 500, 300, 2)), RICE, max_tokens=400)
