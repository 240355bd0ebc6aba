"""Who is next: people take turns, however much each of them asks for.

First the person with the fewest replies running, then whoever was served longest ago; one person's
own requests in order. Knows nothing of what is queued; not thread-safe.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterator, Mapping
from typing import Generic, TypeVar

Owner = TypeVar("Owner", bound=Hashable)
Item = TypeVar("Item")


class FairQueue(Generic[Owner, Item]):
    """Bounded by whoever fills it."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[Owner, deque[Item]] = OrderedDict()

    def __len__(self) -> int:
        return sum(len(items) for items in self._waiting.values())

    def __iter__(self) -> Iterator[Item]:
        return iter([item for items in self._waiting.values() for item in items])

    def add(self, owner: Owner, item: Item) -> None:
        self._waiting.setdefault(owner, deque()).append(item)

    def remove(self, owner: Owner, item: Item) -> bool:
        """Whether it was there."""
        items = self._waiting.get(owner)
        if items is None or item not in items:
            return False
        items.remove(item)
        if not items:
            del self._waiting[owner]
        return True

    def pop(self, running: Mapping[Owner, int]) -> Item:
        """The next item; ``running``: replies each owner has going. ``IndexError`` if empty."""
        if not self._waiting:
            raise IndexError("nobody is waiting")
        owner = min(self._waiting, key=lambda one: running.get(one, 0))  # the first of equals
        items = self._waiting[owner]
        item = items.popleft()
        if items:
            self._waiting.move_to_end(owner)
        else:
            del self._waiting[owner]
        return item
