from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.personalization.training import dataset
from bowerbird.personalization.training.dataset import build_examples, is_covered, label_weights
from bowerbird.storage.records import LabelledReply, Turn
from tests.personalization.training.samples import labelled
from tests.storage.samples import ALICE, BOB


def test_votes_become_examples_of_exactly_what_was_sent_and_said() -> None:
    liked, disliked = build_examples([labelled(1), labelled(2, is_liked=False, text="No.")])
    assert liked.turns == labelled(1).reply.turns
    assert (liked.reply, liked.is_liked) == ("A place to dance.", True)
    assert (disliked.reply, disliked.is_liked) == ("No.", False)


def test_a_correction_is_liked_and_what_it_corrects_is_not() -> None:
    found = build_examples([labelled(is_liked=None, correction="A bird's stage.")])
    assert [(e.reply, e.is_liked) for e in found] == [
        ("A bird's stage.", True),
        ("A place to dance.", False),
    ]


def test_a_correction_and_a_vote_on_the_reply_are_of_one_reply() -> None:
    found = build_examples(
        [
            labelled(1, is_liked=False, correction="A bird's stage."),
            labelled(2, text="No.", correction="A stage."),
            labelled(3, text="", is_liked=None, correction="A bird."),
            labelled(4, text="Yes."),
        ]
    )
    assert len(found) == 6
    assert dataset.count_replies(found) == 4
    assert dataset.count_replies(replace(one, is_held_out=True) for one in found) == 0


def test_a_thumb_up_stands_beside_a_correction() -> None:
    found = build_examples([labelled(is_liked=True, correction="A bird's stage.")])
    assert [e.is_liked for e in found] == [True, True]


def test_a_correction_that_changes_nothing_says_nothing() -> None:
    assert build_examples([labelled(is_liked=None, correction=" A place to dance. ")]) == ()


def test_regenerating_without_a_vote_is_no_label() -> None:
    assert build_examples([labelled(is_liked=None, was_regenerated=True)]) == ()


@pytest.mark.parametrize("text", ["", " \n "])
def test_empty_replies_and_questions_are_dropped(text: str) -> None:
    assert build_examples([labelled(text=text)]) == ()
    assert build_examples([labelled(said=text)]) == ()


def test_sizes_are_bounded_and_the_newest_are_kept() -> None:
    many = [labelled(number, text=f"Reply {number}.") for number in range(1, 1001)]
    found = build_examples(many)
    assert len(found) == dataset.MAX_EXAMPLES
    assert found[-1].reply == "Reply 1000."
    (enormous,) = build_examples([labelled(text="x" * 100_000)])
    assert len(enormous.reply) == dataset.MAX_REPLY_CHARS


@pytest.mark.parametrize(
    ("reason", "is_complete"), [("stop", True), ("length", False), ("stopped", False)]
)
def test_replies_that_were_cut_off_have_no_end_to_learn(reason: str, is_complete: bool) -> None:
    item = labelled()
    sampling = item.reply.sampling | {"finish_reason": reason}
    item = replace(item, reply=replace(item.reply, sampling=sampling))
    assert [example.is_complete for example in build_examples([item])] == [is_complete]


def test_few_labels_are_all_trained_on() -> None:
    found = build_examples([labelled(n, is_liked=n % 2 == 0, text=f"{n}.") for n in range(1, 31)])
    assert not any(example.is_held_out for example in found)


def test_held_out_items_follow_from_the_reply_and_hold_both_labels() -> None:
    many = [labelled(n, is_liked=n % 2 == 0, text=f"Reply {n}.") for n in range(1, 101)]
    before = {e.reply for e in build_examples(many) if e.is_held_out}
    more = [*many, *(labelled(n, text=f"Reply {n}.") for n in range(101, 121))]
    after = {e.reply for e in build_examples(more) if e.is_held_out}
    assert len(before) >= dataset.MIN_HELD_OUT
    assert before == {reply for reply in after if reply in {e.reply.text for e in many}}
    labels = {e.is_liked for e in build_examples(many) if e.is_held_out}
    assert labels == {True, False}


def test_the_same_words_to_one_question_are_held_out_or_trained_on_but_never_both() -> None:
    once = [labelled(n, is_liked=n % 2 == 0, text=f"Reply {n}.") for n in range(1, 101)]
    again = [labelled(n + 100, is_liked=n % 2 == 0, text=f"Reply {n}.") for n in range(1, 101)]
    held_out, taught = halves([*once, *again])
    assert held_out == halves(once)[0] != set()
    assert not held_out & taught


def test_what_is_corrected_once_is_not_held_out_elsewhere() -> None:
    votes = [labelled(n, is_liked=n % 2 == 0, text=f"Reply {n}.") for n in range(1, 201)]
    before, _ = halves(votes)
    corrected = [reply for reply in sorted(before) if int(reply[6:-1]) % 2][:3]
    corrections = [
        labelled(n, is_liked=None, text=text, correction=f"{text} Yes.")
        for n, text in enumerate(corrected, 201)
    ]
    assert halves([*votes, *corrections])[0] == before - set(corrected)


