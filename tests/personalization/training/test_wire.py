from __future__ import annotations

from pathlib import Path

import pytest

from bowerbird.personalization.training.executor import TrainProgress, TrainResult, Verdict
from bowerbird.personalization.training.wire import decode_line, encode_cancel, encode_line
from tests.personalization.training.samples import a_job, an_example

MESSAGES = [
    a_job(Path("m"), Path("c"), examples=(an_example(reply="tab\tline\nend \u2028 🐦"),)),
    TrainProgress("1", "gate", 2, 5),
    TrainResult("1", Verdict(True, ("Fine.",), {"auc": None, "nll": [1.5, 1.25]}), None, 2.5),
    TrainResult("1", None, "no memory", 2.5),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_what_goes_in_comes_out(message: object) -> None:
    line = encode_line(message)  # type: ignore[arg-type]
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decode_line(line) == message


def test_a_cancellation_is_a_job_id() -> None:
    assert decode_line(encode_cancel("17")) == "17"


@pytest.mark.parametrize("line", [b"", b"nonsense", b"[]", b"{}", b'{"x": 1}', b'{"job": {}}'])
def test_anything_else_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (of several kinds)
        decode_line(line)


def test_nan_does_not_cross() -> None:
    line = encode_line(TrainResult("1", Verdict(True, (), {"x": float("nan")}), None, 0.0))
    assert b"NaN" not in line
