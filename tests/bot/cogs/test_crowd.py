"""Eight people in one channel, under the limits of the real Discord."""

from __future__ import annotations

import pytest

from benchmarks import streaming


# discord.py learns how fast it may react by being too fast once.
@pytest.mark.provokes(429)
async def test_a_crowd_is_answered_within_the_edit_budget() -> None:
    """`python -m benchmarks streaming` measures longer. A machine that stands still is forgiven."""
    found = await streaming.measure(turns=1, tokens=(40, 140), per_s=20.0, pause_s=(0.0, 6.0))
    assert found.refused == 0
    assert found.edits_per_window <= 5
    assert len(found.late_s) == streaming.PEOPLE
    assert max(found.late_s) <= 1.5 + found.stalled_s
