"""When a streamed reply may be shown, and edited again: one budget for all streams of a channel.

Contract: Discord's edit bucket is per channel. Its size and time are read from the rate-limit
headers of the edits themselves (`observe`, wired to aiohttp's tracing by our own client); where
nobody can show us headers (as a plugin in another bot) the time an edit took tells, because
discord.py sleeps inside the call that empties a bucket. Never sleeps itself. The last edit of a
reply never asks, and need not wait: one edit of each window is kept for every reply that grows. So
only as many grow at a time as there are edits, less one to grow with; in a crowd the others are
shown when one of those is over, or whole. First words go before further words: nobody's reply grows
while another one waits to be shown at all.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace

import aiohttp

FIRST_GUESS_S = 1.2
SLOWEST_S = 10.0
USUAL_LIMIT = 5
USUAL_WINDOW_S = 5.0
WAITS_FOR_S = 1.0
"""A stream that has not asked for so long has no words at the moment, and keeps nobody waiting."""
_CHANNELS_KEPT = 1024
_EDIT_PATH = re.compile(r"/channels/(\d+)/messages/\d+$")


@dataclass(slots=True)
class _Budget:
    limit: int = USUAL_LIMIT
    window_s: float = USUAL_WINDOW_S
    slowest_s: float = FIRST_GUESS_S
    """At least so long between two steps; learnt from how long edits take without headers."""
    due_at: float = 0.0
    has_headers: bool = False
    growing: dict[object, float] = field(default_factory=dict)
    """Streams that are being shown, and when each last had its turn."""
    waiting: dict[object, float] = field(default_factory=dict)
    """Streams of which nothing is shown yet, and when each last wanted to be."""
    edits: deque[float] = field(default_factory=deque)
    """When there were edits, within the last window."""

    def spare(self, now: float) -> int:
        """How many edits there may be now besides the endings of all that grow."""
        while self.edits and self.edits[0] <= now - self.window_s:
            self.edits.popleft()
        return self.limit - len(self.edits) - len(self.growing)

    def is_awaited(self, now: float) -> bool:
        """Whether somebody waits for the first words of a reply."""
        return any(now - asked_at < WAITS_FOR_S for asked_at in self.waiting.values())

    @property
    def interval_s(self) -> float:
        """Between two steps, of whichever streams."""
        return max(self.window_s / max(self.limit - len(self.growing), 1), self.slowest_s)


class EditPace:
    """The edit budgets of every channel. ``clock`` returns monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._budgets: OrderedDict[int, _Budget] = OrderedDict()

    def begin(self, channel_id: int, stream: object) -> bool:
        """Whether this stream may be shown before it is over."""
        budget, now = self._budget(channel_id), self._clock()
        if stream in budget.growing:
            return True
        if budget.spare(now) < 1 or len(budget.growing) >= max(budget.limit - 1, 1):
            budget.waiting[stream] = now
            return False
        budget.waiting.pop(stream, None)
        budget.growing[stream] = now
        return True

    def take(self, channel_id: int, stream: object) -> bool:
        """Whether this stream, which was begun, may edit now; who waited longest goes first."""
        budget, now = self._budget(channel_id), self._clock()
        budget.growing.setdefault(stream, -1.0)
        if now < budget.due_at or budget.spare(now) < 1 or budget.is_awaited(now):
            return False
        if min(budget.growing, key=budget.growing.__getitem__) != stream:
            return False
        budget.growing[stream] = now
        budget.due_at = now + budget.interval_s
        return True

    def leave(self, channel_id: int, stream: object) -> None:
        """The stream is over and must not hold up the others."""
        budget = self._budget(channel_id)
        budget.growing.pop(stream, None)
        budget.waiting.pop(stream, None)

    def edits(self, channel_id: int) -> None:
        """There is an edit now, a step or an ending."""
        self._budget(channel_id).edits.append(self._clock())

    def took(self, channel_id: int, seconds: float) -> None:
        """How long an edit call lasted: a long one slept in an empty bucket, so slow down."""
        budget = self._budget(channel_id)
        if budget.has_headers:
            return
        factor = 1.5 if seconds > FIRST_GUESS_S else 0.9
        budget.slowest_s = min(max(budget.slowest_s * factor, FIRST_GUESS_S), SLOWEST_S)
        budget.due_at = max(budget.due_at, self._clock() + budget.slowest_s - seconds)

    def observe(self, channel_id: int, headers: Mapping[str, str]) -> None:
        """Learn the bucket's size and time. Somebody else may have used a part of it."""
        try:
            limit = int(headers["X-RateLimit-Limit"])
            remaining = int(headers["X-RateLimit-Remaining"])
            reset_after_s = float(headers["X-RateLimit-Reset-After"])
        except (KeyError, ValueError):
            return
        budget, now = self._budget(channel_id), self._clock()
        budget.has_headers, budget.limit, budget.slowest_s = True, max(limit, 1), 0.0
        if remaining == limit - 1:  # the first edit of a window tells how long one is
            budget.window_s = reset_after_s
        if remaining <= len(budget.growing):
            budget.due_at = max(budget.due_at, now + reset_after_s)
        else:
            budget.due_at = max(budget.due_at, now + budget.interval_s)

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
