"""Keys and values of finished replies, so that a conversation's next turn reads only what is new.

Contract: nobody is ever given another person's values, nor another adapter version's: a lease is
for one owner and one adapter, and finds only what the same two kept. ``drop`` leaves nothing of a
person, also not of replies still running: their leases keep nothing any more. Bounded in bytes,
entries a person and age. What was generated may be tokenised otherwise when it comes back as part
of a prompt, so the longest common beginning is what counts (as in SGLang's radix cache, Zheng et
al. 2024, without the tree: a person has few conversations). Safe from any thread. Knows no model:
values are tensors ``[…, tokens, width]``, whatever the cache that reads and writes them.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from weakref import WeakSet

from torch import Tensor

from bowerbird.personalization.types import AdapterRef

Person = tuple[int, int]

_ENTRIES_PER_PERSON = 4  # conversations; who talks more must not push everybody out
_MAX_IDLE_S = 900.0  # words that nobody goes on with are not kept in memory for ever


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    key: tuple[Person, AdapterRef | None]
    ids: tuple[int, ...]
    values: Tensor
    used_at: float

    @property
    def bytes(self) -> int:
        return self.values.numel() * self.values.element_size()


@dataclass(slots=True, eq=False, weakref_slot=True)
class PrefixLease:
    """One request's right to find and keep. Revoked by ``PrefixCache.drop``."""

    cache: PrefixCache
    owner: Person
    adapter: AdapterRef | None
    is_revoked: bool = field(default=False, init=False)

    def is_shared_with(self, other: PrefixLease) -> bool:
        """Whether what one has read the other may use while both are running."""
        is_same = (self.owner, self.adapter) == (other.owner, other.adapter)
        return is_same and not (self.is_revoked or other.is_revoked)

    def find(self, ids: Sequence[int]) -> tuple[int, Tensor] | None:
        """How many of the first ``ids`` are known, and values of as many tokens or more."""
        return self.cache.find(self, ids)

    def keep(self, ids: Sequence[int], size: int, read: Callable[[], Tensor]) -> None:
        """Remember what ``read`` gives, ``size`` bytes for all of ``ids``, if it may and fits."""
        self.cache.keep(self, ids, size, read)


class PrefixCache:
    """At most ``capacity_bytes``; with 0 it keeps nothing."""

    def __init__(self, capacity_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.capacity_bytes = capacity_bytes
        self.bytes = 0
        self.hits = self.misses = self.hit_tokens = 0
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[_Entry, None] = OrderedDict()  # least recently used first
        self._leases: WeakSet[PrefixLease] = WeakSet()

    def __len__(self) -> int:
        return len(self._entries)

    def lease(self, owner: Person, adapter: AdapterRef | None) -> PrefixLease:
        lease = PrefixLease(self, owner, adapter)
        with self._lock:
            self._leases.add(lease)
        return lease

    def drop(self, scope_id: int, user_id: int) -> None:
        """Forget a person: what they asked, and what was said with an adapter of theirs."""
        person = (scope_id, user_id)
        with self._lock:
            for lease in self._leases:
                lease.is_revoked |= _is_of(person, (lease.owner, lease.adapter))
            self._remove_where(lambda entry: _is_of(person, entry.key))

    def expire(self) -> None:
        """Forget what nobody went on with for a quarter of an hour."""
        oldest = self._clock() - _MAX_IDLE_S
        with self._lock:
            self._remove_where(lambda entry: entry.used_at < oldest)

    def clear(self) -> None:
        with self._lock:
            for lease in self._leases:
                lease.is_revoked = True
            self._remove_where(lambda _: True)

    def find(self, lease: PrefixLease, ids: Sequence[int]) -> tuple[int, Tensor] | None:
        with self._lock:
            known, best = 0, None
            if not lease.is_revoked:
                for entry in self._entries:
                    if entry.key == (lease.owner, lease.adapter):
                        length = common_length(entry.ids, ids)
                        # Of equals the newest: what all have in common keeps no old words alive.
                        if length and length >= known:
                            known, best = length, entry
            if best is None:
                self.misses += 1
                return None
            self.hits += 1
            self.hit_tokens += known
            self._remove(best)
            self._insert(_Entry(best.key, best.ids, best.values, self._clock()))
            return known, best.values

    def keep(
        self, lease: PrefixLease, ids: Sequence[int], size: int, read: Callable[[], Tensor]
    ) -> None:
        if size > self.capacity_bytes or not ids:
            return
        known = tuple(ids)
        with self._lock:
            if lease.is_revoked:
                return
            key = (lease.owner, lease.adapter)
            # The conversation that goes on, and whatever an older version of the adapter said.
            self._remove_where(
                lambda entry: (
                    _is_outdated(entry.key[1], lease.adapter)
                    or (entry.key == key and common_length(entry.ids, known) == len(entry.ids))
                )
            )
            own = [entry for entry in self._entries if entry.key[0] == lease.owner]
            for entry in own[: max(0, len(own) - _ENTRIES_PER_PERSON + 1)]:
                self._remove(entry)
            while self._entries and self.bytes + size > self.capacity_bytes:
                self._remove(next(iter(self._entries)))
        # Copying takes milliseconds, which nobody else must wait for; only one thread keeps.
        entry = _Entry(key, known, read(), self._clock())
        with self._lock:
            if not lease.is_revoked:
                self._insert(entry)

    def _insert(self, entry: _Entry) -> None:
        self._entries[entry] = None
        self.bytes += entry.bytes

    def _remove(self, entry: _Entry) -> None:
        del self._entries[entry]
        self.bytes -= entry.bytes

    def _remove_where(self, condition: Callable[[_Entry], bool]) -> None:
        for entry in [entry for entry in self._entries if condition(entry)]:
            self._remove(entry)


def common_length(first: Sequence[int], second: Sequence[int]) -> int:
    """Tokens that two sequences have in common from the start."""
    length = min(len(first), len(second))
    for i in range(length):
        if first[i] != second[i]:
            return i
    return length


def _is_of(person: Person, key: tuple[Person, AdapterRef | None]) -> bool:
    owner, adapter = key
    return owner == person or (
        adapter is not None and (adapter.scope_id, adapter.user_id) == person
    )


def _is_outdated(adapter: AdapterRef | None, by: AdapterRef | None) -> bool:
    return (
        adapter is not None
        and by is not None
        and (adapter.scope_id, adapter.user_id) == (by.scope_id, by.user_id)
        and adapter.version < by.version
    )
