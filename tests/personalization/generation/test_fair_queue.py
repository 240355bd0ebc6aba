"""Taking turns."""

from __future__ import annotations

from collections import Counter

import pytest

from bowerbird.personalization.generation.fair_queue import FairQueue


def _drain(queue: FairQueue[str, str], running: dict[str, int] | None = None) -> list[str]:
    return [queue.pop(running or {}) for _ in range(len(queue))]


def test_people_take_turns_however_much_they_ask() -> None:
    queue: FairQueue[str, str] = FairQueue()
    for i in range(3):
        queue.add("greedy", f"g{i}")
    queue.add("alice", "a0")
    queue.add("bob", "b0")
    assert len(queue) == 5
    assert _drain(queue) == ["g0", "a0", "b0", "g1", "g2"]


def test_who_has_nothing_running_comes_first() -> None:
    queue: FairQueue[str, str] = FairQueue()
    queue.add("busy", "x")
    queue.add("idle", "y")
    assert queue.pop(Counter(busy=1)) == "y"
    assert queue.pop(Counter(busy=1)) == "x"
    with pytest.raises(IndexError):
        queue.pop({})


def test_removing() -> None:
    queue: FairQueue[str, str] = FairQueue()
    queue.add("a", "1")
    queue.add("a", "2")
    assert queue.remove("a", "1")
    assert not queue.remove("a", "1")
    assert not queue.remove("nobody", "1")
    assert list(queue) == ["2"]
    assert queue.remove("a", "2")
    assert len(queue) == 0
