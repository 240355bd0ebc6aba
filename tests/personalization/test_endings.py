from __future__ import annotations

from collections.abc import Sequence

import pytest

from bowerbird.personalization.endings import Ending
from bowerbird.personalization.types import FinishReason


def ended(words: Sequence[str], limit: int, reason: FinishReason) -> tuple[list[str], str]:
    """What is given out word by word, each a token, and at the end."""
    ending = Ending(limit)
    pieces = [ending.push(word, number) for number, word in enumerate(words, 1)]
    return pieces, ending.rest(reason)


def tokens(text: str) -> list[str]:
    return text.replace(" ", "\0 ").replace("\n", "\0\n").split("\0")


def whole(text: str, *, limit: int | None = None, reason: FinishReason) -> str:
    words = tokens(text)
    pieces, rest = ended(words, limit or len(words), reason)
    return "".join(pieces) + rest


def test_a_finished_reply_is_given_out_to_the_last_character() -> None:
    text = "One two three. Four five six. Seven eight\n"
    assert whole(text, reason=FinishReason.STOP) == text


def test_one_cut_off_ends_at_a_sentence_of_its_last_third() -> None:
    text = "One two three four. Five six seven eight nine ten. Eleven twelve"
    expected = "One two three four. Five six seven eight nine ten. "
    assert whole(text, reason=FinishReason.LENGTH) == expected


def test_without_a_sentence_there_an_ellipsis_says_that_more_would_follow() -> None:
    text = "One two. Three four five six seven eight nine ten eleven twelve"
    assert whole(text, reason=FinishReason.LENGTH) == f"{text}…"


def test_a_sentence_that_ends_with_the_last_token_stays() -> None:
    text = "One two three four five six seven eight nine ten."
    assert whole(text, reason=FinishReason.LENGTH) == text


def test_a_list_ends_after_a_whole_line() -> None:
    text = "Here are some ideas for you:\n1. Sing a song\n2. Paint a wall\n3. Go"
    assert whole(text, reason=FinishReason.LENGTH).endswith("2. Paint a wall\n")


def test_a_list_number_is_no_end_of_a_sentence() -> None:
    text = "Try these two or three good things today:\n1. Sing and dance"
    assert whole(text, reason=FinishReason.LENGTH) == f"{text}…"


@pytest.mark.parametrize("closing", ['"Yes!" ', "yes! 🎉 ", "(yes.) ", "**yes.** ", "だよ。 "])
def test_what_closes_a_sentence_belongs_to_it(closing: str) -> None:
    text = f"One two three four five six seven eight nine {closing}and then more"
    assert whole(text, reason=FinishReason.LENGTH).rstrip().endswith(closing.rstrip())


def test_words_come_at_once_but_for_the_last_third() -> None:
    words = tokens("a b c d e f. G h i")
    pieces, rest = ended(words, len(words), FinishReason.STOP)
    assert pieces[:6] == words[:6]
    assert "".join(pieces) + rest == "a b c d e f. G h i"


def test_nothing_given_out_is_taken_back() -> None:
    words = tokens("One two three four. Five six seven. Eight nine ten. Eleven twelve thirteen")
    for reason in FinishReason:
        for limit in range(1, 20):
            pieces, rest = ended(words[:limit], limit, reason)
            given = "".join(pieces) + rest
            assert "".join(words[:limit]).startswith(given.removesuffix("…"))
            if reason is FinishReason.LENGTH:
                kept = len(tokens(given.removesuffix("…").rstrip()))
                assert kept >= int(limit * 2 / 3)
