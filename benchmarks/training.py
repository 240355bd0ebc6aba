"""People an hour from stored feedback to a gated adapter: many at once against PEFT one by one.

All train on the same feedback with the same recipe, steps and gate, in one thread. Seconds are the
processor's own for this process, since on a shared machine neighbours come and go. People differ
in what they vote for: each likes replies that are short, or long, or have more lines, or fewer
commas. Equal learning is judged on replies not trained on: how often a liked one gained more than
a disliked one (AUC). SmolLM2, the default recipe with fewer steps.
"""

from __future__ import annotations

import gc
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from benchmarks import report
from benchmarks.peft_training import PeftTrainer
from bowerbird.personalization.models import DEFAULT_MODEL, fetch_model, load_model
from bowerbird.personalization.training import gate, gate_measures
from bowerbird.personalization.training.executor import TrainExample, TrainRecipe
from bowerbird.personalization.training.neutral import ANCHOR_QUESTIONS, GATE_QUESTIONS
from bowerbird.personalization.training.rows import PersonData
from bowerbird.personalization.training.sampler import seeds_for
from bowerbird.personalization.training.shared_base import SharedBase
from bowerbird.personalization.training.trainer import Group
from bowerbird.personalization.types import Sampling
from bowerbird.storage.records import Turn

MODELS = Path(__file__).parents[1] / "data" / "models"
PEOPLE = 4
VOTES = 12
UNSEEN = 8
REPLIES = 2  # to each question
RECIPE = TrainRecipe(min_steps=6, epochs=2)
SYSTEM = (Turn("system", "You are a helpful AI assistant. Give short, friendly answers."),)
SAMPLING = Sampling(max_new_tokens=64, temperature=0.8)

WISHES: tuple[Callable[[str], float], ...] = (
    lambda reply: -len(reply),
    lambda reply: len(reply),
    lambda reply: reply.count("\n"),
    lambda reply: -reply.count(","),
)


def main(rounds: int, out: Path) -> None:
    """Print the table and leave the figures in ``out`` and the common report."""
    figures = people_per_hour(peft_people=min(rounds, PEOPLE))
    Console(highlight=False).print(_table(figures))
    out.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    report.merge(out.parent, {"training": figures, "people_per_hour": figures["people_per_hour"]})


def people_per_hour(*, peft_people: int = 1) -> dict[str, Any]:
    """``people_per_hour``, ``seconds`` a person (training, gate) and ``auc``, each by contender.

    PEFT takes one person after the other, so ``peft_people`` of them tell its speed.
    """
    torch.set_num_threads(1)
    path = str(fetch_model(DEFAULT_MODEL, MODELS))
    base = SharedBase(path, device="cpu")
    people = _feedback(base)
    seconds: dict[str, tuple[float, float]] = {}
    aucs: dict[str, float] = {}
    base.neutral(SYSTEM)  # once for all who share it, whoever trains them
    seconds["ours"], aucs["ours"] = _ours(base, people, peft_people)
    own = str(base.model.dtype).removeprefix("torch.")
    arms = {"peft_f32": "float32", "peft_bf16": "bfloat16"}
    for name, dtype in sorted(arms.items(), key=lambda arm: arm[1] != own):
        if dtype != own:
            del base
            gc.collect()
            base = SharedBase(path, device="cpu", dtype=dtype)
            own = dtype
            base.neutral(SYSTEM)
        model = load_model(path, device="cpu", dtype=dtype)
        seconds[name], aucs[name] = _peft(base, model, people[:peft_people])
    return {
        "machine": report.machine(),
        "people": PEOPLE,
        "votes": VOTES,
        "seconds": {name: list(values) for name, values in seconds.items()},
        "people_per_hour": {name: 3600 / sum(values) for name, values in seconds.items()},
        "auc": aucs,
    }


