"""The process that trains: jobs in on stdin, progress and results out on stdout.

``python -m bowerbird.personalization.training.worker``. Contract: lowest priority, one thread;
ends at once when stdin ends or its parent dies; a candidate is written beside its place, synced
and renamed, so that it is complete or absent whatever happens; jobs of one recipe are trained
together, and a bad one does not spoil the others; no text is written anywhere. Knows no database
and nothing of who is published.
"""

from __future__ import annotations

import argparse
import ctypes
import logging
import os
import queue
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import psutil

from bowerbird.personalization.durable import sync
from bowerbird.personalization.errors import AdapterError, PersonalizationError, TrainingError
from bowerbird.personalization.training.executor import (
    TrainJob,
    TrainProgress,
    TrainResult,
    Verdict,
)
from bowerbird.personalization.training.wire import decode_line, encode_line

if TYPE_CHECKING:
    from bowerbird.personalization.adapter_weights import AdapterWeights
    from bowerbird.personalization.training.shared_base import SharedBase
    from bowerbird.personalization.training.trainer import Group, Stage, Trained

log = logging.getLogger("bowerbird.training.worker")

_PR_SET_PDEATHSIG = 1
PEOPLE: Final = 8
"""Trained at once: enough that a pass is seldom short of rows, few enough for memory."""


class JobCancelledError(PersonalizationError):
    """Somebody does not want this job any more."""


class Inbox:
    """Jobs as they come in, and which of them were cancelled. Filled by a thread of its own."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._jobs: queue.SimpleQueue[TrainJob] = queue.SimpleQueue()
        self._cancelled: set[str] = set()
        threading.Thread(target=self._read, name="inbox", daemon=True).start()

    def take(self) -> TrainJob:
        """The next job; waits for one."""
        return self._jobs.get()

    def take_all(self) -> list[TrainJob]:
        """The jobs that have come since; does not wait."""
        jobs = []
        with suppress(queue.Empty):
            while True:
                jobs.append(self._jobs.get_nowait())
        return jobs

    def is_cancelled(self, job_id: str) -> bool:
        return job_id in self._cancelled

    def _read(self) -> None:
        for line in self._source:
            message = decode_line(line)
            if isinstance(message, TrainJob):
                self._jobs.put(message)
            elif isinstance(message, str):
                self._cancelled.add(message)
        os._exit(0)  # the parent is done with us or dead; what is half-written is not in its place


Emit = Callable[[TrainProgress | TrainResult], None]


@dataclass(slots=True)
class _Task:
    """A job from taken to over."""

    job: TrainJob
    started: float = field(default_factory=time.monotonic)
    is_over: bool = False


class Worker:
    """Trains jobs in groups of up to ``people`` on one base model, which is on ``device``."""

    def __init__(
        self, inbox: Inbox, emit: Emit, *, people: int = PEOPLE, device: str = "auto"
    ) -> None:
        self._inbox = inbox
        self._emit = emit
        self._people = people
        self._device = device
        self._base: SharedBase | None = None
        self._base_path: str | None = None

    def serve(self) -> None:
        waiting: list[TrainJob] = []
        while True:
            if not waiting:
                waiting.append(self._inbox.take())
            first = _Task(waiting.pop(0))
            with self._ending(first):
                base = self._load(first)
                waiting += self._inbox.take_all()  # they came while we were loading
                self._run(base, [first, *map(_Task, self._taken_with(first.job, waiting))])

    def _taken_with(self, job: TrainJob, waiting: list[TrainJob]) -> list[TrainJob]:
        """Those of ``waiting`` that can be trained together with ``job``, which leave it."""
        alike = [j for j in waiting if (j.base_model, j.recipe) == (job.base_model, job.recipe)]
        taken = alike[: self._people - 1]
        waiting[:] = [other for other in waiting if all(other is not one for one in taken)]
        return taken

    def _run(self, base: SharedBase, tasks: Sequence[_Task]) -> None:
        """All to their ends; if they cannot be trained together, one by one."""
        if len(tasks) > 1:
            try:
                self._train(base, tasks)
            except Exception:
                log.exception("training %d people at once failed", len(tasks))
        for task in tasks:
            if not task.is_over:
                with self._ending(task):
                    self._train(base, [task])

    def _train(self, base: SharedBase, tasks: Sequence[_Task]) -> None:
        from bowerbird.personalization.training.curriculum import lesson
        from bowerbird.personalization.training.rows import PersonData, RowWriter
        from bowerbird.personalization.training.trainer import Group

        def on_step(person: int, stage: Stage, done: int, total: int) -> None:
            # The base itself was the first thing to load.
            before = 1 if stage == "loading" else 0
            self._report(tasks[person], stage, done + before, total + before)

        for task in tasks:
            with suppress(JobCancelledError):
                self._report(task, "loading", 1, 2)
        recipe = tasks[0].job.recipe
        fits = RowWriter(base.tokenizer, recipe).fits
        data = [
            PersonData()
            if task.is_over
            else lesson(task.job.examples, task.job.pairs, recipe, fits)
            for task in tasks
        ]
        with Group(base, len(tasks), recipe, spare=1) as group:
            trained = group.train(data, on_step)
            for person, task in enumerate(tasks):
                if not task.is_over:
                    with self._ending(task):
                        self._conclude(base, group, tasks, person, trained[person])

    def _conclude(
        self, base: SharedBase, group: Group, tasks: Sequence[_Task], person: int, trained: Trained
    ) -> None:
        """Judge one person's candidate and leave it where it is wanted."""
        from bowerbird.personalization.training import gate, gate_measures, restraint
        from bowerbird.personalization.training.rows import held_out_rows

        task, job = tasks[person], tasks[person].job
        if trained.error is not None and trained.is_finite:
            raise trained.error
        incumbent = len(tasks)
        neutral = base.neutral(job.examples[-1].turns)
        scale = restraint.restrain(base, person, neutral) if trained.is_finite else 1.0
        measured = partial(
            gate_measures.measure,
            base,
            person,
            examples=job.examples,
            held_out=held_out_rows(base, job),
            neutral=neutral,
            incumbent=incumbent if self._load_incumbent(base, incumbent, job) else None,
            is_finite=trained.is_finite,
            seed=job.recipe.seed,
            on_step=lambda done, total: self._report(task, "gate", done, total),
        )
        found = measured()
        for _ in range(restraint.MAX_WEAKER):
            if not gate.is_only_odd(found):
                break
            scale *= restraint.weaken(base, person)
            found = measured()
        verdict = gate.judge(found)
        verdict = replace(verdict, measurements={**verdict.measurements, "scale": scale})
        if verdict.is_accepted or job.keeps_rejected:
            save(group.weights(person), Path(job.candidate_dir), job.base_model)
        self._end(task, verdict, None)

    @contextmanager
    def _ending(self, task: _Task) -> Iterator[None]:
        """What is raised inside is how the task ended: one bad job does not spoil the others."""
        try:
            yield
            return
        except PersonalizationError as expected:
            error = str(expected)
        except MemoryError:
            error = "there was not enough memory to train"
        except OSError as expected:
            error = f"the adapter could not be written: {expected.strerror or expected}"
        except Exception as bug:
            log.exception("job %s failed", task.job.job_id)
            error = f"the training failed unexpectedly ({type(bug).__name__}); see the log"
        self._end(task, None, error)

    def _end(self, task: _Task, verdict: Verdict | None, error: str | None) -> None:
        if not task.is_over:
            task.is_over = True
            seconds = time.monotonic() - task.started
            self._emit(TrainResult(task.job.job_id, verdict, error, seconds))

    def _report(self, task: _Task, stage: str, done: int, total: int) -> None:
        if self._inbox.is_cancelled(task.job.job_id):
            self._end(task, None, "cancelled")
            raise JobCancelledError("cancelled")
        if not task.is_over:
            progress = TrainProgress(task.job.job_id, stage, done, total)  # type: ignore[arg-type]
            self._emit(progress)

    def _load(self, task: _Task) -> SharedBase:
        self._report(task, "loading", 0, 2)
        import torch

        from bowerbird.personalization.training.shared_base import SharedBase

        path = task.job.base_model
        if self._base is None or self._base_path != path:
            torch.set_num_threads(1)
            self._base, self._base_path = None, None  # the old one first, for its memory
            self._base, self._base_path = SharedBase(path, device=self._device), path
        return self._base

    def _load_incumbent(self, base: SharedBase, slot: int, job: TrainJob) -> bool:
        """A damaged incumbent is none: the candidate is then compared with the base."""
        if job.incumbent_dir is None:
            return False
        try:
            base.load(slot, Path(job.incumbent_dir))
        except AdapterError as error:
            log.warning("job %s: %s", job.job_id, error)
            return False
        return True


