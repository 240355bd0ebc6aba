"""Statuses, verdicts, progress and receipts in plain words.

Contract: pure functions from records to Discord's Markdown in the reader's language. Decides
nothing and asks nobody. Verdicts are stored in English, and said in other words only if they are
recognised.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from bowerbird.bot.catalogue import Language
from bowerbird.personalization.training.executor import Verdict
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


@dataclass(frozen=True, slots=True)
class PrivacyFacts:
    """What the operator decided that people should know. ``url``: of the full statement."""

    retention_days: int
    is_training: bool
    is_global: bool
    url: str | None


def size(language: Language, count: int) -> str:
    """Bytes as people read them."""
    units = ("size-bytes", "size-kb", "size-mb", "size-gb")
    value, unit = float(count), 0
    while value >= 1000 and unit + 1 < len(units):
        value, unit = value / 1000, unit + 1
    digits = 1 if unit and value < 10 else 0
    return language(units[unit], value=language.number(value, digits))


def moment(language: Language, at: datetime | None) -> str:
    """Discord shows it in each reader's own time zone and language."""
    return f"<t:{int(at.timestamp())}:R>" if at else language("never")


def outcome(language: Language, run: Run, verdict: Verdict | None) -> str:
    """How one person's training ended, with the gate's reasons."""
    who, version = f"<@{run.user_id}>", run.version or 0
    lines = [language("outcome", who=who, version=version, state=run.state.value)]
    if verdict is not None:
        lines += _reasons(language, verdict.reasons)
    elif run.detail:
        lines.append(f"- {detail(language, run)}")
    return "\n".join(lines)


def detail(language: Language, run: Run) -> str:
    """Why it ended as it did: what was noted, or the gate's reasons."""
    noted = language.translated(run.detail, "detail-")
    return noted if noted != run.detail else language.translated(run.detail, "reason-")


def _reasons(language: Language, reasons: Sequence[object]) -> list[str]:
    given = [reason for reason in reasons if isinstance(reason, str)]
    return [f"- {language.translated(reason, 'reason-')}" for reason in given]


def version(language: Language, adapter: AdapterVersion, notes: Sequence[str] = ()) -> str:
    """One recorded version with its reasons; ``notes`` stand in brackets behind its number."""
    is_accepted = adapter.state is AdapterState.ACCEPTED
    told = language(
        "version-accepted" if is_accepted else "version-rejected",
        version=language("version-name-first", number=adapter.version),
        notes=_in_brackets(language, notes),
        when=moment(language, adapter.created_at),
        exchanges=adapter.trained_on,
    )
    lines = [told, *_reasons(language, adapter.verdict.get("reasons", ()))]
    if adapter.rolled_back_at is not None:
        lines.append(f"- {_taken_back(language, adapter)}")
    return "\n".join(lines)


def _taken_back(language: Language, adapter: AdapterVersion) -> str:
    """Which votes took a version's place from it."""
    why = adapter.verdict.get("rolled_back", {})
    return language(
        "version-pleased-less",
        when=moment(language, adapter.rolled_back_at),
        dislikes=why.get("dislikes", 0),
        votes=why.get("votes", 0),
        dislikes_before=why.get("dislikes_before", 0),
        votes_before=why.get("votes_before", 0),
    )


def _in_brackets(language: Language, notes: Sequence[str]) -> str:
    return language("in-brackets", text=language.joined(notes)) if notes else ""


def person_status(
    language: Language,
    summary: PersonSummary,
    min_feedback: int,
    next_night: datetime | None,
    found: Sequence[VersionVotes] = (),
) -> str:
    """`/my status`."""
    person = summary.person
    if person.consent is not Consent.ON:
        return language("status-off")
    in_use = language("status-on-base")
    if person.active_version is not None:
        in_use = language("status-on-own", version=person.active_version)
    kept = language(
        "status-kept",
        replies=summary.replies,
        likes=summary.likes,
        dislikes=summary.dislikes,
        again=summary.regenerations,
        corrections=summary.corrections,
    )
    lines = [in_use, kept]
    if summary.others_votes:
        lines.append(language("status-others", votes=summary.others_votes))
    new = summary.new_feedback
    if next_night is None:
        lines.append(language("status-new-off", count=new))
    elif person.is_stale or new >= min_feedback:
        night = moment(language, next_night)
        lines.append(language("status-new-due", count=new, night=night))
    else:
        lines.append(language("status-new-few", count=new, needed=min_feedback))
    if pleased := liked_by_version(language, found):
        lines.append(pleased)
    if summary.latest is not None:
        lines.append(version(language, summary.latest))
    run = summary.last_run
    if run is not None and run.state not in {RunState.PROMOTED, RunState.REJECTED}:
        why = _because(language, run)
        lines.append(language("status-last-training", state=run.state.value, why=why))
    return "\n".join(lines)


