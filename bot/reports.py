"""Statuses, verdicts, progress and receipts in plain words.

Contract: pure functions from records to Discord's Markdown. Decides nothing and asks nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bowerbird.personalization.training.executor import TrainProgress, Verdict
from bowerbird.storage.records import (
    AdapterState,
    AdapterVersion,
    Consent,
    Erased,
    Person,
    PersonSummary,
    Run,
    RunState,
    ScopeSummary,
    VersionVotes,
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


@dataclass(frozen=True, slots=True)
class PrivacyFacts:
    """What the operator decided that people should know. ``url``: of the full statement."""

    retention_days: int
    is_training: bool
    is_global: bool
    url: str | None


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


def version(adapter: AdapterVersion, notes: Sequence[str] = ()) -> str:
    """One recorded version with its reasons; ``notes`` stand in brackets behind its number."""
    verb = "accepted" if adapter.state is AdapterState.ACCEPTED else "not accepted"
    learnt_from = counted(adapter.trained_on, "exchange")
    when = moment(adapter.created_at)
    name = f"Version {adapter.version}{_in_brackets(notes)}"
    lines = [f"{name} was {verb} {when}, after {learnt_from}."]
    reasons = adapter.verdict.get("reasons", ())
    lines += [f"- {reason}" for reason in reasons if isinstance(reason, str)]
    return "\n".join(lines)


def _in_brackets(notes: Sequence[str]) -> str:
    return f" ({', '.join(notes)})" if notes else ""


def person_status(
    summary: PersonSummary,
    min_feedback: int,
    next_night: datetime | None,
    found: Sequence[VersionVotes] = (),
) -> str:
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
    if pleased := liked_by_version(found):
        lines.append(pleased)
    if summary.latest is not None:
        lines.append(version(summary.latest))
    run = summary.last_run
    if run is not None and run.state not in {RunState.PROMOTED, RunState.REJECTED}:
        lines.append(
            f"The last training {_STATES[run.state]}" + (f": {run.detail}" if run.detail else ".")
        )
    return "\n".join(lines)


def share(votes: VersionVotes) -> float:
    """Of the replies that were voted on, how many were liked (0 to 1)."""
    return votes.likes / max(votes.likes + votes.dislikes, 1)


def version_name(number: int | None) -> str:
    return "the base model" if number is None else f"version {number}"


def liked(votes: VersionVotes) -> str:
    """`liked 6 of 8`."""
    return f"liked {votes.likes} of {votes.likes + votes.dislikes}"


def liked_by_version(found: Sequence[VersionVotes]) -> str:
    """The liked share of each version's replies, as text; empty without votes."""
    if not found:
        return ""
    shares = [
        f"{version_name(votes.version)} {share(votes):.0%} ({liked(votes)})" for votes in found
    ]
    return "How its replies pleased you: " + ", ".join(shares) + "."


def history(
    recorded: Sequence[AdapterVersion],
    kept: Collection[int],
    active: int | None,
    found: Sequence[VersionVotes],
) -> str:
    """`/my history`: newest first, the base model at the end. ``kept``: can be gone back to."""
    votes_of = {votes.version: votes for votes in found}
    lines = []
    for adapter in reversed(recorded):
        votes = votes_of.get(adapter.version)
        notes = [] if votes is None else [liked(votes)]
        if adapter.version == active:
            notes.append("**in use**")
        elif adapter.version in kept:
            notes.append("kept")
        elif adapter.state is AdapterState.ACCEPTED:
            notes.append("not kept any more")
        lines.append(version(adapter, notes))
    votes = votes_of.get(None)
    notes = [
        *([] if votes is None else [liked(votes)]),
        *(["**in use**"] if active is None else []),
    ]
    lines.append("The base model" + _in_brackets(notes) + " is always there.")
    others = sorted({*kept, None} - {active}, key=lambda number: number or 0)
    if others:
        ways = ", ".join(f"`{number or 0}`" for number in others)
        lines.append(f"`/my rollback` takes you to {ways} (`0` is the base model).")
    return "\n".join(lines)


def privacy(person: Person, facts: PrivacyFacts) -> str:
    """`/my privacy`: docs/PRIVACY.md in short."""
    stands = {
        Consent.ON: "you said **yes**",
        Consent.OFF: "you said **no**: I keep nothing of you",
    }.get(person.consent, "you have not said yes, so nothing of yours is written to disk")
    apart = (
        "What I learn from you is used in every server alike."
        if facts.is_global
        else "What I learn from you here is used here only."
    )
    trained = (
        f"At night I train a small model of your taste; it is used for nobody else. {apart}"
        if facts.is_training
        else "Whoever runs me has switched learning off: votes are kept, nothing is trained."
    )
    ways = "`/my export` sends you all of it, `/my personalization state:off` erases it here"
    kept = (
        "With your yes I keep what you ask me, my replies, and your votes and corrections on them"
    )
    lines = [
        f"Where you stand here: {stands}.",
        f"{kept}, for {counted(facts.retention_days, 'day')} at most.",
        trained,
        "Nothing is sent anywhere: the model runs on the machine of whoever runs me.",
        "Messages you delete or edit on Discord go or change here too.",
        f"{ways}, `/my forget` everywhere.",
    ]
    if facts.url:
        lines.append(f"In full: <{facts.url}>")
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
