"""Figures on values made by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.personalization.evaluation.metrics import (
    distinct_bigrams,
    distinct_ngrams,
    interval,
    recovery,
    win_rate,
)


def test_an_interval_of_equal_values_has_no_width() -> None:
    assert interval([0.25] * 5) == (0.25, 0.25, 0.25)


def test_an_interval_is_that_of_a_mean() -> None:
    values = [0.0, 1.0] * 50
    mean, low, high = interval(values)
    assert mean == 0.5
    # the standard error is 0.05, of which a 95 % interval has about two on either side
    assert low == pytest.approx(0.4, abs=0.015)
    assert high == pytest.approx(0.6, abs=0.015)
    assert interval(values) == (mean, low, high)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_an_interval_lies_within_the_values(values: list[float]) -> None:
    mean, low, high = interval(values)
    slack = 1e-9
    assert min(values) - slack <= low <= mean + slack
    assert mean - slack <= high <= max(values) + slack


def test_nobody_has_no_interval() -> None:
    with pytest.raises(ValueError, match="nobody"):
        interval([])


def test_recovery_is_the_share_of_the_way() -> None:
    found = recovery([0.5, 0.6], base=[0.2, 0.4], ceiling=[0.8, 0.8])
    assert found is not None
    assert found[0] == pytest.approx((0.55 - 0.3) / (0.8 - 0.3))
    assert found[1] == pytest.approx(0.5)
    assert found[2] == pytest.approx(0.5)  # either person alone is half-way


def test_where_there_is_no_way_to_go_nothing_is_recovered() -> None:
    assert recovery([0.5], base=[0.5], ceiling=[0.4]) is None


def test_wins_count_one_and_ties_half() -> None:
    base = [(0.5, 0.5), (0.0, 0.0)]
    assert win_rate([(1.0, 1.0)], base) == 1
    assert win_rate([(0.5, 0.5)], base) == 0.75
    assert win_rate([(0.5, 0.4)], base) == 0.5  # what is nearly met breaks a tie
    assert win_rate([(0.0, 0.0)], base) == 0.25
    assert win_rate(base, base) == 0.5


def test_repetition_is_seen() -> None:
    assert distinct_bigrams("one two three four") == 1
    assert distinct_bigrams("so so so so so") == 0.25
    assert distinct_bigrams("alone") == 1
    assert distinct_ngrams(["a b c", "a b c"]) == 0.5
    assert distinct_ngrams([""]) == 1
