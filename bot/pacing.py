"""When a streamed reply may be edited again: one budget per channel, shared by all its streams.

Contract: Discord's edit bucket is per channel. Its size is read from the rate-limit headers of the
edits themselves (`observe`, wired to aiohttp's tracing by our own client); where nobody can show
us headers (as a plugin in another bot) the time an edit took tells, because discord.py sleeps
inside the call that empties a bucket. Never sleeps itself; the last edit of a reply never asks.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace

import aiohttp

FIRST_GUESS_S = 1.2
SLOWEST_S = 10.0
_CHANNELS_KEPT = 1024
_EDIT_PATH = re.compile(r"/channels/(\d+)/messages/\d+$")


@dataclass(slots=True)
class _Budget:
    interval_s: float = FIRST_GUESS_S
    due_at: float = 0.0
    has_headers: bool = False
    waiting: dict[object, float] = field(default_factory=dict)
    """Streams with something new to show, and when each last had its turn."""


class EditPace:
    """The edit budgets of every channel. ``clock`` returns monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._budgets: OrderedDict[int, _Budget] = OrderedDict()

    def take(self, channel_id: int, stream: object) -> bool:
        """Whether this stream may edit now; the one that waited longest goes first."""
        budget, now = self._budget(channel_id), self._clock()
        budget.waiting.setdefault(stream, -1.0)
        if now < budget.due_at or min(budget.waiting, key=budget.waiting.__getitem__) != stream:
            return False
        budget.waiting[stream] = now
        budget.due_at = now + budget.interval_s
        return True

    def leave(self, channel_id: int, stream: object) -> None:
        """The stream is over and must not hold up the others."""
        self._budget(channel_id).waiting.pop(stream, None)

    def took(self, channel_id: int, seconds: float) -> None:
        """How long an edit call lasted: a long one slept in an empty bucket, so slow down."""
        budget = self._budget(channel_id)
        if budget.has_headers:
            return
        factor = 1.5 if seconds > FIRST_GUESS_S else 0.9
        budget.interval_s = min(max(budget.interval_s * factor, FIRST_GUESS_S), SLOWEST_S)
        budget.due_at = max(budget.due_at, self._clock() + budget.interval_s - seconds)

    def observe(self, channel_id: int, headers: Mapping[str, str]) -> None:
        """Spread what is left of the bucket over its time; one edit stays in hand for an ending."""
        try:
            remaining = int(headers["X-RateLimit-Remaining"])
            reset_after_s = float(headers["X-RateLimit-Reset-After"])
        except (KeyError, ValueError):
            return
        budget = self._budget(channel_id)
        budget.has_headers = True
        spare = remaining - 1
        budget.interval_s = reset_after_s / spare if spare > 0 else reset_after_s
        budget.due_at = self._clock() + budget.interval_s

    def trace(self) -> aiohttp.TraceConfig:
        """For ``Client(http_trace=…)``: shows us the headers that discord.py keeps to itself."""

        async def on_request_end(
            _session: aiohttp.ClientSession,
            _context: SimpleNamespace,
            params: aiohttp.TraceRequestEndParams,
        ) -> None:
            found = _EDIT_PATH.search(params.url.path)
            if params.method == "PATCH" and found:
                self.observe(int(found[1]), params.response.headers)

        config = aiohttp.TraceConfig()
        config.on_request_end.append(on_request_end)
        return config

    def _budget(self, channel_id: int) -> _Budget:
        budget = self._budgets.setdefault(channel_id, _Budget())
        self._budgets.move_to_end(channel_id)
        if len(self._budgets) > _CHANNELS_KEPT:
            self._budgets.popitem(last=False)
        return budget
