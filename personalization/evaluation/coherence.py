"""Whether a reply is still sense: within the range of what the base model itself says.

Contract: an adapter that meets every wish with nonsense must not count as good (docs/LOG.md has
one). A reply is coherent if, stripped of the marks that people may wish for (``plain``), it says
something, the base model finds it no less likely than nearly all of its own replies over as many
tokens, and it neither repeats itself nor misses the question more than those do. Base replies are
measured in the same way. Knows no model: ``judge`` does the looking.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any, Final

import numpy as np

from bowerbird.personalization.evaluation import phrases, wording

OUTSIDE_SHARE: Final = 0.01
"""So many of the base's own replies are outside a limit."""
SPANS: Final = (1, 2, 4, 8, 16, 32, 64)
"""Tokens over which surprise is compared: beginnings are harder to predict."""
MIN_BASE_REPLIES: Final = 8

_VOCATIVE: Final = re.compile(rf"(?i)\b(?:hey |my |dear )?(?:{'|'.join(phrases.NAMES)})[,.!?]\s*")


@dataclass(frozen=True, slots=True)
class Look:
    """What was measured of one reply. ``nll``: the base's nats for each token of its plain text.

    ``relevance``: cosine of the question's and the reply's sentence embeddings, if there is a model
    for it.
    """

    nll: tuple[float, ...]
    distinct: float
    relevance: float | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"nll": [round(value, 3) for value in self.nll]}

    @classmethod
    def of(cls, known: Mapping[str, Any]) -> Look:
        return cls(tuple(known["nll"]), known["distinct"], known["relevance"])


@dataclass(frozen=True, slots=True)
class Bounds:
    """The base's own range. ``nll``: by span, the most surprising mean that is still its own."""

    nll: Mapping[int, float]
    distinct: float
    relevance: float | None

    @classmethod
    def of(cls, looks: Sequence[Look]) -> Bounds:
        """From looks at base replies. Raises ``ValueError`` if they are too few."""
        if len(looks) < MIN_BASE_REPLIES:
            raise ValueError(f"{len(looks)} base replies are too few to know the base's range")
        nll = {}
        for span in SPANS:
            means = [fmean(look.nll[:span]) for look in looks if len(look.nll) >= span]
            if len(means) >= MIN_BASE_REPLIES:
                nll[span] = float(np.quantile(means, 1 - OUTSIDE_SHARE))
        relevance = [look.relevance for look in looks if look.relevance is not None]
        return cls(
            nll,
            float(np.quantile([look.distinct for look in looks], OUTSIDE_SHARE)),
            float(np.quantile(relevance, OUTSIDE_SHARE)) if relevance else None,
        )

    def admit(self, look: Look) -> bool:
        """Whether a reply is coherent."""
        if not look.nll or look.distinct < self.distinct:
            return False
        if self.relevance is not None and (look.relevance or 0.0) < self.relevance:
            return False
        spans = sorted(self.nll)
        at = bisect_right(spans, len(look.nll)) - 1
        return at < 0 or fmean(look.nll[: spans[at]]) <= self.nll[spans[at]]


def plain(reply: str) -> str:
    """The reply without what people may wish for on its surface: emoji, lowercase, list marks,
    closings, names and lead-in phrases. What is left can be compared with what the base says."""
    kept = _bare(reply)
    while (barer := _bare(kept)) != kept:  # a list may come after a lead-in
        kept = barer
    if not any(map(str.isupper, kept)):
        kept = re.sub(r"\bi\b", "I", wording.capitalise_sentences(kept))
    return kept if wording.words(kept) else ""


def _bare(reply: str) -> str:
    kept = wording.without_list(wording.without_emoji(reply))
    for phrase in phrases.ADDED:
        kept = re.sub(re.escape(phrase), " ", kept, flags=re.IGNORECASE)
    return re.sub(r"[ \t]{2,}", " ", _VOCATIVE.sub("", kept)).strip()
