"""Who may edit when, by a clock that the tests turn."""

from __future__ import annotations

import random

from bowerbird.bot.pacing import (
    FIRST_GUESS_S,
    SLOWEST_S,
    USUAL_LIMIT,
    USUAL_WINDOW_S,
    WAITS_FOR_S,
    EditPace,
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def headers(remaining: int, reset_after_s: float) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": "5",
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset-After": str(reset_after_s),
    }


def test_the_first_guess_holds_until_headers_are_seen() -> None:
    clock = Clock()
    pace = EditPace(clock)
    assert pace.begin(1, "a")
    assert pace.take(1, "a")
    assert not pace.take(1, "a")
    clock.now += max(FIRST_GUESS_S, USUAL_WINDOW_S / (USUAL_LIMIT - 1))
    assert pace.take(1, "a")


def test_channels_have_budgets_of_their_own() -> None:
    pace = EditPace(Clock())
    assert pace.take(1, "a")
    assert pace.take(2, "b")


def test_one_stream_spreads_its_edits_over_the_window() -> None:
    clock = Clock()
    pace = EditPace(clock)
    assert pace.begin(1, "a")
    pace.observe(1, headers(remaining=4, reset_after_s=8.0))  # windows of eight seconds
    clock.now += 1.9
    assert not pace.take(1, "a")
    clock.now += 0.2
    assert pace.take(1, "a")
    pace.observe(1, headers(remaining=1, reset_after_s=4.0))  # somebody else has edited
    clock.now += 3.9
    assert not pace.take(1, "a")
    clock.now += 0.2
    assert pace.take(1, "a")


def test_every_ending_finds_an_edit_left_whatever_happens() -> None:
    """Streams come, grow and end as they like: in no window are there more edits than allowed."""
    dice = random.Random(5)
    clock = Clock()
    pace = EditPace(clock)
    growing: list[int] = []
    moments: list[float] = []
    for stream in range(3000):
        clock.now += dice.expovariate(2.0)
        if pace.begin(1, stream):
            growing.append(stream)
        for one in list(growing):
            is_over = dice.random() < 0.1
            if is_over:
                growing.remove(one)
                pace.leave(1, one)
            if is_over or pace.take(1, one):
                pace.edits(1)
                moments.append(clock.now)
        first = clock.now - USUAL_WINDOW_S
        assert sum(moment > first for moment in moments[-20:]) <= USUAL_LIMIT
    assert len(moments) > 700


def test_in_a_crowd_some_wait_for_a_place() -> None:
    clock = Clock()
    pace = EditPace(clock)
    assert [pace.begin(1, number) for number in range(6)] == [True] * 4 + [False] * 2
    assert pace.begin(1, 0)  # which has begun already
    for number in (0, 1):
        pace.leave(1, number)
        pace.edits(1)
    assert pace.begin(1, 4)
    assert not pace.begin(1, 5)  # the edits of those endings count for a window
    clock.now += USUAL_WINDOW_S
    assert pace.begin(1, 5)


def test_first_words_go_before_further_words() -> None:
    clock = Clock()
    pace = EditPace(clock)
    assert [pace.begin(1, number) for number in range(4)] == [True] * 4
    clock.now += 1
    assert pace.take(1, 0)
    pace.edits(1)
    pace.leave(1, 3)
    pace.edits(1)
    clock.now += USUAL_WINDOW_S - WAITS_FOR_S / 2
    assert not pace.begin(1, "new")
    clock.now += WAITS_FOR_S / 2
    assert not pace.take(1, 1)  # there is an edit to spare, and it is kept
    clock.now += WAITS_FOR_S
    assert pace.take(1, 1)  # the new one has had nothing to show for a second
    assert pace.begin(1, "new")
    clock.now += USUAL_WINDOW_S
    assert pace.take(1, 2)


def test_streams_in_a_channel_take_turns() -> None:
    clock = Clock()
    pace = EditPace(clock)
    turns: list[str] = []
    for name in ("a", "b", "c"):
        assert pace.begin(1, name)
    for _ in range(9):
        clock.now += USUAL_WINDOW_S
        turns += [name for name in ("a", "b", "c") if pace.take(1, name)]
    assert sorted(turns) == ["a"] * 3 + ["b"] * 3 + ["c"] * 3


def test_a_stream_that_ended_holds_nobody_up() -> None:
    clock = Clock()
    pace = EditPace(clock)
    assert pace.begin(1, "a")
    assert pace.begin(1, "b")
    assert pace.take(1, "a")
    assert not pace.take(1, "b")
    pace.leave(1, "b")
    clock.now += USUAL_WINDOW_S
    assert pace.take(1, "a")


def test_slow_edits_slow_it_down_within_bounds() -> None:
    clock = Clock()
    pace = EditPace(clock)
    for _ in range(20):
        pace.took(1, seconds=5.0)
    clock.now += SLOWEST_S
    assert pace.take(1, "a")
    clock.now += SLOWEST_S - 0.1
    assert not pace.take(1, "a")
    for _ in range(40):
        pace.took(1, seconds=0.1)
    clock.now += SLOWEST_S
    assert pace.take(1, "a")
    clock.now += USUAL_WINDOW_S / (USUAL_LIMIT - 1)
    assert pace.take(1, "a")


def test_nonsense_in_headers_is_ignored() -> None:
    pace = EditPace(Clock())
    pace.observe(1, {"X-RateLimit-Remaining": "many"})
    assert pace.take(1, "a")
