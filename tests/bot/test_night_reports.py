"""Trainings under way and nights that are through, as people read them."""

from __future__ import annotations

import pytest

from bowerbird.bot import night_reports
from bowerbird.bot.catalogue import Language
from bowerbird.bot.training_watch import TrainingWatch
from bowerbird.personalization.night_summary import NightSummary
from bowerbird.personalization.training.executor import TrainProgress

ENGLISH = Language()


def test_progress_is_a_bar_for_each_person_who_is_trained() -> None:
    now = 0.0
    watch = TrainingWatch(lambda: now)
    assert night_reports.progress(ENGLISH, watch) == "Getting ready to learn…"
    for user in (10, 20, 30, 40):
        watch.note(5, user, TrainProgress("a", "queued", 0, 1))
    assert night_reports.progress(ENGLISH, watch) == "0 of 4 are through"
    watch.note(5, 10, TrainProgress("a", "training", 0, 10))
    now = 30.0
    watch.note(5, 10, TrainProgress("a", "training", 5, 10))
    watch.note(5, 20, TrainProgress("b", "gate", 0, 0))
    watch.note(5, 30, TrainProgress("c", "over", 1, 1))
    assert night_reports.progress(ENGLISH, watch).splitlines() == [
        "<@10>: training ▰▰▰▰▰▱▱▱▱▱ 5/10, about 30 s left",
        "<@20>: checking the result ▱▱▱▱▱▱▱▱▱▱ 0/0",
        "1 of 4 are through, about 2 min left",
    ]


def test_the_progress_of_many_fits_into_a_message() -> None:
    now = 0.0
    watch = TrainingWatch(lambda: now)
    for user in range(200):
        watch.note(5, 10**18 + user, TrainProgress("a", "training", 0, 10))
    now = 1e6
    for user in range(200):
        watch.note(5, 10**18 + user, TrainProgress("a", "training", 1, 10))
    assert len(night_reports.progress(ENGLISH, watch)) < 1_500


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (59, "59 s"), (90, "2 min"), (3_599, "1 h 0 min"), (12_000, "3 h 20 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert night_reports.duration(ENGLISH, seconds) == text


def test_the_last_night_in_numbers() -> None:
    night = NightSummary("2026-11-21", 2, 1, 0, 4, 1, 0, seconds=1800)
    assert night_reports.last_night(ENGLISH, night) == [
        "Last night (2026-11-21), 6.0 people an hour for 30 min:",
        "- 2 new models passed the checks; in use from now on",
        "- 1 new model did not pass the checks: what was in use stays",
        "- 1 person was not reached in time; the next night begins with them",
    ]
    nobody = NightSummary("2026-11-21", 0, 0, 0, 4, 0, 0, seconds=0)
    assert night_reports.last_night(ENGLISH, nobody) == ["Last night (2026-11-21): nobody was due."]
    assert night_reports.last_night(ENGLISH, None) == []
