"""Whether a person has come to want something else, and since which of their labels.

Contract: pure and deterministic, no torch; about 20 ms for 130 labels. A taste has changed where
what was learned from the older labels puts the newer disliked replies above the newer liked ones,
clearly (Mann and Whitney 1947); what was said before then no longer counts, here and now: it stays
stored, and is asked anew each time. No change is 👎 more often, or a reply or two judged otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bowerbird.personalization.scored_labels import scored_items
from bowerbird.personalization.scorer import MAX_ITEMS, MIN_EACH, Table, learned
from bowerbird.storage.records import LabelledReply

CLEARLY_OPPOSITE_Z: Final = -2.0
"""Standard errors (docs/LOG.md: how soon a change is seen, and how often one is imagined)."""
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
    found = [(_agreement(table, age < len(items) - newer), newer) for newer in NEWER]
    z, newer = min(found)
    return labelled if z > CLEARLY_OPPOSITE_Z else labelled[items[-newer][0] :]


def reason(count: int) -> str:
    """What a person is told who has ``count`` labels left that count."""
    return f"Your newer votes say the opposite of the older ones, so only the newest {count} count."


def _agreement(table: Table, is_older: NDArray[np.bool_]) -> float:
    """Of older labels with newer ones, in standard errors; 0 where either are too few to tell."""
    older, liked_before = int(is_older.sum()), int(table.is_liked[is_older].sum())
    is_liked = table.is_liked[~is_older] == 1
    liked, disliked = int(is_liked.sum()), int((~is_liked).sum())
    is_enough = older >= MIN_OLDER and min(liked_before, older - liked_before) >= MIN_EACH
    if not is_enough or min(liked, disliked) < MIN_NEWER_EACH:
        return 0.0
    scores = learned(table.rows(is_older)).scores(table.rows(~is_older))
    margin = scores[is_liked][:, None] - scores[~is_liked][None, :]
    wins = float((margin > 0).sum() + (margin == 0).sum() / 2)
    error = (liked * disliked * (liked + disliked + 1) / 12) ** 0.5
    return float((wins - liked * disliked / 2) / error)
