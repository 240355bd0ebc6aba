from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.personalization.reply_features import FEATURES, NAMES, measure


def feature(name: str, reply: str, question: str = "how are you?") -> float:
    return dict(zip(NAMES, measure(question, reply).values, strict=True))[name]


@given(st.text(max_size=3000), st.text(max_size=6000))
def test_any_text_has_finite_features(question: str, reply: str) -> None:
    measured = measure(question, reply)
    assert len(measured.values) == len(FEATURES)
    assert all(math.isfinite(value) for value in measured.values)


def test_names_are_unique_and_scales_positive() -> None:
    assert len(set(NAMES)) == len(FEATURES)
    assert all(scale > 0 for _, scale in FEATURES)


@pytest.mark.parametrize(
    ("name", "more", "less"),
    [
        ("log_words", "one two three four", "one two"),
        ("log_sentences", "One. Two. Three.", "One, two, three."),
        ("log_newlines", "a\n\nb", "a b"),
        ("has_list", "- one\n- two", "one - two"),
        ("has_list", "1. one\n2. two", "1 one 2 two"),
        ("log_emoji", "nice 🎉", "nice"),
        ("log_emoji", "nice :tada:", "nice"),
        ("uppercase_share", "THIS is", "this is"),
        ("is_lowercase", "all small", "Not all small"),
        ("starts_lowercase", "small", "Big"),
        ("ends_with_question", "Do you like it? 😀", "It is so."),
        ("ends_with_exclamation", '"Great!"', "Great."),
        ("is_cut_off", "and then", "and then."),
        ("log_questions", "What? Why?", "What."),
        ("log_exclamations", "Yes! No!", "Yes. No."),
        ("contractions", "It’s fine", "It is fine"),
        ("full_forms", "It is fine, I cannot", "It's fine, I can't"),
        ("formal_words", "However, we advise it", "But we like it"),
        ("casual_words", "yeah cool", "yes good"),
        ("second_person", "you and your cat", "me and my cat"),
        ("first_person", "me and my cat", "you and your cat"),
        ("has_greeting", "Hello there", "Well there, hello"),
        ("log_digits", "42", "forty-two"),
        ("has_code", "```py\n1\n```", "py 1"),
        ("has_link", "see https://example.com", "see there"),
        ("has_bold", "**so**", "so"),
        ("word_length", "considerable", "big"),
        ("question_overlap", "owls fly", "cats run"),
    ],
)
def test_each_feature_sees_what_it_is_named_for(name: str, more: str, less: str) -> None:
    question = "why do owls fly?"
    assert feature(name, more, question) > feature(name, less, question)


def test_terms_are_words_and_both_ends() -> None:
    terms = measure("?", "Hello you! All the best").terms
    assert {"hello", "^hello", "^hello you", "best$", "the best$", "all the best$"} <= terms


def test_a_huge_reply_is_measured_at_both_ends() -> None:
    reply = "Hello " + "word " * 100_000 + "goodbye"
    assert {"^hello", "goodbye$"} <= measure("?", reply).terms