def save(weights: AdapterWeights, target: Path, base_model: str) -> None:
    """Write the candidate in PEFT's format: complete and on the disk, or absent."""
    from safetensors import SafetensorError

    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f"{target.name}.", suffix=".partial", dir=target.parent))
    try:
        try:
            weights.save(work, base_model=base_model)
        except SafetensorError as error:  # what safetensors makes of a full disk
            raise TrainingError(f"the adapter could not be written: {error}") from error
        work.chmod(0o755)
        for path in (*work.iterdir(), work):
            sync(path)
        if target.exists():
            shutil.rmtree(target)
        work.rename(target)
        sync(target.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _step_back() -> None:
    """Lowest priority, so that whoever answers people goes first."""
    process = psutil.Process()
    process.nice(psutil.IDLE_PRIORITY_CLASS if sys.platform == "win32" else 19)


def _die_with_parent() -> None:
    """Linux tells us of the parent's death even while we compute; elsewhere stdin's end does."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _own_stdout() -> Callable[[bytes], None]:
    """The real stdout for us alone; whatever a library prints goes to stderr."""
    descriptor = os.dup(1)
    os.dup2(2, 1)

    def write(data: bytes) -> None:
        while data:
            data = data[os.write(descriptor, data) :]

    return write


def main() -> None:
    logging.basicConfig(
        stream=sys.stderr, format="%(levelname)s %(message)s", level=logging.WARNING
    )
    _die_with_parent()
    _step_back()
    write = _own_stdout()
    parser = argparse.ArgumentParser(description="Started by Bowerbird; talks on standard input.")
    parser.add_argument("--people", type=int, default=PEOPLE, help="trained at once (%(default)s)")
    parser.add_argument("--device", default="auto", help="where the base model runs (%(default)s)")
    options = vars(parser.parse_args())
    inbox = Inbox(sys.stdin.buffer)
    Worker(inbox, lambda message: write(encode_line(message)), **options).serve()


if __name__ == "__main__":
    main()
