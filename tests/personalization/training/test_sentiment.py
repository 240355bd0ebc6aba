from __future__ import annotations

import pytest

from bowerbird.personalization.training.sentiment import MAX_WORDS, sentiment_of


@pytest.mark.parametrize(
    "remark", ["Thanks, that was great!", "perfect, I love it ❤️", "Awesome 👍"]
)
def test_approval(remark: str) -> None:
    assert sentiment_of(remark) > 0.4


@pytest.mark.parametrize(
    "remark", ["No, that is terrible.", "This is useless and wrong, I hate it", "awful"]
)
def test_disapproval(remark: str) -> None:
    assert sentiment_of(remark) < -0.4


@pytest.mark.parametrize(
    "remark",
    [
        "",
        "What about Rome?",
        "and how do I do that with two of them",
        "Can you say that again, please?",  # politeness
        "I hate my job, my boss is a terrible, awful person and " + "so on " * MAX_WORDS,
        "Die Antwort ist falsch",  # "die" is a word of the lexicon
        "Tod und Verderben",
        "c'est très bon, l'amour",
        "das war gut, super",
        "最高です！ love",
    ],
)
def test_what_says_nothing_or_is_not_english_is_no_label(remark: str) -> None:
    assert sentiment_of(remark) == 0
