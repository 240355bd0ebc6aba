"""Threads are given to a busy neighbour and taken back; others keep their own number."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import torch

from bowerbird.personalization.generation import compute_thread
from bowerbird.personalization.generation.compute_thread import (
    Pace,
    cores,
    default_threads,
    one_thread,
    use,
)


class Clocks:
    wall_s = cpu_s = 0.0

    def pass_by(self, pace: Pace, seconds: float, *, share: float) -> int:
        """``seconds`` of computing in which the threads get ``share`` of their time."""
        pace.begin()
        self.wall_s += seconds
        self.cpu_s += seconds * share * pace.threads
        pace.end()
        return pace.threads


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    monkeypatch.setattr(compute_thread, "use", lambda *_: None)
    return Clocks()


def _pace(clocks: Clocks, most: int) -> Pace:
    return Pace(most, others=1, wall=lambda: clocks.wall_s, cpu=lambda: clocks.cpu_s)


def test_a_core_is_left_to_a_neighbour_and_asked_for_again(clocks: Clocks) -> None:
    pace = _pace(clocks, 2)
    assert [clocks.pass_by(pace, 0.2, share=0.99) for _ in range(10)] == [2] * 10
    assert clocks.pass_by(pace, 0.2, share=0.5) == 2, "too short to tell"
    for _ in range(3):
        clocks.pass_by(pace, 0.2, share=0.5)
    assert pace.threads == 1
    assert clocks.pass_by(pace, 10.0, share=1.0) == 1
    assert clocks.pass_by(pace, 30.0, share=1.0) == 2
    assert clocks.pass_by(pace, 1.0, share=0.75) == 1
    assert clocks.pass_by(pace, 40.0, share=1.0) == 1, "twice in vain, so it waits longer"
    assert clocks.pass_by(pace, 30.0, share=1.0) == 2
    assert clocks.pass_by(pace, 1.0, share=1.0) == 2
    assert clocks.pass_by(pace, 1.0, share=0.5) == 1
    assert clocks.pass_by(pace, 31.0, share=1.0) == 2, "it was quiet in between"


def test_as_many_threads_are_left_as_there_is_time_for(clocks: Clocks) -> None:
    assert clocks.pass_by(_pace(clocks, 16), 1.0, share=0.6) == 9


def test_a_single_thread_stays_whatever_happens(clocks: Clocks) -> None:
    pace = _pace(clocks, 1)
    assert clocks.pass_by(pace, 5.0, share=0.1) == 1


def test_other_threads_begin_with_the_number_they_would_have_had() -> None:
    before = torch.get_num_threads()
    seen: list[int] = []

    def compute() -> None:
        use(before + 2, before)
        seen.append(torch.get_num_threads())
        other = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
        other.start()
        other.join()

    computing = threading.Thread(target=compute)
    computing.start()
    computing.join()
    assert seen == [before + 2, before]
    assert torch.get_num_threads() == before


def test_one_thread_is_for_a_while() -> None:
    seen: list[int] = []

    def compute() -> None:
        torch.set_num_threads(3)
        with one_thread():
            seen.append(torch.get_num_threads())
        seen.append(torch.get_num_threads())

    before = torch.get_num_threads()
    computing = threading.Thread(target=compute)
    computing.start()
    computing.join()
    torch.set_num_threads(before)
    assert seen == [1, 3]


def test_a_containers_share_counts(tmp_path: Path) -> None:
    unlimited = cores(tmp_path)
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert cores(tmp_path) == unlimited
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    assert cores(tmp_path) == 1


def test_a_core_is_left_unless_somebody_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    for there_are, used in ((1, 1), (2, 1), (8, 7)):
        monkeypatch.setattr(compute_thread, "cores", lambda there_are=there_are: there_are)
        assert default_threads() == used
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    assert default_threads() == 8
    monkeypatch.setenv("OMP_NUM_THREADS", "4,2")
    assert default_threads() == 7
