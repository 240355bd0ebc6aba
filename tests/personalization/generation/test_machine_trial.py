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
    """What was tried, on a machine of two cores where float32 is twice as fast."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    monkeypatch.setattr(machine_trial, "cores", lambda: 2)
    tried: list[torch.dtype] = []

    def time(layers: object, x: torch.Tensor) -> float:
        tried.append(x.dtype)
        return 1e-9 if x.dtype is WIDE else 2e-9

    monkeypatch.setattr(machine_trial, "_time", time)
    machine_trial._try.cache_clear()
    yield tried
    machine_trial._try.cache_clear()


def test_the_faster_format_is_taken_and_float32_if_it_hardly_matters() -> None:
    assert machine_trial.decide({(WIDE, 1): 0.010, (NARROW, 1): 0.005}).dtype is NARROW
    assert machine_trial.decide({(WIDE, 1): 0.010, (NARROW, 1): 0.0095}).dtype is WIDE
    choice = machine_trial.decide({(WIDE, 1): 0.010, (NARROW, 1): 0.030})
    assert choice.dtype is WIDE
    assert "float32 × 1 10.0 ms" in choice.reason
    assert "bfloat16 × 1 30.0 ms" in choice.reason


def test_the_event_loops_core_is_taken_only_if_it_is_worth_it() -> None:
    seconds = {(WIDE, 1): 0.020, (WIDE, 2): 0.011, (NARROW, 1): 0.010, (NARROW, 2): 0.006}
    assert machine_trial.decide(seconds).threads == 2
    assert machine_trial.decide(seconds | {(NARROW, 2): 0.009}).threads == 1


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
    assert (first.dtype, first.threads) == (WIDE, 1)
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


def test_what_is_hopeless_is_tried_once(
    monkeypatch: pytest.MonkeyPatch, tried: list[torch.dtype]
) -> None:
    used = []
    monkeypatch.setattr(machine_trial, "use", lambda threads, _: used.append(threads))

    def time(layers: object, x: torch.Tensor) -> float:
        tried.append(x.dtype)
        return 1.0 if used[-1] == 2 else 0.01

    monkeypatch.setattr(machine_trial, "_time", time)
    assert machine_trial.settle("auto", "cpu", None).threads == 1
    assert len(tried) == 2 * machine_trial._TURNS + 2


def test_what_is_set_is_not_tried(
    monkeypatch: pytest.MonkeyPatch, tried: list[torch.dtype]
) -> None:
    assert machine_trial.settle("bfloat16", "cpu", 1).dtype is NARROW
    assert machine_trial.settle("float32", "cpu", 3).threads == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    choice = machine_trial.settle("int8", "cpu", None)
    assert (choice.threads, choice.is_int8) == (2, True)
    assert not tried
