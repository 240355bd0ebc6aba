"""What the thread that computes asks of the machine for itself, leaving the process as it is.

Knows nothing of what is computed.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading

import torch

_NICENESS = 5  # so that the event loop's thread runs first


def settle(threads: int) -> None:
    """Compute the calling thread's operators with ``threads``, at a lower priority.

    ``torch.set_num_threads`` sets two things: OpenMP's number, which is the calling thread's own,
    and the one that threads which have not used torch yet will begin with. The latter is put back,
    from a thread of its own, so that whoever shares the process (a bot that loads us as a plugin)
    computes as before.
    """
    others = torch.get_num_threads()
    torch.set_num_threads(threads)
    restoring = threading.Thread(target=torch.set_num_threads, args=(others,))
    restoring.start()
    restoring.join()
    if sys.platform == "linux":  # a thread's own there; elsewhere the whole process's
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def default_threads() -> int:
    """All cores but one, which is the event loop's. ``OMP_NUM_THREADS`` has its say.

    OpenMP's threads spin between a pass's many small pieces: on every core they keep other
    processes from running, which makes them wait for each other, 10 to 50 times slower. Waiting
    passively costs more than a second thread gains (docs/LOG.md).
    """
    told = os.environ.get("OMP_NUM_THREADS", "")
    return int(told) if told.isdecimal() and int(told) > 0 else max(1, cores() - 1)


def cores() -> int:
    """Those this process may use, which in a container are fewer than there are."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS or Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 2
