"""Discord's rate limits: buckets per route and major parameter, and the global one.

Contract: `RateLimiter.take` counts a request and says which headers it gets and, when it is one too
many, how long to wait. Windows are fixed and start with their first request, as Discord's do. The
figures Discord publishes nowhere are those bot authors measure; `RateLimits` holds them all.
Source: https://discord.com/developers/docs/topics/rate-limits
"""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass, field, fields


@dataclass(frozen=True, slots=True)
class Limit:
    count: int
    per_s: float


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Requests per window, by kind of route."""

    send: Limit = Limit(5, 5.0)
    edit: Limit = Limit(5, 5.0)
    delete: Limit = Limit(5, 1.0)
    react: Limit = Limit(1, 0.25)
    typing: Limit = Limit(5, 5.0)
    threads: Limit = Limit(50, 300.0)
    webhook: Limit = Limit(5, 2.0)
    commands: Limit = Limit(200, 60.0)
    other: Limit = Limit(10, 1.0)
    everything: Limit = Limit(50, 1.0)

    @classmethod
    def generous(cls) -> RateLimits:
        """Limits no test runs into; the headers are still sent."""
        return cls(**{entry.name: Limit(10_000, 1.0) for entry in fields(cls)})


@dataclass(slots=True)
class _Window:
    ends_at: float
    used: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """The outcome for one request. `retry_after_s` is set when it must be refused with 429."""

    headers: dict[str, str]
    retry_after_s: float | None = None
    is_global: bool = False


@dataclass(slots=True)
class RateLimiter:
    limits: RateLimits = field(default_factory=RateLimits)
    _windows: dict[tuple[str, ...], _Window] = field(default_factory=dict)

    def take(self, kind: str, owner: str, major: str, *, counts_globally: bool = True) -> Taken:
        """`kind` names a field of `RateLimits`, `owner` the bot, `major` the channel or such."""
        self._forget_ended()
        if counts_globally:
            overall = self._use(("everything", owner), self.limits.everything)
            if overall.used > self.limits.everything.count:
                wait_s = _left(overall)
                return Taken(_retry_headers(wait_s, "global"), wait_s, is_global=True)
        limit: Limit = getattr(self.limits, kind)
        window = self._use((kind, owner, major), limit)
        wait_s = _left(window)
        headers = {
            "X-RateLimit-Limit": str(limit.count),
            "X-RateLimit-Remaining": str(max(0, limit.count - window.used)),
            "X-RateLimit-Reset": f"{time.time() + wait_s:.3f}",
            "X-RateLimit-Reset-After": f"{wait_s:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(kind.encode()).hexdigest()[:32],
        }
        if window.used > limit.count:
            return Taken(headers | _retry_headers(wait_s, "user"), wait_s)
        return Taken(headers)

    def _use(self, key: tuple[str, ...], limit: Limit) -> _Window:
        now = time.monotonic()
        window = self._windows.get(key)
        if window is None or window.ends_at <= now:
            window = self._windows[key] = _Window(now + limit.per_s)
        window.used += 1
        return window

    def _forget_ended(self) -> None:
        if len(self._windows) > 1000:
            now = time.monotonic()
            self._windows = {k: w for k, w in self._windows.items() if w.ends_at > now}


def _left(window: _Window) -> float:
    # Rounded up, so that a client which waits exactly this long is never early.
    return math.ceil((window.ends_at - time.monotonic()) * 1000 + 1) / 1000


def _retry_headers(wait_s: float, scope: str) -> dict[str, str]:
    headers = {"Retry-After": str(math.ceil(wait_s)), "X-RateLimit-Scope": scope}
    return headers | ({"X-RateLimit-Global": "true"} if scope == "global" else {})
