"""Whether a person has come to want something else, and since which of their labels.

Contract: pure and deterministic, no torch; about 20 ms for 130 labels. A taste has changed where
what was learned from the older labels puts the disliked ones of the next labels above the liked
ones (Mann and Whitney 1947), clearly, or clearly together with less being liked than before
(Stouffer et al. 1949), and all labels since do not say otherwise: once the bot has followed, votes
are good again and few. What was said before then no longer counts, here and now: it stays stored,
and is asked anew each time. No change is 👎 more often by itself, or a reply or two judged
otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bowerbird.personalization.scored_labels import scored_items
from bowerbird.personalization.scorer import MAX_ITEMS, MIN_EACH, Table, learned
from bowerbird.storage.records import LabelledReply

CLEARLY_Z: Final = -2.6
"""Standard errors (docs/LOG.md: how soon a change is seen, and how often one is imagined)."""
PROBABLY_Z: Final = -0.5
"""Of the order alone, and of all labels since: who just likes less than before, because replies
became worse, still wants the same."""
NEXT: Final = (8, 12, 16, 24, 32)
"""So many labels after a change are tried, and all since."""
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
    tried = (newer for newer in NEWER if newer <= len(items) - MIN_OLDER)
    z, newer = min((_agreement(table, len(items) - newer), newer) for newer in tried)
    return labelled if z > CLEARLY_Z else current(labelled[items[-newer][0] :])  # or once more


def reason(count: int) -> str:
    """What a person is told who has ``count`` labels left that count."""
    return f"Your newer votes say the opposite of the older ones, so only the newest {count} count."


def _agreement(table: Table, older: int) -> float:
    """Of the first ``older`` labels with those after them, in standard errors; 0 where either are
    too few to tell, or where they do not disagree."""
    likes = table.is_liked == 1
    before, after = likes[:older], likes[older:]
    if min(before.sum(), (~before).sum()) < MIN_EACH:
        return 0.0
    is_older = np.arange(len(likes)) < older
    scores = learned(table.rows(is_older)).scores(table.rows(~is_older))
    order = _order(scores, after)
    if order > PROBABLY_Z:
        return 0.0
    parts = [(scores[:n], after[:n]) for n in NEXT if n < len(after)]
    doubts = [_doubt(before, is_liked, _order(part, is_liked)) for part, is_liked in parts]
    return min([*doubts, _doubt(before, after, order)])


def _doubt(before: NDArray[np.bool_], after: NDArray[np.bool_], order: float) -> float:
    """The order of labels ``after``, or it together with how much was liked ``before``."""
    if order > PROBABLY_Z:
        return 0.0
    share = np.concatenate([before, after]).mean()
    error = (share * (1 - share) * (1 / len(before) + 1 / len(after))) ** 0.5
    return min(order, float(order + (after.mean() - before.mean()) / error) / 2**0.5)


def _order(scores: NDArray[np.float64], is_liked: NDArray[np.bool_]) -> float:
    """Whether liked replies score higher than disliked ones, in standard errors from chance; 0
    where either are too few to tell."""
    liked, disliked = scores[is_liked], scores[~is_liked]
    if min(len(liked), len(disliked)) < MIN_NEWER_EACH:
        return 0.0
    margin = liked[:, None] - disliked[None, :]
    wins = float((margin > 0).sum() + (margin == 0).sum() / 2)
    error = (margin.size * (len(scores) + 1) / 12) ** 0.5
    return float((wins - margin.size / 2) / error)
