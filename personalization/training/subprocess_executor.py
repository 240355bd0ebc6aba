"""The default ``TrainExecutor``: a low-priority process of its own for each run.

Contract: see ``executor``; besides, the worker stands still while ``is_busy()`` says that people
are being answered, though never for longer than ``MAX_PAUSE_S`` at a time, so that a busy chat
cannot starve it for ever. A worker that dies or falls silent is replaced once; the next one takes
one job at a time, the one it was at last, so that a deadly one takes no other with it. Secrets of
this process are kept from the worker.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from typing import Final

import psutil

from bowerbird.personalization.errors import TrainingError, TrainingInterruptedError
from bowerbird.personalization.training.executor import (
    TrainExecutor,
    TrainJob,
    TrainProgress,
    TrainResult,
)
from bowerbird.personalization.training.wire import (
    MAX_LINE_BYTES,
    decode_line,
    encode_cancel,
    encode_line,
)

log = logging.getLogger(__name__)

WORKER: Final = (sys.executable, "-m", "bowerbird.personalization.training.worker")

MAX_PAUSE_S: Final = 20.0
MIN_TURN_S: Final = 2.0
"""After a longest pause the worker gets so much time, whoever is being answered."""

SILENCE_S: Final = 900.0
"""No sign of life for so long of its own time: the worker hangs and is replaced."""

MAX_STARTS: Final = 2
ALONE: Final = ("--people", "1")
"""What the second worker is told, since one person's training may have ended a whole group's."""

_BUSY_POLL_S: Final = 0.05
_LAST_BREATH_S: Final = 2.0
_SECRETS: Final = ("DISCORD_TOKEN", "DATABASE_URL")
_ONE_THREAD: Final = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONUNBUFFERED": "1",
    # A step's activations are taken and given back again and again: from the heap, which keeps
    # them, in large pages, instead of from the system each time.
    "GLIBC_TUNABLES": ":".join(
        (
            "glibc.malloc.hugetlb=1",
            "glibc.malloc.mmap_threshold=4294967296",
            "glibc.malloc.trim_threshold=8589934592",
        )
    ),
}


def _never_busy() -> bool:
    return False


class SubprocessExecutor(TrainExecutor):
    """One run at a time; a second waits for the first."""

    def __init__(
        self,
        is_busy: Callable[[], bool] = _never_busy,
        *,
        command: Sequence[str] = WORKER,
        max_pause_s: float = MAX_PAUSE_S,
        min_turn_s: float = MIN_TURN_S,
        silence_s: float = SILENCE_S,
    ) -> None:
        self._is_busy = is_busy
        self._command = command
        self._max_pause_s = max_pause_s
        self._min_turn_s = min_turn_s
        self._silence_s = silence_s
        self._turn = asyncio.Lock()
        self._worker: _WorkerProcess | None = None
        self._left: dict[str, TrainJob] = {}  # of the run that has its turn
        self._cancelled: set[str] = set()  # of these
        self._is_closed = False

    @property
    def worker_pid(self) -> int | None:
        """The process that trains right now, if any."""
        return self._worker.pid if self._worker is not None else None

    async def run(
        self, jobs: Sequence[TrainJob]
    ) -> AsyncGenerator[TrainProgress | TrainResult, None]:
        async with self._turn:
            self._cancelled.clear()
            self._left = left = {job.job_id: job for job in jobs}
            for start in range(MAX_STARTS):
                if not left or self._is_closed:
                    break
                alone = () if start == 0 else ALONE
                self._worker = worker = await _WorkerProcess.start((*self._command, *alone))
                at: str | None = None
                pausing = asyncio.create_task(self._pause_while_busy(worker))
                try:
                    # First what nobody wants: by now, or any more since an earlier worker.
                    worker.send(b"".join(map(encode_cancel, self._cancelled & left.keys())))
                    worker.send(b"".join(encode_line(job) for job in left.values()))
                    while left:
                        message = await worker.receive(self._silence_s)
                        if message is None:
                            break
                        if isinstance(message, TrainResult):
                            left.pop(message.job_id, None)
                        at = message.job_id
                        yield message
                finally:
                    pausing.cancel()
                    self._worker = None
                    await worker.kill()
                if left and not self._is_closed:
                    log.warning(
                        "the training worker ended unexpectedly (%s), %d trainings left; %s",
                        worker.how_it_ended,
                        len(left),
                        "starting another" if start + 1 < MAX_STARTS else "giving up",
                    )
                if at in left:
                    left[at] = left.pop(at)
            if left and self._is_closed:
                raise TrainingInterruptedError("Bowerbird is closing")
            for job_id in left:
                error = f"the training process ended unexpectedly ({worker.how_it_ended})"
                yield TrainResult(job_id, None, error, 0.0)

    async def cancel(self, job_id: str) -> None:
        if job_id in self._left:
            self._cancelled.add(job_id)
            if self._worker is not None:
                self._worker.send(encode_cancel(job_id))

    async def aclose(self) -> None:
        self._is_closed = True
        if self._worker is not None:
            await self._worker.kill()

    async def _pause_while_busy(self, worker: _WorkerProcess) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_BUSY_POLL_S)
            if not self._is_busy():
                continue
            worker.pause()
            until = loop.time() + self._max_pause_s
            while self._is_busy() and loop.time() < until:  # noqa: ASYNC110  (a callable, no event)
                await asyncio.sleep(_BUSY_POLL_S)
            worker.resume()
            if self._is_busy():
                await asyncio.sleep(self._min_turn_s)


class _WorkerProcess:
    """One worker and its three pipes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._control = psutil.Process(process.pid)
        self._is_paused = False
        self._complaints = asyncio.create_task(self._log_stderr())

    @classmethod
    async def start(cls, command: Sequence[str]) -> _WorkerProcess:
        environment = {key: value for key, value in os.environ.items() if key not in _SECRETS}
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment | _ONE_THREAD,
                limit=MAX_LINE_BYTES,
                start_new_session=True,  # Ctrl-C is ours to handle
            )
        except OSError as error:
            raise TrainingError(f"the training process cannot be started: {error}") from error
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def how_it_ended(self) -> str:
        code = self._process.returncode
        return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"

    def send(self, data: bytes) -> None:
        """Buffered here until the worker reads; lost if it is gone, which ``receive`` will tell."""
        stdin = self._process.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(data)

    async def receive(self, silence_s: float) -> TrainProgress | TrainResult | None:
        """The next message; ``None`` if the worker died, hangs, or says what is no message."""
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101  (a pipe was asked for)
        while True:
            try:
                async with asyncio.timeout(silence_s):
                    line = await stdout.readline()
                message = decode_line(line) if line.endswith(b"\n") else None
            except TimeoutError:
                if self._is_paused:
                    continue
                log.warning("the training worker said nothing for %.0f s", silence_s)
                return None
            except ValueError as error:
                log.warning("the training worker said something unreadable: %s", error)
                return None
            if message is None or isinstance(message, (TrainProgress, TrainResult)):
                return message

    def pause(self) -> None:
        with suppress(psutil.Error):  # gone already
            self._control.suspend()
            self._is_paused = True

    def resume(self) -> None:
        with suppress(psutil.Error):
            self._control.resume()
        self._is_paused = False

    async def kill(self) -> None:
        stdout = self._process.stdout
        if stdout is not None and stdout.at_eof():
            # It is ending by itself. To signal it now would reap it behind asyncio's back
            # (`Popen.send_signal` polls first), and its exit code would be lost.
            with suppress(TimeoutError):
                async with asyncio.timeout(_LAST_BREATH_S):
                    await self._process.wait()
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()
        await self._complaints

    async def _log_stderr(self) -> None:
        """Drained as it comes: a full pipe would stop the worker."""
        stderr = self._process.stderr
        assert stderr is not None  # noqa: S101  (a pipe was asked for)
        rest = b""
        while chunk := await stderr.read(65_536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                log.info("worker: %s", line.decode(errors="replace"))
        if rest:
            log.info("worker: %s", rest.decode(errors="replace"))
