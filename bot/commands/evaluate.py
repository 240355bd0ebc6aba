"""`bowerbird evaluate`: whether learning works, on simulated people, in figures and a report.

Contract: needs the model and no Discord, token or database. Finished work is kept below the output
folder, so a run that is stopped goes on where it was. Exit code 1 also where a control that must
fail did not, since the other figures cannot be trusted then. Knows how to show it, not to measure.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import psutil
from filelock import FileLock, Timeout
from rich.console import Console
from rich.table import Table

from bowerbird.bot.app import train_recipe
from bowerbird.bot.failures import CommandError, MisuseError
from bowerbird.bot.progress_bars import progress_bars
from bowerbird.bot.settings import Settings
from bowerbird.personalization.evaluation.plan import FULL, QUICK, Plan, Subject
from bowerbird.personalization.evaluation.prompts import TEST
from bowerbird.personalization.models import model_path
from bowerbird.personalization.types import Sampling

FIGURES: Final = "evaluation.json"
FOLDER: Final = "evaluation"
REPORT: Final = "report.html"
MAX_WORKERS: Final = 4
WORKER_BYTES: Final = 5 << 30
"""What training eight people at once takes of memory, about."""
MAX_VOTES: Final = 200
"""About what the pool has replies for; told to vote more often, people would not."""
BENCHMARKS: Final = "bench.json"
"""Where `python -m benchmarks` leaves its figures, if it was given the same folder."""


async def evaluate(settings: Settings, options: argparse.Namespace) -> int:
    """Run it, or go on with it; print the table; leave figures, plots and report."""
    out: Path = options.out
    plan = _plan(options)
    model = await asyncio.to_thread(model_path, settings.base_model, settings.models_dir)
    subject = Subject(
        model_path=model,
        base_model=settings.base_model,
        system_prompt=settings.system_prompt,
        sampling=Sampling(),
        recipe=train_recipe(settings),
        candidates=settings.candidates,
    )
    async with _alone(out / FOLDER):
        figures = await _measure(plan, subject, out)
    _show(figures, out)
    is_fooled = any(not control["is_as_expected"] for control in figures["controls"].values())
    return 1 if is_fooled else 0


def _plan(options: argparse.Namespace) -> Plan:
    """What was asked for. Raises ``MisuseError``."""
    plan = QUICK if options.quick else FULL
    people, questions = options.people or plan.people, options.questions or plan.questions
    if people < 2 or people % 2:
        raise MisuseError("people come in couples who disagree: give --people an even number")
    if not 1 <= questions <= len(TEST):
        raise MisuseError(f"--questions can be 1 to {len(TEST)}")
    if options.quick and (options.curve or options.nights):
        raise MisuseError("a quick run has no curve and no nights: leave --quick out")
    if max(options.curve or (0,)) > MAX_VOTES:
        raise MisuseError(f"nobody votes more than {MAX_VOTES} times: give --curve smaller numbers")
    if (options.night_people or 0) > people // 2:
        raise MisuseError("of a couple one lives through the nights: give fewer --night-people")
    plan = replace(
        plan,
        people=people,
        questions=questions,
        curve=tuple(options.curve or plan.curve),
        curve_people=min(options.curve_people or plan.curve_people, people),
        nights=options.nights or plan.nights,
        night_people=options.night_people or plan.night_people,
        flip_night=options.flip_night or plan.flip_night,
    )
    if "controls" in options.without:
        plan = replace(plan, control_people=0)
    if "curve" in options.without:
        plan = replace(plan, curve=())
    if "nights" in options.without:
        plan = replace(plan, nights=0)
    return plan


async def _measure(plan: Plan, subject: Subject, out: Path) -> dict[str, Any]:
    from bowerbird.personalization.evaluation import report, study, summary
    from bowerbird.personalization.training.subprocess_executor import SubprocessExecutor

    executors = [SubprocessExecutor() for _ in range(_workers())]
    try:
        with progress_bars() as bars:
            found = await study.evaluate(plan, subject, out / FOLDER, bars, executors)
    finally:
        await asyncio.gather(*(executor.aclose() for executor in executors))
    figures = summary.as_json(found, _people_per_hour(out / BENCHMARKS))
    pictures = report.plots(figures)
    page = report.page(figures, found, pictures)
    _write(out / FIGURES, (json.dumps(figures, ensure_ascii=False, indent=1) + "\n").encode())
    _write(out / FOLDER / REPORT, page.encode())
    for name, png in pictures.items():
        _write(out / FOLDER / f"{name}.png", png)
    return figures


def _workers() -> int:
    """Processes that train: each has one thread."""
    by_memory: int = psutil.virtual_memory().available // WORKER_BYTES
    return max(1, min(MAX_WORKERS, os.cpu_count() or 1, by_memory))


@asynccontextmanager
async def _alone(folder: Path) -> AsyncIterator[None]:
    """Two evaluations in one folder would write over each other's work."""
    try:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise MisuseError(f"{folder} is no folder; give another --out") from None
    lock = FileLock(folder / "evaluation.lock", blocking=False, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise CommandError(
            f"an evaluation is running in {folder} already; wait for it, or give another --out"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _people_per_hour(path: Path) -> Mapping[str, float] | None:
    """What `python -m benchmarks training` has measured, if it has."""
    try:
        found = json.loads(path.read_text("utf-8")).get("people_per_hour")
    except (FileNotFoundError, ValueError, AttributeError):
        return None
    return found if isinstance(found, dict) else None


def _write(path: Path, data: bytes) -> None:
    """Complete or not at all."""
    unfinished = path.with_name(f".{path.name}.tmp")
    with unfinished.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _show(figures: Mapping[str, Any], out: Path) -> None:
    console = Console(highlight=False, markup=False)
    table = Table("Arm", box=None, pad_edge=False)
    for title in ("Satisfaction", "Win rate", "Coherent", "KL", "Ordinary text"):
        table.add_column(title, justify="right")
    for arm, values in figures["arms"].items():
        kl = values["kl_per_token"]
        table.add_row(
            arm,
            _share(values["satisfaction"]),
            _share(values["win_rate"]),
            f"{values['coherent_share']:.0%}",
            "–" if kl is None else f"{kl:.3f}",
            f"{values['general_nll_change']:+.2%}",
        )
    console.print(table)
    for name, control in figures["controls"].items():
        verdict = "fails, as it must" if control["is_as_expected"] else "DOES NOT FAIL AS IT MUST"
        console.print(f"Control, {name}: {verdict}")
    for votes, gains in figures["curve_gains"].items():
        mean, low, high = (100 * value for value in gains["both_over_retrieval"])
        console.print(
            f"After {votes} votes ({figures['plan']['curve_people']} people), everything together "
            f"over retrieval alone: {mean:+.0f} points ({low:+.0f} to {high:+.0f})",
            soft_wrap=True,
        )
    for name, told in figures["objectives"].items():
        console.print(
            f"Objective, {name.replace('_', ' ')} ({told['people']} people, adapter alone): "
            f"{_share(told['satisfaction'])}, win rate {_share(told['win_rate'])}, "
            f"coherent {told['coherent_share']:.0%}",
            soft_wrap=True,
        )
    for line in figures["left_out"]:
        console.print(line, soft_wrap=True)
    console.print(
        f"{figures['people']} people, {figures['votes']} votes each. "
        f"Figures: {out / FIGURES}; report: {out / FOLDER / REPORT}",
        soft_wrap=True,
    )


def _share(value: tuple[float, float, float]) -> str:
    mean, low, high = value
    return f"{mean:.0%} ({low:.0%}–{high:.0%})"
