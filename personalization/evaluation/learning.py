"""Training simulated people through the real path: jobs, worker process, gate, candidate folder.

Contract: a training that is finished is in the ledger and its adapter on disk, and is not done
again. One that failed has no verdict, so nothing can be measured by it: the others are ended and
kept, then it is told. Knows jobs and folders, no torch.
"""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from bowerbird.personalization.errors import TrainingError
from bowerbird.personalization.evaluation.ledger import Ledger
from bowerbird.personalization.evaluation.plan import Subject
from bowerbird.personalization.evaluation.together import together
from bowerbird.personalization.training.dataset import build_examples
from bowerbird.personalization.training.executor import (
    TrainExecutor,
    TrainJob,
    TrainProgress,
    TrainRecipe,
    Verdict,
)
from bowerbird.personalization.training.pairs import build_pairs
from bowerbird.personalization.types import AdapterRef
from bowerbird.storage.records import LabelledReply

_NOTHING: Final = Verdict(False, ("there was nothing to learn from",))
_LEARNING: Final = (0.2, 0.6)
_STAGES: Final = {
    "queued": (0.0, 0.0),
    "loading": (0.0, 0.2),
    "gate": (0.8, 0.2),
    "over": (1.0, 0.0),
}
"""Where a stage begins in a training, and how much of it it is, about."""

OnTraining = Callable[[int, int], None]
"""``on_training(done, total)``: steps of all trainings of a call."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One training. ``name`` is unique in an evaluation and is its folder's name as well.

    ``weight``: of every example, instead of the balanced weights. ``keeps_rejected``: for the
    control that must be rejected, and whose replies are looked at none the less.
    """

    name: str
    person_id: int
    labelled: tuple[LabelledReply, ...]
    recipe: TrainRecipe | None = None
    incumbent: AdapterRef | None = None
    weight: float | None = None
    keeps_rejected: bool = False


@dataclass(frozen=True, slots=True)
class Trained:
    """How a training ended. ``adapter`` is what would be served: ``None`` is the base model.

    ``kept`` is also one that was rejected, where the lesson asked for that.
    """

    is_accepted: bool
    reasons: tuple[str, ...]
    measurements: Mapping[str, Any]
    seconds: float
    adapter: AdapterRef | None
    kept: AdapterRef | None


class School:
    """Where people are trained, each ``executor`` a share of them. ``folder``: of the adapters,
    which stay there."""

    def __init__(
        self, executors: Sequence[TrainExecutor], subject: Subject, folder: Path, ledger: Ledger
    ) -> None:
        self._executors = executors
        self._subject = subject
        self._folder = folder
        self._ledger = ledger

    async def train(
        self, lessons: Sequence[Lesson], on_training: OnTraining = lambda done, total: None
    ) -> dict[str, Trained]:
        """All of them, by name. Raises ``TrainingError`` if no worker can be started or one of
        them failed, which may have been this machine's fault: the next call tries it again."""
        jobs = {}
        for lesson in lessons:
            if _cell(lesson.name) in self._ledger:
                continue
            job = self._job(lesson)
            if job is None:
                self._end(lesson.name, _NOTHING, seconds=0.0)
            else:
                shutil.rmtree(job.candidate_dir, ignore_errors=True)  # from a run that was stopped
                jobs[job.job_id] = job
        failed = await self._run(list(jobs.values()), on_training)
        if failed:
            name, error = next(iter(failed.items()))
            raise TrainingError(
                f"{len(failed)} of {len(jobs)} trainings failed, {name} with: {error}; evaluate "
                "again to go on from here"
            )
        return {lesson.name: self.trained(lesson) for lesson in lessons}

    def trained(self, lesson: Lesson) -> Trained:
        """How a finished training ended."""
        known = self._ledger[_cell(lesson.name)]
        folder = self._folder / lesson.name
        version = zlib.crc32(lesson.name.encode())  # a version is immutable, so is a name
        made = AdapterRef(1, lesson.person_id, version, folder)
        return Trained(
            known["is_accepted"],
            tuple(known["reasons"]),
            known["measurements"],
            known["seconds"],
            made if known["is_accepted"] else None,
            made if folder.is_dir() else None,
        )

    def _job(self, lesson: Lesson) -> TrainJob | None:
        examples = build_examples(lesson.labelled, with_sentiment=False)
        if not examples:
            return None
        if lesson.weight is not None:
            examples = tuple(replace(example, weight=lesson.weight) for example in examples)
        return TrainJob(
            job_id=lesson.name,
            base_model=self._subject.model_path,
            candidate_dir=str(self._folder / lesson.name),
            examples=examples,
            recipe=lesson.recipe or self._subject.recipe,
            incumbent_dir=str(lesson.incumbent.path) if lesson.incumbent else None,
            pairs=build_pairs(lesson.labelled),
            keeps_rejected=lesson.keeps_rejected,
        )

    async def _run(self, jobs: Sequence[TrainJob], on_training: OnTraining) -> dict[str, str]:
        """What failed, and why."""
        done: dict[str, float] = {}

        def tell(job_id: str, share: float) -> None:
            done[job_id] = share
            on_training(int(100 * sum(done.values())), 100 * len(jobs))

        shares = [jobs[number :: len(self._executors)] for number in range(len(self._executors))]
        failed = await together(
            self._run_share(executor, share, tell)
            for executor, share in zip(self._executors, shares, strict=True)
            if share
        )
        return {name: error for of_share in failed for name, error in of_share.items()}

    async def _run_share(
        self,
        executor: TrainExecutor,
        jobs: Sequence[TrainJob],
        tell: Callable[[str, float], None],
    ) -> dict[str, str]:
        failed = {}
        async with aclosing(executor.run(jobs)) as events:
            async for event in events:
                if isinstance(event, TrainProgress):
                    begin, size = _STAGES.get(event.stage, _LEARNING)
                    tell(event.job_id, begin + size * event.done / max(1, event.total))
                    continue
                if event.verdict is None:
                    failed[event.job_id] = event.error or "no reason was given"
                else:
                    self._end(event.job_id, event.verdict, event.seconds)
                tell(event.job_id, 1.0)
        return failed

    def _end(self, name: str, verdict: Verdict, seconds: float) -> None:
        told = {
            "is_accepted": verdict.is_accepted,
            "reasons": list(verdict.reasons),
            "measurements": dict(verdict.measurements),
            "seconds": round(seconds, 1),
        }
        self._ledger.put(_cell(name), told)


def _cell(name: str) -> str:
    return f"training {name}"
