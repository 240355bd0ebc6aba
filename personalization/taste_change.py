"""Whether a person has come to want something else, and since which of their labels.

Contract: pure and deterministic, no torch; about 20 ms for 130 labels. A taste has changed where
what was learned from the older labels puts the newer disliked replies above the newer liked ones
(Mann and Whitney 1947), very clearly, as it stays once the bot has followed, or together with less
being liked than before (Stouffer et al. 1949), as on the first day. What was said before then no
longer counts, here and now: it stays stored, and is asked anew each time. No change is 👎 more
often by itself, or a reply or two judged otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bowerbird.personalization.scored_labels import scored_items
from bowerbird.personalization.scorer import MAX_ITEMS, MIN_EACH, Table, learned
from bowerbird.storage.records import LabelledReply

ORDER_ALONE_Z: Final = -2.6
TOGETHER_Z: Final = -2.33
"""Standard errors (docs/LOG.md: how soon a change is seen, and how often one is imagined)."""
LIKELY_OPPOSITE_Z: Final = -0.5
"""Of the order of the newer replies where it is taken together with how much is liked: who just
likes less than before, because replies became worse, still wants the same."""
NEWER: Final = (6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192)
"""So many labels are tried as the newer ones."""
MIN_OLDER: Final = 10
MIN_NEWER_EACH: Final = 2


def current(labelled: Sequence[LabelledReply]) -> Sequence[LabelledReply]:
    """What of ``labelled``, oldest first, the person would still say: all of it, or the newest."""
    every = [(number, item) for number, one in enumerate(labelled) for item in scored_items([one])]
    items = every[-MAX_ITEMS:]
    if len(items) < MIN_OLDER + min(NEWER):  # asked before each reply, so for nothing it costs none
        return labelled
    table = Table.of([item for _, item in items])
    age = np.arange(len(items))
    found = [(_contradiction(table, age < len(items) - newer), newer) for newer in NEWER]
    clarity, newer = max(found, key=lambda one: one[0])
    return labelled if clarity < 1 else labelled[items[-newer][0] :]


def reason(count: int) -> str:
    """What a person is told who has ``count`` labels left that count."""
    return f"Your newer votes say the opposite of the older ones, so only the newest {count} count."


def _contradiction(table: Table, is_older: NDArray[np.bool_]) -> float:
    """How clearly newer labels contradict older ones, 1 and more is clear enough; 0 where either
    are too few to tell."""
    likes = table.is_liked == 1
    older, liked_before = int(is_older.sum()), int(likes[is_older].sum())
    newer, liked = len(likes) - older, int(likes[~is_older].sum())
    is_enough = older >= MIN_OLDER and min(liked_before, older - liked_before) >= MIN_EACH
    if not is_enough or min(liked, newer - liked) < MIN_NEWER_EACH:
        return 0.0
    scores = learned(table.rows(is_older)).scores(table.rows(~is_older))
    order = _order(scores[likes[~is_older]], scores[~likes[~is_older]])
    if order > LIKELY_OPPOSITE_Z:
        return 0.0
    share = likes.mean()
    error = (share * (1 - share) * (1 / older + 1 / newer)) ** 0.5
    together = (order + (liked / newer - liked_before / older) / error) / 2**0.5
    return float(max(order / ORDER_ALONE_Z, together / TOGETHER_Z))


def _order(liked: NDArray[np.float64], disliked: NDArray[np.float64]) -> float:
    """Whether liked replies score higher than disliked ones, in standard errors from chance."""
    margin = liked[:, None] - disliked[None, :]
    wins = float((margin > 0).sum() + (margin == 0).sum() / 2)
    error = (margin.size * (len(liked) + len(disliked) + 1) / 12) ** 0.5
    return (wins - margin.size / 2) / error
