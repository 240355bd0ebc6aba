"""The seam between deciding what to train and the process that trains it.

Jobs and results are JSON-serialisable, so they can cross to a subprocess or another machine.
Contract, proved by one suite over all implementations: a killed worker leaves nothing
half-written and its jobs end as failed; results arrive as they are ready; closing the stream
stops the worker. Knows no torch and no database.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from bowerbird.storage.records import Turn

ALL_LINEAR: Final = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")

ExampleKind = Literal["vote", "correction", "weak"]
"""``vote``: on a reply. ``correction``: a text the person wrote instead, always liked. ``weak``:
read from what the person said next, and of a small weight."""


@dataclass(frozen=True, slots=True)
class TrainExample:
    """One reply and whether the person wants more or fewer like it (a KTO example).

    ``weight`` already balances the labels. ``is_held_out``: not trained on, kept for the gate.
    ``is_complete``: false if the reply was cut off at its token limit, so that stopping there was
    nobody's choice. ``corrects``: of a correction, what the model had said.
    """

    turns: tuple[Turn, ...]
    reply: str
    is_liked: bool
    weight: float = 1.0
    is_held_out: bool = False
    is_complete: bool = True
    kind: ExampleKind = "vote"
    corrects: str | None = None


@dataclass(frozen=True, slots=True)
class TrainPair:
    """Two replies to one question, of which the person prefers the first (a DPO pair).

    The other fields mean what they mean in ``TrainExample``.
    """

    turns: tuple[Turn, ...]
    chosen: str
    rejected: str
    weight: float = 1.0
    is_held_out: bool = False
    chosen_is_complete: bool = True
    rejected_is_complete: bool = True


@dataclass(frozen=True, slots=True)
class TrainRewards:
    """Replies to one question with a number for each: what ``objective="reinforce"`` learns from.

    Sampled, not stored, so these never cross to another process. ``are_complete``: as
    ``TrainExample.is_complete``, for each reply.
    """

    turns: tuple[Turn, ...]
    replies: tuple[str, ...]
    rewards: tuple[float, ...]
    are_complete: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class TrainRecipe:
    """How an adapter is trained; docs/LOG.md says what each value was worth.

    ``epochs`` at least; with few examples more, until there are ``min_steps`` or ``max_epochs``.
    ``batch_size``: examples, pairs or questions a step.

    ``objective``: ``preference`` is the sum of the weighted terms, of which those of weight 0 cost
    nothing: ``kto_weight`` for votes, and for corrections if ``teach_weight`` is 0; ``weak_weight``
    for KTO on weak examples; ``pair_weight`` for DPO; ``teach_weight`` and ``liked_nll_weight`` for
    NLL on corrections and on liked replies, and ``keep_weight`` for what a correction left as it
    was. ``reinforce`` is RLOO, with votes as rewards where none are given.

    ``kl_weight``: per token, to the base, where nothing was asked for; ``kl_cap``: nats that one
    token counts at most. ``norm_weight``: of ‖BA‖²_F, summed over layers. ``weight_decay``:
    AdamW's, on A and B. ``z0_every``: steps between two estimates of KTO's reference point; 0 takes
    it as 0.
    """

    objective: Literal["preference", "reinforce"] = "preference"
    kto_weight: float = 1.0
    pair_weight: float = 0.5
    teach_weight: float = 1.0
    keep_weight: float = 4.0
    liked_nll_weight: float = 0.0
    weak_weight: float = 1.0
    norm_weight: float = 0.0
    z0_every: int = 1

    rank: int = 8
    alpha: int = 16
    targets: tuple[str, ...] = ALL_LINEAR
    learning_rate: float = 1e-3
    epochs: int = 1
    min_steps: int = 48
    max_epochs: int = 10
    batch_size: int = 2
    max_tokens: int = 512
    beta: float = 0.1
    kl_weight: float = 4.0
    kl_cap: float = 0.3
    weight_decay: float = 0.0
    clip_norm: float = 1.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class TrainJob:
    """One person's training. ``candidate_dir`` is where the adapter is left, complete or absent.

    ``incumbent_dir``: the active adapter the candidate is measured against; ``None`` for base.
    ``keeps_rejected``: leave it there whatever the verdict, for somebody who studies what failed.
    """

    job_id: str
    base_model: str
    candidate_dir: str
    examples: tuple[TrainExample, ...]
    recipe: TrainRecipe
    incumbent_dir: str | None = None
    pairs: tuple[TrainPair, ...] = ()
    keeps_rejected: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's decision, its reasons in plain sentences, and what it measured."""

    is_accepted: bool
    reasons: tuple[str, ...]
    measurements: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrainProgress:
    """``done`` of ``total`` steps of a stage of one job.

    The first and the last stage, of one step each, are told by whoever queues the job.
    """

    job_id: str
    stage: Literal["queued", "loading", "training", "gate", "over"]
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class TrainResult:
    """How a job ended. Without ``verdict`` it failed, and ``error`` says why in one sentence."""

    job_id: str
    verdict: Verdict | None
    error: str | None
    seconds: float


class TrainExecutor(Protocol):
    def run(self, jobs: Sequence[TrainJob]) -> AsyncGenerator[TrainProgress | TrainResult, None]:
        """Run all jobs; exactly one result for each, progress in between.

        Raises ``TrainingError`` only if no worker can be started at all, and
        ``TrainingInterruptedError`` if the executor is closed before all jobs have ended.
        """

    async def cancel(self, job_id: str) -> None:
        """Stop or skip one job; its result says so. Nothing happens if it is not there or over."""

    async def aclose(self) -> None:
        """Stop the worker, if any. Safe to call twice."""
