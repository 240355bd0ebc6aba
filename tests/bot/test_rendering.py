from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from bowerbird.bot import rendering

WORDS = st.sampled_from(
    [
        "word",
        " ",
        "\n",
        "\n\n",
        "```",
        "```py\n",
        "`",
        "``",
        "````",
        "x" * 30,
        "👩‍👩‍👧",
        "é",
        "    ",
        "- item\n",
        "```\n",
    ]
)
TEXTS = st.lists(WORDS, max_size=80).map("".join) | st.text(max_size=300)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@given(TEXTS, st.integers(60, 200))
@example("```py\n" + "a = 1\n" * 30 + "```", 60)
@example("x" * 60 + "`" * 200, 60)
@example("```" + "y" * 57 + "``` tail", 60)
def test_parts_fit_and_are_balanced(text: str, limit: int) -> None:
    parts = rendering.split(text, limit)
    for part in parts:
        assert 0 < len(part) <= limit
        assert part.strip()
        assert part.count("```") % 2 == 0
    assert bool(parts) == bool(text.strip())


@given(st.lists(st.sampled_from(["word", " ", "\n", "\n\n", "x" * 30, "👩‍👩‍👧", "é"]), max_size=99))
def test_plain_text_survives_splitting(words: list[str]) -> None:
    text = "".join(words)
    assert squeezed("".join(rendering.split(text, 60))) == squeezed(text)
    assert squeezed(rendering.join(rendering.split(text, 60))) == squeezed(text)


CODE = st.lists(
    st.sampled_from(["a = 1\n", "    indented(2)\n", "x" * 80 + "\n", "\n"]), min_size=1
)
BLOCKS = st.tuples(st.sampled_from(["", "py", "c++"]), CODE).map(
    lambda block: f"```{block[0]}\n{''.join(block[1]).strip()}x\n```"
)
PROSE = st.lists(st.sampled_from(["Some words. ", "A paragraph.\n\n", "line\n"]), min_size=1).map(
    "".join
)


@given(st.lists(st.tuples(PROSE, BLOCKS).map("\n".join), max_size=4).map("\n".join), PROSE)
def test_join_removes_reopened_fences(markdown: str, tail: str) -> None:
    text = f"{markdown}\n{tail}"
    assert squeezed(rendering.join(rendering.split(text, 100))) == squeezed(text)


def test_a_block_is_closed_and_reopened_with_its_language() -> None:
    code = "\n".join(f"line_{number} = {number}" for number in range(20))
    first, second, *_ = rendering.split(f"Look:\n```python\n{code}\n```\nDone.", 120)
    assert first.startswith("Look:\n```python\nline_0")
    assert first.endswith("\n```")
    assert second.startswith("```python\nline_")


def test_indentation_survives_a_cut_inside_code() -> None:
    code = "\n".join(["def f():"] + [f"    call({number})" for number in range(20)])
    for part in rendering.split(f"```py\n{code}\n```", 100)[1:]:
        assert re.match(r"```py\n    call", part)


def test_paragraphs_are_preferred_to_lines_and_lines_to_words() -> None:
    assert rendering.split("a" * 60 + "\n\n" + "b c\n" * 10, 90)[0] == "a" * 60
    assert rendering.split("a" * 60 + "\n" + "b " * 30, 90)[0] == "a" * 60
    assert rendering.split("a" * 60 + " " + "b" * 60, 90)[0] == "a" * 60


@given(
    st.lists(
        st.sampled_from(["word ", "para\n\n", "```py\ncode\n", "```\n", "x" * 40]), max_size=40
    ),
    st.integers(0, 200),
)
def test_only_the_end_changes_while_a_stream_grows(words: list[str], cut: int) -> None:
    text = "".join(words)
    early, late = rendering.split(text[:cut], 80), rendering.split(text, 80)
    for before, after in zip(early[:-2], late, strict=False):
        assert before == after


def test_white_space_is_no_message() -> None:
    assert rendering.split(" \n\n ") == []


def test_a_notice_is_recognised_again() -> None:
    assert rendering.is_notice(rendering.notice("Something went wrong."))
    assert not rendering.is_notice("A reply - of the model")


@given(
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1).filter(
        str.strip
    )
)
def test_a_quoted_prompt_can_be_read_back(prompt: str) -> None:
    assert rendering.unquoted(rendering.quoted(prompt) + "The answer.\n\nMore.") == (
        prompt,
        "The answer.\n\nMore.",
    )


def test_an_ordinary_reply_has_no_quoted_prompt() -> None:
    assert rendering.unquoted("Hello there.\n\nHow are you?") is None
