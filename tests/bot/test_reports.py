from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bowerbird.bot import reports
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

ENGLISH = Language()
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
SUMMARY = PersonSummary(
    person=Person(5, 10, Consent.ON),
    replies=12,
    likes=7,
    dislikes=3,
    corrections=1,
    regenerations=2,
    others_votes=0,
    new_feedback=4,
    latest=None,
    last_run=None,
)
RUN = Run(1, "2026-11-21", 5, 10, RunState.FAILED, 1, None, "the disk is full", AT, AT)


def test_a_status_without_consent_tells_how_to_begin() -> None:
    off = replace(SUMMARY, person=Person(5, 10, Consent.OFF))
    assert "`/my personalization` turns it on" in reports.person_status(ENGLISH, off, 8, AT)


@pytest.mark.parametrize(
    ("new", "is_stale", "next_night", "expected"),
    [
        (4, False, AT, "4 new votes and corrections; I learn once there are 8."),
        (8, False, AT, f"8 new votes and corrections; I learn from it <t:{int(AT.timestamp())}:R>"),
        (0, True, AT, "0 new votes and corrections; I learn from it"),
        (9, False, None, "learning is switched off"),
    ],
)
def test_a_status_says_when_it_learns(
    new: int, is_stale: bool, next_night: datetime | None, expected: str
) -> None:
    person = replace(SUMMARY.person, is_stale=is_stale)
    summary = replace(SUMMARY, person=person, new_feedback=new)
    assert expected in reports.person_status(ENGLISH, summary, 8, next_night)


def test_a_status_shows_versions_reasons_and_failures() -> None:
    verdict = {"reasons": ["it became repetitive"], "measurements": {}}
    latest = AdapterVersion(5, 10, 2, AdapterState.REJECTED, "base", 9, verdict, AT)
    person = replace(SUMMARY.person, active_version=1)
    summary = replace(SUMMARY, person=person, latest=latest, last_run=RUN, others_votes=1)
    text = reports.person_status(ENGLISH, summary, 8, AT)
    assert "**version 1** of your own model" in text
    assert "Version 2 was not accepted" in text
    assert "- it became repetitive" in text
    assert "The last training failed, so nothing changed: the disk is full" in text
    assert "1 vote of other people" in text


def test_an_outcome_has_the_reasons_or_what_went_wrong() -> None:
    passed = replace(RUN, state=RunState.PROMOTED, version=3, detail="")
    verdict = Verdict(True, ("likes became likelier", "nothing else changed"))
    assert reports.outcome(ENGLISH, passed, verdict).splitlines() == [
        "<@10>: version 3 was accepted and is in use.",
        "- likes became likelier",
        "- nothing else changed",
    ]
    assert reports.outcome(ENGLISH, RUN, None).splitlines()[1] == "- the disk is full"


def test_a_server_status_counts_people_votes_and_nights() -> None:
    summary = ScopeSummary(2, 1, 30, 10, 5, 1, 1, 2, (RUN,))
    text = reports.scope_status(ENGLISH, summary, AT)
    assert "2 people let me learn, 1 said no; 1 own model in use." in text
    assert "30 exchanges: 👍 10, 👎 5, 1 correction." in text
    assert "2 people are due" in text
    assert "the training failed, so nothing changed: the disk is full" in text
    assert "training is off" in reports.scope_status(ENGLISH, summary, None)


def test_a_receipt_counts_what_went() -> None:
    text = reports.receipt(ENGLISH, Erased(1, 2, 3, 0, ()))
    assert "1 exchange, 2 votes and corrections, 3 versions of the model, 0 trainings" in text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (2_340_000, "2.3 MB"),
        (56_000, "56 KB"),
        (3e12, "3,000 GB"),
    ],
)
def test_sizes(count: int, text: str) -> None:
    assert reports.size(ENGLISH, count) == text


def a_version(number: int, state: AdapterState = AdapterState.ACCEPTED) -> AdapterVersion:
    return AdapterVersion(5, 10, number, state, "base", 9, {"reasons": [f"because {number}"]}, AT)


def test_a_history_says_what_is_in_use_kept_and_gone() -> None:
    recorded = [a_version(1), a_version(2), a_version(3), a_version(4, AdapterState.REJECTED)]
    votes = [VersionVotes(None, 2, 8), VersionVotes(3, 3, 1)]
    lines = reports.history(ENGLISH, recorded, {2, 3}, 3, votes).splitlines()
    assert lines[0].startswith("Version 4 was not accepted <t:")
    assert lines[1] == "- because 4"
    assert lines[2].startswith("Version 3 (liked 3 of 4, **in use**) was accepted")
    assert lines[4].startswith("Version 2 (kept) was accepted")
    assert lines[6].startswith("Version 1 (not kept any more) was accepted")
    assert lines[8] == "The base model (liked 2 of 10) is always there."
    assert lines[9] == "`/my rollback` takes you to `0`, `2` (`0` is the base model)."


def test_a_history_without_versions() -> None:
    assert (
        reports.history(ENGLISH, [], set(), None, [])
        == "The base model (**in use**) is always there."
    )


def test_liked_shares_in_words() -> None:
    votes = [VersionVotes(None, 1, 3), VersionVotes(2, 2, 1)]
    text = reports.person_status(ENGLISH, SUMMARY, 8, AT, votes)
    assert "the base model 25% (liked 1 of 4), version 2 67% (liked 2 of 3)." in text
    assert "pleased" not in reports.person_status(ENGLISH, SUMMARY, 8, AT)


@pytest.mark.parametrize("consent", list(Consent))
def test_privacy_in_short_is_true_to_what_the_operator_set(consent: Consent) -> None:
    facts = reports.PrivacyFacts(30, is_training=True, is_global=False, url="https://example.org/p")
    text = reports.privacy(ENGLISH, Person(5, 10, consent), facts)
    assert "for 30 days at most" in text
    assert "used here only" in text
    assert "<https://example.org/p>" in text
    assert ("**yes**" in text) == (consent is Consent.ON)
    others = replace(facts, is_global=True, url=None)
    assert "in every server alike" in reports.privacy(ENGLISH, Person(5, 10, consent), others)
    off = reports.privacy(ENGLISH, Person(5, 10, consent), replace(facts, is_training=False))
    assert "switched learning off" in off


def test_a_version_that_was_taken_back_says_why() -> None:
    why = {"dislikes": 7, "votes": 9, "dislikes_before": 4, "votes_before": 20}
    verdict = {"reasons": ["fine"], "rolled_back": why}
    taken_back = replace(a_version(2), verdict=verdict, rolled_back_at=AT)
    lines = reports.version(ENGLISH, taken_back).splitlines()
    assert lines[1] == "- fine"
    assert lines[2].startswith(f"- Taken back <t:{int(AT.timestamp())}:R>: you disliked 7 of the 9")
    assert lines[2].endswith("and before it 4 of 20.")
    told = reports.history(ENGLISH, [a_version(1), taken_back], {1, 2}, 1, [])
    assert "Version 2 (taken back, kept) was accepted" in told
