from __future__ import annotations

from bowerbird.bot.pacing import FIRST_GUESS_S, SLOWEST_S, EditPace


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
    assert pace.take(1, "a")
    assert not pace.take(1, "a")
    clock.now += FIRST_GUESS_S
    assert pace.take(1, "a")


def test_channels_have_budgets_of_their_own() -> None:
    pace = EditPace(Clock())
    assert pace.take(1, "a")
    assert pace.take(2, "b")


def test_what_is_left_is_spread_over_the_time_but_for_one() -> None:
    clock = Clock()
    pace = EditPace(clock)
    pace.observe(1, headers(remaining=4, reset_after_s=6.0))
    clock.now += 1.9
    assert not pace.take(1, "a")
    clock.now += 0.2
    assert pace.take(1, "a")
    pace.observe(1, headers(remaining=1, reset_after_s=4.0))
    clock.now += 3.9
    assert not pace.take(1, "a")
    clock.now += 0.2
    assert pace.take(1, "a")


def test_streams_in_a_channel_take_turns() -> None:
    clock = Clock()
    pace = EditPace(clock)
    turns: list[str] = []
    for _ in range(9):
        clock.now += FIRST_GUESS_S
        turns += [name for name in ("a", "b", "c") if pace.take(1, name)]
    assert sorted(turns) == ["a"] * 3 + ["b"] * 3 + ["c"] * 3


def test_a_stream_that_ended_holds_nobody_up() -> None:
    clock = Clock()
    pace = EditPace(clock)
    assert pace.take(1, "a")
    assert not pace.take(1, "b")
    pace.leave(1, "b")
    clock.now += FIRST_GUESS_S
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
    clock.now += FIRST_GUESS_S
    assert pace.take(1, "a")


def test_nonsense_in_headers_is_ignored() -> None:
    pace = EditPace(Clock())
    pace.observe(1, {"X-RateLimit-Remaining": "many"})
    assert pace.take(1, "a")
