"""What the thread that computes asks of the machine for itself, leaving the process as it is.

Knows nothing of what is computed.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

_NICENESS = 5  # so that the event loop's thread runs first
_WINDOW_S = 0.5  # of computing, until it is clear whether somebody else needs a core
BUSY_SHARE = 0.85  # of their time that threads get when nobody does: they spin as they wait
_RETRY_S = 30.0  # the first time; twice as long each time that it was in vain
_LONGEST_RETRY_S = 3600.0


def settle(threads: int) -> Pace:
    """Compute the calling thread's operators with ``threads``, at a lower priority."""
    pace = Pace(threads, others=torch.get_num_threads())
    if sys.platform == "linux":  # a thread's own there; elsewhere the whole process's
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
    return pace


def use(threads: int, others: int) -> None:
    """Compute the calling thread's operators with ``threads``.

    ``torch.set_num_threads`` sets two things: OpenMP's number, which is the calling thread's own,
    and the one that threads which have not used torch yet will begin with. The latter is put back
    to ``others``, from a thread of its own, so that whoever shares the process (a bot that loads us
    as a plugin) computes as before.
    """
    torch.get_num_threads()  # a thread's first question of it would undo what was set before
    torch.set_num_threads(threads)
    restoring = threading.Thread(target=torch.set_num_threads, args=(others,))
    restoring.start()
    restoring.join()


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Compute what is inside with the calling thread alone.

    A second thread that computes with several brings OpenMP's threads above the number of cores,
    after which they all sleep instead of spinning, those of the thread that generates as well.
    """
    before = torch.get_num_threads()
    if before > 1:
        use(1, before)
    try:
        yield
    finally:
        if before > 1:
            use(before, before)


class Pace:
    """Leaves cores to busy neighbours, for a while.

    OpenMP's threads spin between a pass's many small pieces and wait for the slowest: with a
    neighbour on one of their cores a step takes 10 to 50 times as long, and fewer threads are much
    faster. Undisturbed threads use all of their time, so what is missing of it tells how many.
    """

    def __init__(
        self,
        most: int,
        *,
        others: int,
        wall: Callable[[], float] = time.perf_counter,
        cpu: Callable[[], float] = time.process_time,
    ) -> None:
        self.threads = self._most = most
        self._others = others
        self._wall, self._cpu = wall, cpu
        self._began = (0.0, 0.0)
        self._spent_wall_s = self._spent_cpu_s = 0.0
        self._retry_at = 0.0
        self._retry_s = _RETRY_S
        use(most, others)

    def begin(self) -> None:
        """Something is computed from now on, until ``end``."""
        self._began = (self._wall(), self._cpu())

    def end(self) -> None:
        if self._most == 1:
            return
        now = self._wall()
        if self.threads < self._most:
            if now >= self._retry_at:
                self._change(self._most)
            return
        self._spent_wall_s += now - self._began[0]
        self._spent_cpu_s += self._cpu() - self._began[1]
        if self._spent_wall_s < _WINDOW_S:
            return
        got = self._spent_cpu_s / self._spent_wall_s  # threads' worth of time
        if got < BUSY_SHARE * self.threads:
            self._retry_at = now + self._retry_s
            self._retry_s = min(2 * self._retry_s, _LONGEST_RETRY_S)
            self._change(max(1, min(int(got), self._most - 1)))
        else:
            self._retry_s = _RETRY_S
        self._spent_wall_s = self._spent_cpu_s = 0.0

    def _change(self, threads: int) -> None:
        self.threads = threads
        use(threads, self._others)


def default_threads() -> int:
    """What ``OMP_NUM_THREADS`` says, or one for each core but the one left to everybody else.

    With a neighbour on one of their cores all threads wait for each other (``Pace``), and the event
    loop is such a neighbour.
    """
    told = os.environ.get("OMP_NUM_THREADS", "")
    return int(told) if told.isdecimal() and int(told) > 0 else max(1, cores() - 1)


def cores(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Those this process may use, which in a container are fewer than there are."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS or Windows
    count = len(affinity(0)) if affinity else os.cpu_count() or 2
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()  # "max" where there is no limit
        return max(1, min(count, int(quota) // int(period)))
    except (OSError, ValueError):
        return count
