"""Bars on a terminal, lines in a pipe."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from bowerbird.bot import progress_bars, training_watch
from bowerbird.bot.training_bars import training_bars
from bowerbird.personalization.training.executor import TrainProgress


def train(is_terminal: bool) -> str:
    """Two people, one after the other; what was written."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=is_terminal, width=120, highlight=False)
    with training_bars(console) as show:
        for user in (10, 20):
            show(5, user, TrainProgress("a", "queued", 0, 1))
        for user in (10, 20):
            for done in range(5):
                show(5, user, TrainProgress("a", "training", done, 4))
            show(5, user, TrainProgress("a", "gate", 1, 1))
            show(5, user, TrainProgress("a", "over", 1, 1))
    return out.getvalue()


def test_a_bar_for_all_stays_and_those_of_people_go() -> None:
    last = train(is_terminal=True).rpartition("People")[2]
    assert "2/2" in last
    assert "10 in 5" not in last


def test_lines_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_watch, "SEEN_ENOUGH_S", 0.0)
    monkeypatch.setattr(progress_bars, "PLAIN_EVERY_S", 0.0)
    lines = train(is_terminal=False).splitlines()
    assert lines[0] == "People 0 %"
    assert lines[1] == "10 in 5: training 0 %"
    assert lines[2].startswith("10 in 5: training 25 %, about ")
    assert "10 in 5: checking the result 100 %" in lines
    assert any(line.startswith("People 50 %, about ") for line in lines)
    assert lines[-1].startswith("People 100 %")
    assert not any("queued" in line or "over" in line for line in lines)
