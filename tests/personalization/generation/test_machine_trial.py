"""What a trial says is what is done, and it is asked once for each machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from bowerbird.personalization.generation import machine_trial

WIDE, NARROW = torch.float32, torch.bfloat16


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[torch.dtype]]:
    """What was tried, on a machine where float32 is twice as fast."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    tried: list[torch.dtype] = []

    def time(layers: object, x: torch.Tensor) -> float:
        tried.append(x.dtype)
        return 1e-9 if x.dtype is WIDE else 2e-9

    monkeypatch.setattr(machine_trial, "_time", time)
    machine_trial._try.cache_clear()
    yield tried
    machine_trial._try.cache_clear()


def test_the_faster_format_is_taken_and_float32_if_it_hardly_matters() -> None:
    assert machine_trial.decide({WIDE: 0.010, NARROW: 0.005}) is NARROW
    assert machine_trial.decide({WIDE: 0.010, NARROW: 0.0095}) is WIDE
    assert machine_trial.decide({WIDE: 0.010, NARROW: 0.030}) is WIDE


def test_a_processor_that_multiplies_bfloat16_in_software_is_not_tried_in_it(
    monkeypatch: pytest.MonkeyPatch, tried: list[torch.dtype]
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    assert machine_trial.settle("auto", "cpu", 1).dtype is WIDE
    assert not tried


def test_everything_is_tried_once_a_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tried: list[torch.dtype]
) -> None:
    file = tmp_path / "trial.json"
    first = machine_trial.settle("auto", "cpu", None, file)
    assert first.dtype is WIDE
    assert "float32 0.0 ms, bfloat16 0.0 ms" in first.reason
    assert set(tried) == {WIDE, NARROW}
    tried.clear()
    machine_trial._try.cache_clear()  # as after a restart
    assert machine_trial.settle("auto", "cpu", None, file) == first
    assert not tried
    file.write_text("{", "utf-8")
    assert machine_trial.settle("auto", "cpu", None, file) == first
    assert tried
    tried.clear()
    machine_trial._try.cache_clear()
    monkeypatch.setattr(machine_trial, "_machine", lambda: "another")
    machine_trial.settle("auto", "cpu", None, file)
    assert tried


def test_what_was_tried_beside_a_busy_neighbour_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tried: list[torch.dtype]
) -> None:
    file = tmp_path / "trial.json"
    monkeypatch.setattr("time.process_time", lambda: 0.0)
    machine_trial.settle("auto", "cpu", None, file)
    assert not file.exists()
    machine_trial.settle("auto", "cpu", None, file)
    assert tried


def test_one_thread_tries(monkeypatch: pytest.MonkeyPatch, tried: list[torch.dtype]) -> None:
    used = []

    def time(layers: object, x: torch.Tensor) -> float:
        used.append(torch.get_num_threads())
        return 1.0

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    monkeypatch.setattr(machine_trial, "_time", time)
    try:
        assert machine_trial.settle("auto", "cpu", 2).threads == 2
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert set(used) == {1}


def test_what_is_set_is_not_tried(tried: list[torch.dtype]) -> None:
    assert machine_trial.settle("bfloat16", "cpu", 1).dtype is NARROW
    assert machine_trial.settle("float32", "cpu", 3).threads == 3
    choice = machine_trial.settle("int8", "cpu", 2)
    assert (choice.threads, choice.is_int8) == (2, True)
    assert not tried
