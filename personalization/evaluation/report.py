"""One HTML page that needs nothing else: the figures, the plots, and replies before and after.

Contract: pure, from findings to text. What models and simulated people wrote is escaped; no script,
nothing loaded from anywhere. Knows no file.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

from bowerbird.personalization.evaluation import plots as draw
from bowerbird.personalization.evaluation.summary import Findings

SAMPLED: Final = 24
"""So many questions are shown with the base's reply and the one that ships."""

_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1f2328; background: #fff; }
table { border-collapse: collapse; margin: 1rem 0; font-size: 14px; }
th, td { border-bottom: 1px solid #d0d7de; padding: .3rem .6rem; text-align: left;
  vertical-align: top; }
img { max-width: 100%; } pre { white-space: pre-wrap; margin: 0; font: inherit; }
.note { color: #656d76; }
"""

_COLUMNS: Final = (
    ("satisfaction", "Satisfaction"),
    ("win_rate", "Win rate against base"),
    ("coherence", "Coherent"),
    ("kl_per_token", "KL per token"),
    ("general_nll_change", "Ordinary text"),
    ("distinct_2", "Distinct-2"),
    ("cut_off_share", "Cut off"),
    ("words", "Words"),
)


def plots(figures: Mapping[str, Any]) -> dict[str, bytes]:
    """PNG bytes by name, of what was measured."""
    made = {
        "satisfaction": draw.arms(figures, "satisfaction", "Satisfaction on unseen questions"),
        "win_rate": draw.arms(figures, "win_rate", "Win rate against the base"),
    }
    if figures["curve"]:
        made["curve"] = draw.curve(figures, "Satisfaction by number of votes")
    if figures["nights"]:
        made["nights"] = draw.nights(figures, "Night after night; the wish flips at the line")
    return made


def page(figures: Mapping[str, Any], found: Findings, pictures: Mapping[str, bytes]) -> str:
    """The report. ``figures``: `evaluation.json`; ``pictures``: of ``plots``."""
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width'>",
        f"<title>Evaluation of Bowerbird</title><style>{_STYLE}</style>",
        "<h1>Does learning work?</h1>",
        _introduction(figures),
        "<h2>Ways of answering</h2>",
        _arms(figures),
        *(f"<p>{_image(title, png)}</p>" for title, png in pictures.items()),
        "<h2>Gains</h2>",
        _gains(figures),
        "<h2>Controls that must fail</h2>",
        _controls(figures["controls"]),
        "<h2>Other objectives</h2>",
        _objectives(figures["objectives"]),
        "<h2>People</h2>",
        _people(figures["people_drawn"]),
        "<h2>Before and after</h2>",
        _samples(found),
        "<h2>How it was run</h2>",
        f"<pre>{escape(json.dumps([figures['plan'], figures['subject']], indent=1))}</pre></html>",
    ]
    return "\n".join(parts) + "\n"


def _introduction(figures: Mapping[str, Any]) -> str:
    kind = "quick" if figures["is_quick"] else "full"
    said = (
        f"A {kind} run on {figures['base_model']}, {figures['made_at']}: {figures['people']} "
        f"simulated people with hidden wishes, {figures['votes']} votes each (10 % mistaken), "
        f"judged by programs on {figures['questions']} questions nobody voted on. They come in "
        "couples who want the opposite, so no shift for all can win. A reply counts only if it "
        "is coherent. In brackets: 95 % bootstrap intervals over people."
    )
    lines = [said, *figures["left_out"]]
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def _arms(figures: Mapping[str, Any]) -> str:
    rows = [
        [arm, *(_figure(values[name], name) for name, _ in _COLUMNS)]
        for arm, values in figures["arms"].items()
    ]
    best = figures["best_of_base"]
    note = (
        f"If the best of {best['samples']} base replies were known, satisfaction would be "
        f"{_figure(best['satisfaction'], 'satisfaction')}."
    )
    head = ["Arm", *(title for _, title in _COLUMNS)]
    return f"{_table(head, rows)}<p class=note>{escape(note)}</p>"


def _gains(figures: Mapping[str, Any]) -> str:
    rows = [[name.replace("_", " "), _points(value)] for name, value in figures["gains"].items()]
    for votes, gains in figures["curve_gains"].items():
        rows += [
            [f"{name.replace('_', ' ')}, {votes} votes", _points(value)]
            for name, value in gains.items()
        ]
    gate = figures["gate"]
    rows.append(["accepted by the gate", f"{gate['accepted_share']:.0%}"])
    rows += [[f"rejected {count}×", reason] for reason, count in gate["rejections"].items()]
    checks = figures["checks"]["corrections_coherent_share"]
    if checks is not None:
        rows.append(["corrections that count as coherent", f"{checks:.0%}"])
    if figures["nights_to_regain"] is not None:
        rows.append(["nights to regain a flipped preference", str(figures["nights_to_regain"])])
    for name, value in (figures["people_per_hour"] or {}).items():
        rows.append([f"people trained per hour: {name}", f"{value:.0f}"])
    return _table(["What", "How much"], rows)


def _controls(controls: Mapping[str, Any]) -> str:
    if not controls:
        return "<p>The controls were left out.</p>"
    degenerate = controls["degenerate"]
    nonsense = (
        f"stopped by the gate {degenerate['stopped_by_gate_share']:.0%}; win rate "
        f"{_figure(degenerate['win_rate'], 'win_rate')}; coherent "
        f"{degenerate['coherent_share']:.0%}; satisfaction as one blind to coherence would see it "
        f"{_figure(degenerate['surface_satisfaction'], 'satisfaction')}"
    )
    rows = [["degenerate recipe", nonsense, _verdict(degenerate["is_as_expected"])]]
    if shuffled := controls.get("shuffled"):
        nothing = (
            f"gain of the adapter {_points(shuffled['gain'])}, of the scorer "
            f"{_points(shuffled['rerank_gain'])}; {shuffled['accepted_share']:.0%} of the adapters "
            "were accepted by the gate"
        )
        rows.append(["shuffled votes", nothing, _verdict(shuffled["is_as_expected"])])
    return _table(["Control", "Found", "As expected"], rows)


def _objectives(objectives: Mapping[str, Any]) -> str:
    if not objectives:
        return "<p>They were left out: too few people.</p>"
    rows = [
        [
            name.replace("_", " "),
            str(told["people"]),
            *(_figure(told[n], n) for n in ("satisfaction", "win_rate", "coherent_share")),
            f"{told['accepted_share']:.0%}" if "accepted_share" in told else "–",
        ]
        for name, told in objectives.items()
    ]
    head = ["Objective", "People", "Satisfaction", "Win rate", "Coherent", "Accepted"]
    note = (
        "The adapter alone, of the same people and votes, whether the gate accepted it or not; the "
        "default's as the gate left it."
    )
    return f"{_table(head, rows)}<p class=note>{escape(note)}</p>"


def _people(people: Sequence[Mapping[str, Any]]) -> str:
    arms = list(people[0]["satisfaction"])
    rows = [
        [
            str(one["person_id"]),
            ", ".join(one["wishes"]),
            *(f"{one['satisfaction'][arm]:.0%}" for arm in arms),
            "accepted" if one["is_accepted"] else " ".join(one["reasons"]),
        ]
        for one in people
    ]
    return _table(["Person", "Wishes", *arms, "Gate"], rows)


def _samples(found: Findings) -> str:
    """Of questions drawn by lot, so that nobody can pick the nice ones."""
    drawn = [
        (case, question, replies[0])
        for person_id, case in found.cases.items()
        for question, replies in found.answers["both"][person_id].items()
    ]
    rng = random.Random(found.plan.seed)  # noqa: S311
    rows = []
    for case, question, after in rng.sample(drawn, min(SAMPLED, len(drawn))):
        before = case.base[question][0]
        rows.append(
            [
                ", ".join(trait.name for trait in case.person.traits),
                question,
                *(
                    f"{one.said.text}\n[{case.worth(one)[0]:.0%} of the wishes"
                    f"{'' if case.bounds.admit(one.look) else ', not coherent'}]"
                    for one in (before, after)
                ),
            ]
        )
    return _table(["Wishes", "Question", "Base", "Learned"], rows)


def _figure(value: Any, name: str) -> str:
    if value is None:
        return "–"
    if isinstance(value, (list, tuple)):
        mean, low, high = value
        return f"{mean:.0%} ({low:.0%} to {high:.0%})"
    if name == "general_nll_change":
        return f"{value:+.2%}"
    if name.endswith("_share"):
        return f"{value:.0%}"
    return f"{value:.0f}" if name == "words" else f"{value:.3f}"


def _points(value: Sequence[float]) -> str:
    mean, low, high = value
    return f"{100 * mean:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"


def _verdict(is_as_expected: bool) -> str:
    return "yes" if is_as_expected else "NO"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(name)}" for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td><pre>{escape(cell)}</pre>" for cell in row) for row in rows
    )
    return f"<table><thead><tr>{top}<tbody>{body}</table>"


def _image(title: str, png: bytes) -> str:
    data = base64.b64encode(png).decode("ascii")
    return f'<img alt="{escape(title, quote=True)}" src="data:image/png;base64,{data}">'
