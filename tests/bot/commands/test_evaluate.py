"""`bowerbird evaluate` as people and scripts meet it; what it measures is tested with the parts."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from bowerbird.bot.commands import evaluate
from bowerbird.bot.settings import Settings
from bowerbird.personalization.errors import TrainingError
from bowerbird.personalization.evaluation import study
from bowerbird.personalization.evaluation.plan import FULL, QUICK, Plan
from bowerbird.personalization.training import subprocess_executor
from tests.console import Console, assert_says
from tests.personalization.evaluation.town import SUBJECT


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    """Enough of a model for whoever only looks whether it is there."""
    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (folder / name).touch()
    return folder


def test_without_the_model_it_says_what_to_do(bowerbird: Console) -> None:
    assert_says(bowerbird("evaluate", "--quick"), 1, "run `bowerbird model fetch`")


def test_a_file_is_no_folder(bowerbird: Console, model_dir: Path) -> None:
    (bowerbird.home / "out").write_text("mine")
    done = bowerbird("evaluate", "--out", "out", BASE_MODEL=str(model_dir))
    assert_says(done, 2, "give another --out")
    assert (bowerbird.home / "out").read_text() == "mine"


def test_one_at_a_time_in_a_folder(bowerbird: Console, model_dir: Path) -> None:
    folder = bowerbird.home / "build" / "evaluation"
    folder.mkdir(parents=True)
    with FileLock(folder / "evaluation.lock"):
        done = bowerbird("evaluate", BASE_MODEL=str(model_dir))
    assert_says(done, 1, "running in build/evaluation already")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--people", "3"), "an even number"),
        (("--questions", "1000"), "1 to 48"),
        (("--quick", "--curve", "10"), "leave --quick out"),
        (("--quick", "--nights", "3"), "leave --quick out"),
        (("--curve", "10", "1000"), "smaller numbers"),
        (("--people", "4", "--night-people", "3"), "fewer --night-people"),
    ],
)
def test_sizes_that_cannot_be(
    bowerbird: Console, model_dir: Path, options: tuple[str, ...], said: str
) -> None:
    assert_says(bowerbird("evaluate", *options, BASE_MODEL=str(model_dir)), 2, said)


OPTIONS = argparse.Namespace(
    quick=False,
    people=None,
    questions=None,
    curve=None,
    curve_people=None,
    nights=None,
    night_people=None,
    flip_night=None,
    without=(),
)


def test_no_more_people_are_told_of_than_there_are() -> None:
    few = evaluate._plan(argparse.Namespace(**vars(OPTIONS) | {"people": 4}))
    assert (few.people, few.curve_people) == (4, 4)
    assert evaluate._plan(OPTIONS) == FULL


async def test_workers_are_closed_together_also_after_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_are_closing = asyncio.Barrier(2)

    class Executor:
        async def aclose(self) -> None:
            await all_are_closing.wait()

    async def fails(*_: object) -> None:
        raise TrainingError("no worker")

    monkeypatch.setattr(subprocess_executor, "SubprocessExecutor", Executor)
    monkeypatch.setattr(study, "evaluate", fails)
    monkeypatch.setattr(evaluate, "_workers", lambda: 2)
    with pytest.raises(TrainingError, match="no worker"):
        async with asyncio.timeout(5):
            await evaluate._measure(QUICK, SUBJECT, tmp_path)


def figures(is_as_expected: bool) -> dict[str, Any]:
    arm = {
        "satisfaction": (0.75, 0.5, 1.0),
        "win_rate": (0.9, 0.8, 1.0),
        "coherent_share": 0.97,
        "kl_per_token": None,
        "general_nll_change": 0.004,
    }
    return {
        "people": 4,
        "votes": 30,
        "arms": {"base": arm, "both": arm},
        "plan": {"curve_people": 4},
        "curve_gains": {"20": {"both_over_retrieval": (0.26, 0.14, 0.38)}},
        "objectives": {"kto_and_dpo": {**arm, "people": 2}},
        "controls": {"shuffled": {"is_as_expected": is_as_expected}},
        "left_out": ["No nights."],
    }


@pytest.mark.parametrize(
    ("is_as_expected", "code", "said"),
    [(True, 0, "as it must"), (False, 1, "DOES NOT FAIL")],
)
def test_figures_that_cannot_be_trusted_are_a_failure(
    tmp_path: Path,
    model_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    is_as_expected: bool,
    code: int,
    said: str,
) -> None:
    async def measured(plan: Plan, *_: object) -> dict[str, Any]:
        assert plan == QUICK
        return figures(is_as_expected)

    monkeypatch.setattr(evaluate, "_measure", measured)
    settings = Settings(base_model=str(model_dir), data_dir=tmp_path, _env_file=None)
    options = argparse.Namespace(**vars(OPTIONS) | {"quick": True, "out": tmp_path / "out"})
    assert asyncio.run(evaluate.evaluate(settings, options)) == code
    shown = capsys.readouterr().out
    assert said in shown
    assert "75% (50%–100%)" in shown
    assert "No nights." in shown
    assert "After 20 votes (4 people)" in shown
    assert "+26 points (+14 to +38)" in shown
    assert "kto and dpo (2 people, adapter alone): 75%" in shown


@pytest.mark.parametrize(
    ("kept", "found"),
    [
        (None, None),
        ("{", None),
        ("[]", None),
        ("{}", None),
        (json.dumps({"people_per_hour": {"ours": 90.0}}), {"ours": 90.0}),
    ],
)
def test_people_per_hour_are_taken_from_the_benchmark(
    tmp_path: Path, kept: str | None, found: dict[str, float] | None
) -> None:
    path = tmp_path / "bench.json"
    if kept is not None:
        path.write_text(kept)
    assert evaluate._people_per_hour(path) == found
