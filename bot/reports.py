"""Statuses, verdicts, progress and receipts in plain words.

Contract: pure functions from records to Discord's Markdown. Decides nothing and asks nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bowerbird.personalization.training.executor import TrainProgress, Verdict
from bowerbird.storage.records import (
    AdapterState,
    AdapterVersion,
    Consent,
    Erased,
    PersonSummary,
    Run,
    RunState,
    ScopeSummary,
)

_STAGES = {"loading": "loading the model", "training": "training", "gate": "checking the result"}
_STATES = {
    RunState.QUEUED: "is waiting for its turn",
    RunState.RUNNING: "is running",
    RunState.PROMOTED: "was accepted and is in use",
    RunState.REJECTED: "did not pass the checks, so nothing changed",
    RunState.FAILED: "failed, so nothing changed",
    RunState.CANCELLED: "was cancelled",
}


def counted(number: int, noun: str, plural: str | None = None) -> str:
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def size(count: int) -> str:
    """Bytes as people read them."""
    units = ("bytes", "KB", "MB", "GB")
    value, unit = float(count), 0
    while value >= 1000 and unit + 1 < len(units):
        value, unit = value / 1000, unit + 1
    digits = 1 if unit and value < 10 else 0
    return f"{value:.{digits}f} {units[unit]}"


def moment(at: datetime | None) -> str:
    """Discord shows it in each reader's own time zone."""
    return f"<t:{int(at.timestamp())}:R>" if at else "never"


def progress(latest: Mapping[int, TrainProgress]) -> str:
    """Live progress of trainings, by person."""
    if not latest:
        return "Getting ready to learn…"
    lines = []
    for user_id, now in latest.items():
        filled = round(10 * now.done / max(now.total, 1))
        bar = "▰" * filled + "▱" * (10 - filled)
        lines.append(f"<@{user_id}>: {_STAGES[now.stage]} {bar} {now.done}/{now.total}")
    return "\n".join(lines)


def outcome(run: Run, verdict: Verdict | None) -> str:
    """How one person's training ended, with the gate's reasons."""
    version = f"version {run.version}" if run.version is not None else "the training"
    lines = [f"<@{run.user_id}>: {version} {_STATES[run.state]}."]
    if verdict is not None:
        lines += [f"- {reason}" for reason in verdict.reasons]
    elif run.detail:
        lines.append(f"- {run.detail}")
    return "\n".join(lines)


def version(adapter: AdapterVersion) -> str:
    """One recorded version with its reasons."""
    verb = "accepted" if adapter.state is AdapterState.ACCEPTED else "not accepted"
    learnt_from = counted(adapter.trained_on, "exchange")
    when = moment(adapter.created_at)
    lines = [f"Version {adapter.version} was {verb} {when}, after {learnt_from}."]
    reasons = adapter.verdict.get("reasons", ())
    lines += [f"- {reason}" for reason in reasons if isinstance(reason, str)]
    return "\n".join(lines)


def person_status(summary: PersonSummary, min_feedback: int, next_night: datetime | None) -> str:
    """`/my status`."""
    person = summary.person
    if person.consent is not Consent.ON:
        return (
            "Personalization is **off**: I keep nothing of you, and the base model answers. "
            "`/my personalization state:on` turns it on."
        )
    used = "the base model"
    if person.active_version is not None:
        used = f"**version {person.active_version}** of your own model"
    kept = (
        f"👍 {summary.likes}, 👎 {summary.dislikes}, 🔄 {summary.regenerations}, "
        f"{counted(summary.corrections, 'correction')}"
    )
    lines = [
        f"Personalization is **on**. You are answered by {used}.",
        f"I keep {counted(summary.replies, 'exchange')}: {kept}.",
    ]
    if summary.others_votes:
        others = counted(summary.others_votes, "vote")
        lines.append(f"There are {others} of other people, which I do not learn from.")
    waiting = counted(summary.new_feedback, "new vote or correction", "new votes and corrections")
    if next_night is None:
        lines.append(f"{waiting}; learning is switched off by whoever runs me.")
    elif person.is_stale or summary.new_feedback >= min_feedback:
        lines.append(f"{waiting}; I learn from it {moment(next_night)}.")
    else:
        lines.append(f"{waiting}; I learn once there are {min_feedback}.")
    if summary.latest is not None:
        lines.append(version(summary.latest))
    run = summary.last_run
    if run is not None and run.state not in {RunState.PROMOTED, RunState.REJECTED}:
        lines.append(
            f"The last training {_STATES[run.state]}" + (f": {run.detail}" if run.detail else ".")
        )
    return "\n".join(lines)


def scope_status(summary: ScopeSummary, next_night: datetime | None) -> str:
    """`/server status`."""
    people = counted(summary.people_on, "person lets", "people let")
    models = counted(summary.active_adapters, "own model")
    votes = (
        f"👍 {summary.likes}, 👎 {summary.dislikes}, {counted(summary.corrections, 'correction')}"
    )
    lines = [
        f"{people} me learn, {summary.people_off} said no; {models} in use.",
        f"{counted(summary.replies, 'exchange')}: {votes}.",
    ]
    due = counted(summary.due, "person is due", "people are due")
    when = moment(next_night) if next_night else "never: training is off"
    lines.append(f"{due}; next night {when}.")
    for run in summary.last_runs:
        ended = moment(run.finished_at or run.created_at)
        because = f": {run.detail}" if run.detail else ""
        lines.append(f"- <@{run.user_id}> {ended}: the training {_STATES[run.state]}{because}")
    return "\n".join(lines)


def receipt(erased: Erased) -> str:
    """What was deleted."""
    return (
        f"Deleted: {counted(erased.replies, 'exchange')}, "
        f"{counted(erased.feedback, 'vote or correction', 'votes and corrections')}, "
        f"{counted(erased.adapters, 'version')} of the model, "
        f"{counted(erased.runs, 'training')}, and everything I still had in memory."
    )
