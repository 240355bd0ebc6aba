"""Trainings under way and nights that are through, in plain words.

Contract: pure functions to Discord's Markdown in the reader's language. What tells of a night is
numbers only and names nobody; progress is shown to those who asked for the training.
"""

from __future__ import annotations

from typing import Final

from bowerbird.bot.catalogue import Language
from bowerbird.bot.training_watch import Step, TrainingWatch
from bowerbird.personalization.night_summary import NightSummary

SHOWN: Final = 8
"""People whose steps are shown at once: a message holds 2,000 characters."""

_STAGES: Final = {"loading": "progress-loading", "training": "progress-training"}
_BAR: Final = 10


def progress(language: Language, watch: TrainingWatch) -> str:
    """Live progress: who is at what, and how many wait or are through."""
    steps = watch.steps
    lines = [_step(language, step) for step in steps[:SHOWN]]
    waiting = watch.waiting + len(steps[SHOWN:])
    if waiting or watch.over:
        left = watch.left_s
        lines.append(
            language(
                "progress-people",
                over=watch.over,
                people=watch.people,
                left="" if left is None else _left(language, left),
            )
        )
    return "\n".join(lines) or language("progress-none")


def counts(language: Language, night: NightSummary) -> list[str]:
    """What came of a night: a line for each ending that there was."""
    endings = {
        "night-better": night.promoted,
        "night-kept": night.rejected,
        "night-failed": night.failed,
        "night-postponed": night.postponed,
        "night-taken-back": night.rolled_back,
    }
    return [f"- {language(key, count=count)}" for key, count in endings.items() if count]


def last_night(language: Language, night: NightSummary | None) -> list[str]:
    """For `/server status` and `/bowerbird status`; no line before the first night."""
    if night is None:
        return []
    if night.is_empty:
        return [language("night-nobody", night=night.night)]
    title = language("night-last", night=night.night)
    if night.people_per_hour is not None:
        pace = language.number(night.people_per_hour, 1)
        took = duration(language, night.seconds)
        title = language("night-last-pace", night=night.night, pace=pace, duration=took)
    return [title, *counts(language, night)]


def duration(language: Language, seconds: float) -> str:
    """Rounded to what matters: `40 s`, `12 min`, `3 h 20 min`."""
    if seconds < 60:
        return language("duration-seconds", seconds=max(round(seconds), 1))
    minutes = round(seconds / 60)
    if minutes < 60:
        return language("duration-minutes", minutes=minutes)
    return language("duration-hours", hours=minutes // 60, minutes=minutes % 60)


def _step(language: Language, step: Step) -> str:
    filled = round(_BAR * step.done / max(step.total, 1))
    bar = "▰" * filled + "▱" * (_BAR - filled)
    stage = language(_STAGES.get(step.stage, "progress-gate"))
    left = "" if step.left_s is None else _left(language, step.left_s)
    return f"<@{step.user_id}>: {stage} {bar} {step.done}/{step.total}{left}"


def _left(language: Language, seconds: float) -> str:
    return language("progress-left", duration=duration(language, seconds))
