"""Text while it arrives: whole characters, no control tokens, nothing lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.personalization.generation.text_stream import TextStream
from bowerbird.personalization.models import load_tokenizer


@pytest.fixture(scope="module")
def tokenizer(tiny_model_dir: Path) -> Any:
    return load_tokenizer(str(tiny_model_dir))


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffd")))
def test_the_pieces_are_the_text(tokenizer: Any, text: str) -> None:
    stream = TextStream(tokenizer)
    pieces = [stream.push(token) for token in tokenizer(text, add_special_tokens=False).input_ids]
    assert "".join(pieces) == text
    assert not any("\ufffd" in piece for piece in pieces)


def test_a_character_of_several_tokens_comes_whole_or_not_at_all(tokenizer: Any) -> None:
    ids = tokenizer("👍", add_special_tokens=False).input_ids
    assert len(ids) > 1, "else this shows nothing"
    stream = TextStream(tokenizer)
    assert [stream.push(token) for token in ids] == [""] * (len(ids) - 1) + ["👍"]
    cut = TextStream(tokenizer)
    assert "".join(cut.push(token) for token in ids[:-1]) == ""


def test_bytes_that_are_no_character_do_not_stop_the_stream(tokenizer: Any) -> None:
    broken = tokenizer("👍", add_special_tokens=False).input_ids[0]
    letter = tokenizer("a", add_special_tokens=False).input_ids[0]
    stream = TextStream(tokenizer)
    said = "".join(stream.push(token) for token in [broken] * 9 + [letter])
    assert said.endswith("a")


def test_control_tokens_are_never_said(tokenizer: Any) -> None:
    stream = TextStream(tokenizer)
    ids = [1, *tokenizer("hi", add_special_tokens=False).input_ids, 2, 0]
    assert "".join(stream.push(token) for token in ids) == "hi"