def _because(language: Language, run: Run) -> str:
    if not run.detail:
        return language("no-reason")
    return language("because", why=detail(language, run))


def share(votes: VersionVotes) -> float:
    """Of the replies that were voted on, how many were liked (0 to 1)."""
    return votes.likes / max(votes.likes + votes.dislikes, 1)


def version_name(language: Language, number: int | None) -> str:
    """As it stands within a sentence."""
    return language("base-model") if number is None else language("version-name", number=number)


def version_name_first(language: Language, number: int | None) -> str:
    """As it begins a sentence."""
    if number is None:
        return language("base-model-first")
    return language("version-name-first", number=number)


def liked(language: Language, votes: VersionVotes) -> str:
    """`liked 6 of 8`."""
    return language("version-liked", likes=votes.likes, votes=votes.likes + votes.dislikes)


def liked_by_version(language: Language, found: Sequence[VersionVotes]) -> str:
    """The liked share of each version's replies, as text; empty without votes."""
    if not found:
        return ""
    shares = [
        language(
            "status-pleased-by",
            version=version_name(language, votes.version),
            share=share(votes),
            likes=votes.likes,
            votes=votes.likes + votes.dislikes,
        )
        for votes in found
    ]
    return language("status-pleased", shares=language.joined(shares))


def history(
    language: Language,
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
        notes = [] if votes is None else [liked(language, votes)]
        if adapter.rolled_back_at is not None:
            notes.append(language("version-taken-back"))
        if adapter.version == active:
            notes.append(language("version-in-use"))
        elif adapter.version in kept:
            notes.append(language("version-kept"))
        elif adapter.state is AdapterState.ACCEPTED:
            notes.append(language("version-gone"))
        lines.append(version(language, adapter, notes))
    votes = votes_of.get(None)
    notes = [] if votes is None else [liked(language, votes)]
    if active is None:
        notes.append(language("version-in-use"))
    lines.append(language("history-base", notes=_in_brackets(language, notes)))
    others = sorted({*kept, None} - {active}, key=lambda number: number or 0)
    if others:
        ways = language.joined(f"`{number or 0}`" for number in others)
        lines.append(language("history-ways", versions=ways))
    return "\n".join(lines)


def privacy(language: Language, person: Person, facts: PrivacyFacts) -> str:
    """`/my privacy`: docs/PRIVACY.md in short."""
    trained = "privacy-trained-everywhere" if facts.is_global else "privacy-trained-here"
    lines = [
        language("privacy-stands", consent=person.consent.value),
        language("privacy-kept", days=facts.retention_days),
        language("privacy-used"),
        language(trained if facts.is_training else "privacy-not-trained"),
        language("privacy-local"),
        language("privacy-edits"),
        language("privacy-ways"),
    ]
    if facts.url:
        lines.append(language("privacy-in-full", url=f"<{facts.url}>"))
    return "\n".join(lines)


def scope_status(language: Language, summary: ScopeSummary, next_night: datetime | None) -> str:
    """`/server status`."""
    people = language(
        "server-people",
        people=summary.people_on,
        refused=summary.people_off,
        models=summary.active_adapters,
    )
    exchanges = language(
        "server-exchanges",
        replies=summary.replies,
        likes=summary.likes,
        dislikes=summary.dislikes,
        corrections=summary.corrections,
    )
    due = language("server-due-off", due=summary.due)
    if next_night:
        due = language("server-due", due=summary.due, night=moment(language, next_night))
    lines = [people, exchanges, due]
    for run in summary.last_runs:
        told = language(
            "server-run",
            who=f"<@{run.user_id}>",
            when=moment(language, run.finished_at or run.created_at),
            state=run.state.value,
            why=_because(language, run),
        )
        lines.append(f"- {told}")
    return "\n".join(lines)


def receipt(language: Language, erased: Erased) -> str:
    """What was deleted."""
    return language(
        "receipt",
        replies=erased.replies,
        feedback=erased.feedback,
        versions=erased.adapters,
        trainings=erased.runs,
    )
