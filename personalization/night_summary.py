"""What a night brought, in numbers: for the log, the owner, a server's admins, an announcement.

Contract: pure; made from the run rows, which are the record, so that it survives every crash and
loses whoever asks to be forgotten. Names nobody and holds no text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from bowerbird.storage.records import Run, RunState


@dataclass(frozen=True, slots=True)
class NightSummary:
    """People by how their run ended. ``rolled_back``: versions that votes took back since the
    night before. ``seconds``: in which at least one training ran."""

    night: str
    promoted: int
    rejected: int
    failed: int
    cancelled: int
    postponed: int
    rolled_back: int
    seconds: float

    @property
    def trained(self) -> int:
        """People whose training came to a verdict."""
        return self.promoted + self.rejected

    @property
    def people_per_hour(self) -> float | None:
        """``None`` if nobody's training came to a verdict."""
        return self.trained * 3600 / self.seconds if self.trained and self.seconds else None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.trained + self.failed + self.postponed + self.rolled_back)


def summarize(night: str, runs: Iterable[Run], rolled_back: int = 0) -> NightSummary:
    """``runs``: of this night, of one scope or of all."""
    runs = list(runs)
    states = Counter(run.state for run in runs)
    return NightSummary(
        night,
        promoted=states[RunState.PROMOTED],
        rejected=states[RunState.REJECTED],
        failed=states[RunState.FAILED],
        cancelled=states[RunState.CANCELLED],
        postponed=states[RunState.POSTPONED],
        rolled_back=rolled_back,
        seconds=_busy_seconds(runs),
    )


def _busy_seconds(runs: Iterable[Run]) -> float:
    """Length of the union of the runs' spans: they overlap, and a crash leaves gaps."""
    spans = sorted(
        (run.started_at, run.finished_at) for run in runs if run.started_at and run.finished_at
    )
    total, until = 0.0, None
    for start, end in spans:
        begin = start if until is None else max(start, until)
        total += max((end - begin).total_seconds(), 0.0)
        until = end if until is None else max(end, until)
    return total
