"""An adapter that drifted further than the gate allows is scaled down until it is within; one whose
replies are only too odd is tried again, weaker.

Contract: ΔW becomes s·ΔW with the largest s of a few that keeps the drift where nobody asked for
any change (KL per token, ordinary text) below ``SHARE`` of the gate's bounds; an adapter within
them is left as it is. The KL falls with about s², so a little less of a good adapter is better
than none. Judges nothing: that is the gate's.
"""

from __future__ import annotations

from typing import Final

from bowerbird.personalization.training import gate, gate_measures, slot_learning
from bowerbird.personalization.training.shared_base import Neutral, SharedBase

STEP: Final = 0.85
MAX_STEPS: Final = 6
SHARE: Final = 0.9
MAX_WEAKER: Final = 2
"""So often an adapter whose replies are too odd, and nothing else, is tried once more, weaker."""


def restrain(base: SharedBase, slot: int, neutral: Neutral) -> float:
    """Scale the adapter in ``slot`` in place; returns s. At most ``STEP ** MAX_STEPS`` is taken."""
    scale = 1.0
    for _ in range(MAX_STEPS):
        kl, change = gate_measures.drift(base, slot, neutral)
        is_within = (
            kl <= SHARE * gate.MAX_KL_PER_TOKEN and change <= SHARE * gate.MAX_GENERAL_NLL_CHANGE
        )
        if is_within or not kl < float("inf"):  # numbers that are not finite are the gate's to say
            break
        scale *= weaken(base, slot)
    return scale


def weaken(base: SharedBase, slot: int) -> float:
    """Scale the adapter in ``slot`` down once more, in place; returns by how much."""
    slot_learning.scale(base.required_slots(), slot, STEP)
    return STEP
