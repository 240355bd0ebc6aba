"""The pure half of `context`: lines in, turns out. The other half is driven in `cogs/test_chat`."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bowerbird.bot.context import NOBODY, Line, assemble, scope_of
from bowerbird.personalization.types import DM_SCOPE, GLOBAL_SCOPE

ALICE, BOB, ME = 10, 20, 99


def said(message_id: int, text: str, author_id: int = ALICE, reply_to: int | None = None) -> Line:
    return Line(
        message_id, author_id, {ALICE: "Alice", BOB: "Bob"}[author_id], text, False, reply_to
    )


def ours(message_id: int, text: str, reply_to: int | None) -> Line:
    return Line(message_id, ME, "", text, True, reply_to)


def turns(lines: list[Line], question_id: int, max_characters: int = 1000) -> list[tuple[str, str]]:
    made = assemble(lines, question_id, max_characters=max_characters).turns
    return [(turn.role, turn.text) for turn in made]


def test_one_person_is_not_named_and_two_are() -> None:
    lines = [said(1, "hi"), ours(2, "hello", 1), said(3, "and?", reply_to=2)]
    assert turns(lines, 3) == [("user", "hi"), ("assistant", "hello"), ("user", "and?")]
    lines[2] = said(3, "and?", BOB, 2)
    assert turns(lines, 3) == [
        ("user", "Alice: hi"),
        ("assistant", "hello"),
        ("user", "Bob: and?"),
    ]


def test_turns_know_their_messages_and_authors() -> None:
    made = assemble([said(1, "hi"), ours(2, "hello", 1), said(3, "?")], 3, max_characters=99).turns
    assert [(turn.message_id, turn.author_id) for turn in made] == [
        (1, ALICE),
        (2, None),
        (3, ALICE),
    ]


def test_parts_of_a_split_reply_are_one_turn() -> None:
    lines = [
        said(1, "code"),
        ours(2, "```py\na = 1\n```", 1),
        ours(3, "```py\nb = 2\n```", 2),
        ours(4, "Done.", 3),
        said(5, "thanks"),
    ]
    assert turns(lines, 5)[1] == ("assistant", "```py\na = 1\nb = 2\n```\nDone.")


def test_of_several_replies_to_a_question_the_newest_counts() -> None:
    lines = [said(1, "hi"), ours(2, "first", 1), ours(3, "second", 1), said(4, "go on")]
    assert turns(lines, 4) == [("user", "hi"), ("assistant", "second"), ("user", "go on")]


def test_a_reply_that_came_after_the_next_question_stands_behind_its_own() -> None:
    lines = [said(1, "one"), said(2, "two"), ours(3, "answer to one", 1)]
    assert turns(lines, 2) == [("user", "one"), ("assistant", "answer to one"), ("user", "two")]


def test_earlier_replies_to_the_question_itself_are_no_context() -> None:
    """↻ asks the same question again."""
    lines = [said(1, "hi"), ours(2, "old", 1)]
    assert turns(lines, 1) == [("user", "hi")]


def test_what_was_said_later_is_left_out() -> None:
    assert turns([said(1, "hi"), said(2, "later"), ours(3, "x", 2)], 1) == [("user", "hi")]


def test_a_reply_whose_question_cannot_be_read_comes_first() -> None:
    assert turns([ours(2, "hello", 1), said(3, "who?")], 3) == [
        ("assistant", "hello"),
        ("user", "who?"),
    ]


def test_a_slash_command_brings_its_prompt() -> None:
    answer = Line(2, ALICE, "", "blue", True, None, "which colour?")
    made = assemble([answer, said(3, "why?")], 3, max_characters=99).turns
    assert [(t.role, t.text, t.author_id) for t in made] == [
        ("user", "which colour?", ALICE),
        ("assistant", "blue", None),
        ("user", "why?", ALICE),
    ]
    unknown = replace(answer, author_id=NOBODY)
    made = assemble([unknown, said(3, "why?")], 3, max_characters=99).turns
    assert made[0].author_id == NOBODY


def test_the_oldest_go_when_there_is_no_room() -> None:
    lines = [said(1, "x" * 50), ours(2, "y" * 50, 1), said(3, "z" * 30)]
    assert turns(lines, 3, max_characters=80) == [("assistant", "y" * 50), ("user", "z" * 30)]
    assert turns(lines, 3, max_characters=10) == [("user", "z" * 30)]


@st.composite
def chats(draw: st.DrawFn) -> list[Line]:
    lines: list[Line] = []
    for message_id in range(1, draw(st.integers(2, 12))):
        reply_to = draw(st.none() | st.integers(1, message_id))
        text = draw(st.sampled_from(["hi", "", "some words"]))
        if draw(st.booleans()):
            lines.append(ours(message_id, text, reply_to))
        else:
            lines.append(said(message_id, text, draw(st.sampled_from([ALICE, BOB])), reply_to))
    return [*lines, said(99, "the question", ALICE)]


@given(chats())
def test_any_chat_makes_a_conversation_that_ends_with_the_question(lines: list[Line]) -> None:
    made = assemble(lines, 99, max_characters=10_000)
    assert made.question.text.endswith("the question")
    assert all(turn.text.strip() for turn in made.turns)
    people = [turn.message_id for turn in made.turns if turn.author_id is not None]
    assert people == sorted(line.message_id for line in lines if not line.is_ours and line.text)


def test_scopes() -> None:
    assert scope_of(123, "guild") == 123
    assert scope_of(None, "guild") == DM_SCOPE
    assert scope_of(123, "global") == scope_of(None, "global") == GLOBAL_SCOPE
