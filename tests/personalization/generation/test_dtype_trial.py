"""bfloat16 is used where it is faster, not where it is merely there."""

from __future__ import annotations

import pytest
import torch

from bowerbird.personalization.generation import dtype_trial

CPU = torch.device("cpu")


def test_the_faster_one_is_taken_and_float32_if_it_hardly_matters() -> None:
    assert dtype_trial.decide(float32_s=0.010, bfloat16_s=0.005).dtype is torch.bfloat16
    assert dtype_trial.decide(float32_s=0.010, bfloat16_s=0.0095).dtype is torch.float32
    trial = dtype_trial.decide(float32_s=0.010, bfloat16_s=0.030)
    assert trial.dtype is torch.float32
    assert "10.0 ms" in trial.reason
    assert "30.0 ms" in trial.reason


def test_a_processor_that_multiplies_bfloat16_in_software_is_not_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    monkeypatch.setattr(dtype_trial, "_time", lambda *_: pytest.fail("tried"))
    assert dtype_trial.choose.__wrapped__(CPU).dtype is torch.float32


def test_both_are_tried_where_both_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    tried = []

    def time(layers: object, x: torch.Tensor) -> float:
        tried.append(x.dtype)
        return 1.0 if x.dtype is torch.float32 else 2.0

    monkeypatch.setattr(dtype_trial, "_time", time)
    assert dtype_trial.choose.__wrapped__(CPU).dtype is torch.float32
    assert set(tried) == {torch.float32, torch.bfloat16}


def test_what_is_set_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dtype_trial, "_time", lambda *_: pytest.fail("tried"))
    assert dtype_trial.settle("bfloat16", "cpu").dtype is torch.bfloat16
    assert dtype_trial.settle("float32", "cpu").name == "float32"
