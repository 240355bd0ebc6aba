"""The process that trains: jobs in on stdin, progress and results out on stdout.

``python -m bowerbird.personalization.training.worker``. Contract: lowest priority, one thread;
ends at once when stdin ends or its parent dies; a candidate is written beside its place, synced
and renamed, so that it is complete or absent whatever happens; one bad job does not spoil the
others; no text is written anywhere. Knows no database and nothing of who is published.
"""

from __future__ import annotations

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
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import psutil

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

log = logging.getLogger("bowerbird.training.worker")

_PR_SET_PDEATHSIG = 1
_CANDIDATE, _INCUMBENT = 0, 1


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
        return self._jobs.get()

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


class Worker:
    """Runs one job after the other on one base model."""

    def __init__(self, inbox: Inbox, emit: Emit) -> None:
        self._inbox = inbox
        self._emit = emit
        self._base: SharedBase | None = None
        self._base_path: str | None = None

    def serve(self) -> None:
        while True:
            job = self._inbox.take()
            started = time.monotonic()
            verdict, error = None, None
            try:
                verdict = self._run(job)
            except PersonalizationError as expected:
                error = str(expected)
            except MemoryError:
                error = "there was not enough memory to train"
            except OSError as expected:
                error = f"the adapter could not be written: {expected.strerror or expected}"
            except Exception as bug:  # one bad job does not spoil the others
                log.exception("job %s failed", job.job_id)
                error = f"the training failed unexpectedly ({type(bug).__name__}); see the log"
            self._emit(TrainResult(job.job_id, verdict, error, time.monotonic() - started))

    def _run(self, job: TrainJob) -> Verdict:
        def report(stage: str, done: int, total: int) -> None:
            if self._inbox.is_cancelled(job.job_id):
                raise JobCancelledError("cancelled")
            self._emit(TrainProgress(job.job_id, stage, done, total))  # type: ignore[arg-type]

        training = [example for example in job.examples if not example.is_held_out]
        held_out = [example for example in job.examples if example.is_held_out]
        # The base, its neutral replies, then each example scored, those to train on twice.
        total = 2 + len(held_out) + 2 * len(training)
        report("loading", 0, total)

        from bowerbird.personalization.training import gate, trainer  # seconds: torch

        def loaded(before: int) -> trainer.OnStep:
            return lambda done, _: report("loading", before + done, total)

        base = self._load(job.base_model)
        report("loading", 1, total)
        neutral = base.neutral(tuple(t for t in job.examples[-1].turns if t.role == "system"))
        max_tokens = job.recipe.max_tokens
        held_out_rows = trainer.rows_of(base, held_out, max_tokens, loaded(2))
        rows = trainer.rows_of(base, training, max_tokens, loaded(2 + len(held_out)))
        scored = total - len(training)
        mismatches = trainer.mismatches_of(base, rows, neutral, loaded(scored))
        report("loading", total, total)
        recipe = job.recipe
        with base.adapters(count=2, rank=recipe.rank, targets=recipe.targets) as slots:
            trained = trainer.train(
                base,
                _CANDIDATE,
                rows,
                neutral,
                recipe,
                mismatches,
                lambda done, total: report("training", done, total),
            )
            found = gate.measure(
                base,
                _CANDIDATE,
                training=training,
                held_out=held_out_rows,
                neutral=neutral,
                incumbent=_INCUMBENT if self._load_incumbent(base, job) else None,
                is_finite=trained.is_finite,
                seed=recipe.seed,
                on_step=lambda done, total: report("gate", done, total),
            )
            verdict = gate.judge(found)
            if verdict.is_accepted or job.keeps_rejected:
                weights = slots.read(_CANDIDATE, alpha=recipe.alpha)
                save(weights, Path(job.candidate_dir), job.base_model)
        return verdict

    def _load(self, path: str) -> SharedBase:
        import torch

        from bowerbird.personalization.training.shared_base import SharedBase

        if self._base is None or self._base_path != path:
            torch.set_num_threads(1)
            self._base, self._base_path = None, None  # the old one first, for its memory
            self._base, self._base_path = SharedBase(path), path
        return self._base

    def _load_incumbent(self, base: SharedBase, job: TrainJob) -> bool:
        """A damaged incumbent is none: the candidate is then compared with the base."""
        if job.incumbent_dir is None:
            return False
        try:
            base.load(_INCUMBENT, Path(job.incumbent_dir))
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
            _sync(path)
        if target.exists():
            shutil.rmtree(target)
        work.rename(target)
        _sync(target.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open directories
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
    inbox = Inbox(sys.stdin.buffer)
    Worker(inbox, lambda message: write(encode_line(message))).serve()


if __name__ == "__main__":
    main()