def test_no_remark_teaches_what_is_held_out() -> None:
    votes = [labelled(n, is_liked=n % 2 == 0, text=f"Reply {n}.") for n in range(1, 101)]
    held_out, _ = halves(votes)
    silent = labelled(101, is_liked=None, text=min(held_out))
    thanks = Turn("user", "Great!", 1, ALICE)
    quoted = Turn("assistant", silent.reply.text, silent.reply.message_ids[0])
    later = labelled(102, text="And on.")
    later = replace(later, reply=replace(later.reply, turns=(*silent.reply.turns, quoted, thanks)))
    assert halves([*votes, silent, later]) == (held_out, halves([*votes, later])[1])


def halves(items: list[LabelledReply]) -> tuple[set[str], set[str]]:
    """The replies that are held out, and those that are taught."""
    found = build_examples(items)
    held_out = {example.reply for example in found if example.is_held_out}
    return held_out, {example.reply for example in found if not example.is_held_out}


def test_with_one_label_only_nothing_is_held_out() -> None:
    found = build_examples([labelled(n) for n in range(1, 101)])
    assert not any(example.is_held_out for example in found)


def test_weights_balance_what_is_trained_on() -> None:
    found = build_examples([labelled(n, is_liked=n <= 2, text=f"{n}.") for n in range(1, 9)])
    assert [e.weight for e in found] == [3.0, 3.0] + [1.0] * 6


@given(liked=st.integers(1, 300), disliked=st.integers(1, 300))
def test_the_ratio_of_the_labels_is_within_what_kto_asks_for(liked: int, disliked: int) -> None:
    liked_weight, disliked_weight = label_weights(liked, disliked)
    ratio = liked_weight * liked / (disliked_weight * disliked)
    assert 1 - 1e-9 <= ratio <= 4 / 3 + 1e-9
    assert 0 < liked_weight <= dataset.MAX_WEIGHT
    assert 0 < disliked_weight <= dataset.MAX_WEIGHT


def test_one_kind_of_label_alone() -> None:
    assert label_weights(5, 0)[0] == 1.0
    assert label_weights(0, 5)[1] == dataset.MAX_UNANSWERED_DISLIKE


def test_examples_are_covered_until_their_text_goes_or_changes() -> None:
    replies = [labelled(1, text="One."), labelled(2, text="Two.", correction="Three.")]
    examples = build_examples(replies)
    assert is_covered(examples, replies)
    assert is_covered(examples, [labelled(1, text="One.", is_liked=False), replies[1]])
    assert is_covered(examples, [labelled(1, text="One.", is_liked=None), replies[1]])  # taken back
    assert not is_covered(examples, replies[:1])
    assert not is_covered(examples, [replies[0], labelled(2, text="Two.")])


# --- people ---------------------------------------------------------------------------------------


def test_of_contradictory_votes_on_one_text_the_latest_counts() -> None:
    items = [labelled(1), labelled(2, is_liked=False), labelled(3, text="Other.")]
    assert [(e.reply, e.is_liked) for e in build_examples(items)] == [
        ("A place to dance.", False),
        ("Other.", True),
    ]


def test_an_enormous_question_is_kept_whole_for_the_trainer_to_judge() -> None:
    (example,) = build_examples([labelled(said="word " * 50_000)])
    assert len(example.turns[-1].text) == 250_000  # left out there if it does not fit


def test_another_language_is_learned_from_like_any() -> None:
    (example,) = build_examples([labelled(said="Was ist eine Laube?", text="Ein Ort zum Tanzen.")])
    assert example.reply == "Ein Ort zum Tanzen."


def answered(remark: str, *, by: int = ALICE, **values: Any) -> list[LabelledReply]:
    """A reply that its asker may have voted on, then one whose conversation goes on with it."""
    first = labelled(1, **({"is_liked": None} | values))
    ours = Turn("assistant", first.reply.text, first.reply.message_ids[0])
    turns = (*first.reply.turns, ours, Turn("user", remark, 19, by))
    second = labelled(2, is_liked=True, text="You are welcome.")
    return [first, replace(second, reply=replace(second.reply, turns=turns))]


@pytest.mark.parametrize(
    ("remark", "is_liked"), [("Thanks, great!", True), ("That is awful.", False)]
)
def test_what_is_said_next_is_a_weak_label(remark: str, is_liked: bool) -> None:
    *_, weak = found = build_examples(answered(remark))
    assert [example.kind for example in found] == ["vote", "weak"]
    assert (weak.reply, weak.is_liked) == ("A place to dance.", is_liked)
    assert 0 < weak.weight <= dataset.MAX_WEAK_WEIGHT
    assert not weak.is_held_out
    assert is_covered(found, answered(remark))
    assert not is_covered(found, answered("What about Rome?"))


@pytest.mark.parametrize(
    "items",
    [
        answered("What about Rome?"),
        answered("Thanks, great!", by=BOB),
        answered("Thanks, great!", is_liked=False),
        answered("Thanks, great!", was_regenerated=True),
        answered("Thanks, great!", text=""),
    ],
)
def test_there_is_none_beside_a_vote_or_from_others(items: list[LabelledReply]) -> None:
    assert all(example.kind != "weak" for example in build_examples(items))


def test_weak_labels_can_be_left_out_and_are_nothing_alone() -> None:
    items = answered("Thanks, great!")
    assert len(build_examples(items, with_sentiment=False)) == 1
    assert build_examples([items[0], replace(items[1], is_liked=None)]) == ()
