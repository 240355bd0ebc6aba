"""How trainings get on, for whoever watches: who is at what, how long it will take yet.

Contract: fed with the progress of any number of trainings, asked at any time; pure but for the
clock. Remaining times are the pace so far, carried on: of one person's stage by its own steps, of
all by the people who are through. Knows no words and nothing of how it is shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from bowerbird.personalization.training.executor import TrainProgress

SEEN_ENOUGH_S = 2.0
"""A pace that was watched for less is no pace yet."""


@dataclass(frozen=True, slots=True)
class Step:
    """One person's training now. ``left_s``: until the end of this stage, if that can be said."""

    scope_id: int
    user_id: int
    stage: str
    done: int
    total: int
    left_s: float | None


@dataclass(slots=True)
class _Watched:
    event: TrainProgress
    stage_began_at: float
    done_then: int


class TrainingWatch:
    """Give ``note`` to `Nightly` as ``on_progress``. ``clock`` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._watched: dict[tuple[int, int], _Watched] = {}
        self._began_at: float | None = None

    def note(self, scope_id: int, user_id: int, event: TrainProgress) -> None:
        now, key = self._clock(), (scope_id, user_id)
        if self._began_at is None and event.stage != "queued":
            self._began_at = now
        known = self._watched.get(key)
        if known is None or known.event.stage != event.stage or event.done < known.event.done:
            self._watched[key] = _Watched(event, now, event.done)
        else:
            known.event = event

    @property
    def people(self) -> int:
        return len(self._watched)

    @property
    def over(self) -> int:
        """People whose training has ended."""
        return sum(one.event.stage == "over" for one in self._watched.values())

    @property
    def waiting(self) -> int:
        return sum(one.event.stage == "queued" for one in self._watched.values())

    @property
    def steps(self) -> list[Step]:
        """Those being trained now, in the order in which they were queued."""
        return [
            Step(*key, one.event.stage, one.event.done, one.event.total, self._left_s(one))
            for key, one in self._watched.items()
            if one.event.stage not in {"queued", "over"}
        ]

    @property
    def left_s(self) -> float | None:
        """Until everybody is through; ``None`` while too little is known."""
        if not self.over or self._began_at is None:
            return None
        return (self._clock() - self._began_at) / self.over * (self.people - self.over)

    def _left_s(self, one: _Watched) -> float | None:
        event, took = one.event, self._clock() - one.stage_began_at
        steps = event.done - one.done_then
        if not steps or took < SEEN_ENOUGH_S:
            return None
        return took / steps * (event.total - event.done)