def _feedback(base: SharedBase) -> list[tuple[tuple[TrainExample, ...], tuple[TrainExample, ...]]]:
    """What each person voted on, and what they would have said of replies they never saw."""
    questions = (*ANCHOR_QUESTIONS, *GATE_QUESTIONS)
    turns = [(*SYSTEM, Turn("user", question)) for question in questions]
    prompts = [base.prompt(own) for own in turns for _ in range(REPLIES)]
    base.neutral(SYSTEM)
    replies = base.replies(
        prompts, [None] * len(prompts), seeds=seeds_for(3, len(prompts)), sampling=SAMPLING
    )
    said = [
        TrainExample(turns[i // REPLIES], reply.text, True, is_complete=reply.is_complete)
        for i, reply in enumerate(replies)
        if reply.text.strip()
    ]
    found = []
    for person in range(PEOPLE):
        wish = WISHES[person % len(WISHES)]
        middle = statistics.median(wish(example.reply) for example in said)
        votes = [replace(e, is_liked=wish(e.reply) > middle) for e in said]
        found.append((tuple(votes[:VOTES]), tuple(votes[-UNSEEN:])))
    return found


People = Sequence[tuple[tuple[TrainExample, ...], tuple[TrainExample, ...]]]


def _ours(base: SharedBase, people: People, judged: int) -> tuple[tuple[float, float], float]:
    """Seconds of training and gate a person; the AUC is of the first ``judged``, as PEFT's."""
    aucs = []
    with Group(base, len(people), RECIPE) as group:
        started = time.process_time()
        group.train([PersonData(votes) for votes, _ in people])
        trained = time.process_time()
        for slot, (votes, _) in enumerate(people):
            _gate(base, slot, votes)
        gated = time.process_time()
        aucs = [_auc(base, slot, unseen) for slot, (_, unseen) in enumerate(people[:judged])]
    count = len(people)
    return ((trained - started) / count, (gated - trained) / count), statistics.fmean(aucs)


def _peft(base: SharedBase, model: Any, people: People) -> tuple[tuple[float, float], float]:
    trainer = PeftTrainer(model, base, RECIPE)
    training, gating, aucs = [], [], []
    for votes, unseen in people:
        started = time.process_time()
        weights = trainer.train(PersonData(votes), SYSTEM)
        trained = time.process_time()
        with base.adapters(count=1, rank=RECIPE.rank, targets=RECIPE.targets) as slots:
            slots.load(0, weights)
            _gate(base, 0, votes)
            gating.append(time.process_time() - trained)
            training.append(trained - started)
            aucs.append(_auc(base, 0, unseen))
    return (statistics.fmean(training), statistics.fmean(gating)), statistics.fmean(aucs)


def _gate(base: SharedBase, slot: int, votes: Sequence[TrainExample]) -> None:
    found = gate_measures.measure(
        base,
        slot,
        examples=votes,
        held_out=[],
        neutral=base.neutral(SYSTEM),
        incumbent=None,
        is_finite=True,
        seed=0,
        on_step=lambda done, total: None,
    )
    gate.judge(found)


def _auc(base: SharedBase, slot: int, unseen: Sequence[TrainExample]) -> float:
    rows = [base.row(example.turns, example.reply) for example in unseen]
    gains = (base.logprobs_of(rows, slot) - base.logprobs_of(rows)).tolist()
    liked = [gain for gain, e in zip(gains, unseen, strict=True) if e.is_liked]
    disliked = [gain for gain, e in zip(gains, unseen, strict=True) if not e.is_liked]
    pairs = list(product(liked, disliked))
    return statistics.fmean((a > b) + 0.5 * (a == b) for a, b in pairs) if pairs else 0.5


def _table(figures: dict[str, Any]) -> Table:
    table = Table(title=f"Training, {figures['machine']}")
    for column in ("", "training s", "gate s", "people an hour", "ours is", "AUC"):
        table.add_column(column, justify="right")
    ours = figures["people_per_hour"]["ours"]
    for name, (training, gating) in figures["seconds"].items():
        hourly = figures["people_per_hour"][name]
        table.add_row(
            name,
            f"{training:.1f}",
            f"{gating:.1f}",
            f"{hourly:.0f}",
            f"{ours / hourly:.1f}×",
            f"{figures['auc'][name]:.2f}",
        )
    return table
