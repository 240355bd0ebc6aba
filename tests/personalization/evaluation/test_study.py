"""The study finds what there is to find, and goes on where it was stopped."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from bowerbird.personalization import taste_change
from bowerbird.personalization.evaluation import plots, report, summary
from bowerbird.personalization.evaluation.arms import ARMS
from bowerbird.personalization.evaluation.asking import Said
from bowerbird.personalization.evaluation.plan import FULL, QUICK, base_fingerprint, fingerprint
from bowerbird.personalization.evaluation.summary import Findings
from bowerbird.personalization.training.executor import TrainRecipe
from bowerbird.personalization.types import Sampling
from tests.personalization.evaluation import town

Figures = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("town")


@pytest.fixture(scope="module")
def finished(folder: Path) -> tuple[Findings, int]:
    """What was found, by how many requests."""
    found, backend, _ = asyncio.run(town.study(folder))
    return found, len(backend.requests)


@pytest.fixture(scope="module")
def found(finished: tuple[Findings, int]) -> Findings:
    return finished[0]


@pytest.fixture(scope="module")
def figures(found: Findings) -> Figures:
    return summary.as_json(found, {"ours": 80.0})


def test_the_schema_is_what_documents_rely_on(figures: Figures) -> None:
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert set(figures["arms"]) == set(ARMS)
    for arm in figures["arms"].values():
        for name in ("satisfaction", "win_rate"):
            mean, low, high = arm[name]
            assert 0 <= low <= mean <= high <= 1
        assert {"coherent_share", "general_nll_change", "kl_per_token"} <= set(arm)
    assert (figures["people"], figures["votes"]) == (8, 20)
    assert set(figures["curve"]) == set(figures["curve_gains"]) == {"8", "20"}
    assert figures["curve_gains"]["8"]["both_over_retrieval"][0] > 0
    assert [night["night"] for night in figures["nights"]] == [1, 2, 3, 4]
    assert figures["people_per_hour"] == {"ours": 80.0}


def test_the_base_against_itself_is_a_draw(figures: Figures) -> None:
    assert figures["arms"]["base"]["win_rate"] == [0.5, 0.5, 0.5]
    assert figures["arms"]["base"]["satisfaction"][0] < 0.6
    assert figures["arms"]["base"]["kl_per_token"] == 0


def test_what_grants_every_wish_is_found_to(figures: Figures) -> None:
    for arm in ("instruction", "adapter", "both"):
        assert figures["arms"][arm]["satisfaction"][0] == 1
        assert figures["arms"][arm]["win_rate"][0] > 0.9
        assert figures["arms"][arm]["recovery_of_instruction"] == [1, 1, 1]
    assert figures["arms"]["adapter"]["kl_per_token"] == 0.5
    assert figures["arms"]["adapter"]["general_nll_change"] == 0.001
    assert figures["gains"]["adapter_over_retrieval"][1] > 0


def test_choosing_among_base_replies_gains_no_more_than_there_is(figures: Figures) -> None:
    base, rerank = (figures["arms"][arm]["satisfaction"][0] for arm in ("base", "rerank"))
    assert base <= rerank <= figures["best_of_base"]["satisfaction"][0]


def test_strangers_adapters_please_nobody_in_particular(figures: Figures) -> None:
    gains = figures["gains"]
    assert gains["other_over_base"][0] < 0.1
    assert gains["other_over_base"] == pytest.approx(gains["perfect_stranger_over_base"], abs=0.1)


def test_a_stranger_who_wants_the_opposite_pleases_nobody(found: Findings) -> None:
    for case in found.cases.values():
        partner = found.cases[case.person.partner_id].person
        assert case.satisfaction_with(partner) == 0
        assert case.satisfaction_with(case.person) == 1


async def test_nobody_is_their_own_stranger(tmp_path: Path) -> None:
    two = replace(town.PLAN, people=2, curve=(), nights=0, control_people=0)
    found, _, _ = await town.study(tmp_path, two)
    worn = {
        person: [one.user_id for one in others if one] for person, others in found.strangers.items()
    }
    assert worn == {1: [2], 2: [1]}


async def test_as_many_live_through_the_nights_as_the_plan_says(tmp_path: Path) -> None:
    nights = replace(town.PLAN, curve=(), nights=1, night_people=4, control_people=0)
    _, _, executor = await town.study(tmp_path, nights)
    lived = [job.job_id for job in executor.jobs if job.job_id.startswith("night")]
    assert lived == ["night-1-1", "night-1-3", "night-1-5", "night-1-7"]  # one of each couple


def test_nonsense_that_grants_every_wish_is_a_loss(figures: Figures) -> None:
    control = figures["controls"]["degenerate"]
    assert control["surface_satisfaction"][0] == 1
    assert control["satisfaction"][0] == 0
    assert control["win_rate"][0] < 0.5
    assert control["coherent_share"] == 0
    assert control["stopped_by_gate_share"] == 1
    assert control["is_as_expected"]


def test_shuffled_votes_gain_nothing(figures: Figures) -> None:
    control = figures["controls"]["shuffled"]
    assert control["is_as_expected"]
    assert control["accepted_share"] == 1  # so it is not the gate that kept them from gaining


async def test_controls_are_taught_what_counts_as_everybody_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taste_change, "current", lambda labelled: labelled[-6:])
    _, _, executor = await town.study(tmp_path, replace(town.PLAN, curve=(), nights=0))
    taught = {job.job_id: {one.turns for one in job.examples} for job in executor.jobs}
    assert all(len(questions) <= 6 for questions in taught.values())
    assert {"main-1", "shuffled-1", "degenerate-1"} <= set(taught)


def test_what_was_left_out_is_said(found: Findings) -> None:
    def left_out(**parts: Any) -> list[str]:
        full = replace(found, plan=replace(found.plan, is_quick=False), **parts)
        lines: list[str] = summary.as_json(full, {"ours": 80.0})["left_out"]
        return [line for line in lines if line.startswith("Left out")]

    assert left_out() == []
    assert left_out(curve={}, nights=[]) == ["Left out: curve over votes, nights in a row."]


def test_other_objectives_are_compared_also_where_the_gate_says_no(figures: Figures) -> None:
    told = figures["objectives"]
    assert list(told) == ["default", "kto_and_dpo", "rloo"]
    assert all(one["people"] == 4 and one["satisfaction"][0] == 1 for one in told.values())
    assert "accepted_share" not in told["default"]
    assert [told[name]["accepted_share"] for name in ("kto_and_dpo", "rloo")] == [1, 0]


async def test_each_objective_is_trained_with_its_own_recipe(tmp_path: Path) -> None:
    _, _, executor = await town.study(tmp_path, replace(town.PLAN, curve=(), nights=0))
    recipes = {job.job_id: job.recipe for job in executor.jobs}
    assert recipes["rloo-1"].objective == "reinforce"
    assert recipes["kto_and_dpo-1"] == replace(recipes["main-1"], teach_weight=0.0)


def test_a_flipped_wish_is_regained_when_the_adapter_has_changed(figures: Figures) -> None:
    satisfaction = [night["satisfaction"] for night in figures["nights"]]
    assert satisfaction[:2] == [1, 1]
    assert satisfaction[2] < 0.6
    assert satisfaction[3] == 1
    assert figures["nights_to_regain"] == 2


async def test_what_is_added_to_a_study_is_all_that_is_trained(tmp_path: Path) -> None:
    await town.study(tmp_path, replace(town.PLAN, curve=(), nights=1, control_people=0))
    found, _, executor = await town.study(tmp_path, replace(town.PLAN, control_people=1))
    parts = {job.job_id.rsplit("-", 1)[0] for job in executor.jobs}
    assert parts == {"degenerate", "curve-8", "night-2", "night-3", "night-4"}
    assert list(found.controls) == ["degenerate"]  # of one person's shuffled votes nothing follows


async def test_a_study_that_is_over_asks_for_nothing(folder: Path, figures: Figures) -> None:
    again, backend, executor = await town.study(folder)
    assert backend.requests == []
    assert executor.jobs == []
    assert without_date(summary.as_json(again, {"ours": 80.0})) == without_date(figures)


@pytest.mark.timeout(400)  # another process's start takes long on a busy test machine
@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
@pytest.mark.parametrize("share", [0.1, 0.6])
def test_a_study_killed_half_way_goes_on_and_finds_the_same(
    tmp_path: Path, figures: Figures, finished: tuple[Findings, int], share: float
) -> None:
    answers = int(share * finished[1])
    code = (
        "import asyncio, sys; from pathlib import Path; from tests.personalization.evaluation "
        "import town; backend = town.TownBackend(town.PLAN, int(sys.argv[2])); "
        "backend.on_hang = lambda: print('stuck', flush=True); "
        "asyncio.run(town.study(Path(sys.argv[1]), backend=backend))"
    )
    command = [sys.executable, "-c", code, str(tmp_path), str(answers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "stuck\n"
        process.send_signal(signal.SIGKILL)
    files = ("base.jsonl", "cells.jsonl")
    kept = [(tmp_path / name).read_bytes() for name in files if (tmp_path / name).exists()]
    assert sum(one.count(b"\n") for one in kept) > 2
    found, backend, _ = asyncio.run(town.study(tmp_path))
    assert without_date(summary.as_json(found, {"ours": 80.0})) == without_date(figures)
    for name, before in zip(files, kept, strict=False):
        assert (tmp_path / name).read_bytes().startswith(before)
    assert len(backend.requests) < finished[1]


def without_date(figures: Figures) -> Figures:
    """Figures as JSON has them, without when and how long."""
    kept = json.loads(json.dumps(figures))
    del kept["made_at"]
    return dict(kept)


# --- the report ----------------------------------------------------------------------------------


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loaded += [value or "" for name, value in attrs if name in {"src", "href"}]


def test_the_report_needs_nothing_else_and_escapes_what_was_said(
    found: Findings, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = "<script>alert('a')</script><img src=http://evil.example/x>"
    monkeypatch.setattr(Said, "text", evil)
    page = report.page(figures, found, report.plots(figures))
    assert "&lt;script&gt;" in page
    parsed = Elements()
    parsed.feed(page)
    assert "script" not in parsed.tags
    assert all(source.startswith("data:image/png;base64,") for source in parsed.loaded)
    assert parsed.tags.count("img") == 4


def test_what_was_not_measured_is_not_drawn(figures: Figures) -> None:
    assert set(report.plots(figures)) == {"satisfaction", "win_rate", "curve", "nights"}
    assert set(report.plots(figures | {"curve": {}, "nights": []})) == {"satisfaction", "win_rate"}


def test_plots_are_pictures(figures: Figures) -> None:
    draw: list[Callable[[], bytes]] = [
        lambda: plots.arms(figures, "win_rate", "Wins"),
        lambda: plots.curve(figures, "Curve"),
        lambda: plots.nights(figures, "Nights"),
    ]
    assert all(make().startswith(b"\x89PNG") for make in draw)


def test_finished_work_is_used_again_only_where_it_means_the_same() -> None:
    taught = replace(town.SUBJECT, recipe=TrainRecipe(rank=16))
    moved = replace(town.SUBJECT, model_path="elsewhere")
    assert fingerprint(QUICK, town.SUBJECT) == fingerprint(QUICK, moved)
    assert fingerprint(QUICK, town.SUBJECT) != fingerprint(FULL, town.SUBJECT)
    assert fingerprint(QUICK, town.SUBJECT) != fingerprint(QUICK, taught)
    assert fingerprint(QUICK, town.SUBJECT) != fingerprint(replace(QUICK, votes=10), town.SUBJECT)
    longer = replace(QUICK, curve=(10,), nights=3, control_people=4)
    assert fingerprint(QUICK, town.SUBJECT) == fingerprint(longer, town.SUBJECT)
    assert base_fingerprint(QUICK, town.SUBJECT) == base_fingerprint(FULL, taught)
    hotter = replace(town.SUBJECT, sampling=Sampling(temperature=1))
    assert base_fingerprint(QUICK, town.SUBJECT) != base_fingerprint(QUICK, hotter)
