"""What a remark says about the reply before it: the weak label where there is no vote.

Contract: 0 unless a short remark is clearly approving or disapproving; the sign says which, the
size how clearly. By VADER (Hutto & Gilbert 2014), a lexicon of *English* words and of emoji, so
that whatever looks like another language says nothing: German "die" is no wish of death. Long
messages say nothing either, as their feelings are about their topic. Knows no people, no replies.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

MAX_WORDS: Final = 12
MIN_STRENGTH: Final = 0.4
"""VADER's authors call 0.05 positive; most of that is politeness in a question."""

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_ENGLISH: Final = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be but can do for i in is it its of on or so that the this to was what "
        "with you your",
    )
)
_OTHERS: Final = frozenset(
    re.findall(
        r"\w+",
        "al aber che como con da das de del den der des det die du e een ein eine el en es est et "
        "gut het ich il ist je jeg la las le les los lo mal mais mit nicht niet non para pas per "
        "por que qui sehr sie som sono sur und un una une van y zu",
    )
)


def sentiment_of(remark: str) -> float:
    """From -1 (disapproving) to 1 (approving); 0 says nothing."""
    words = [word.lower() for word in _WORD.findall(remark)]
    if len(words) > MAX_WORDS or _is_foreign(words):
        return 0.0
    strength = float(_analyzer().polarity_scores(remark)["compound"])
    return strength if abs(strength) >= MIN_STRENGTH else 0.0


def _is_foreign(words: list[str]) -> bool:
    """Letters that English lacks, or more little words of other languages than of English."""
    if any(not word.isascii() for word in words):
        return True
    others = sum(word in _OTHERS for word in words)
    return others > 0 and others >= sum(word in _ENGLISH for word in words)


@cache
def _analyzer() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()  # reads its lexicon, once
