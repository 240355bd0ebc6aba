"""Many people's training at once: what each thinks of replies → an adapter each, in a slot each.

Contract: each person's adapter is what it would be alone (in float32 up to rounding), with the same
steps in the same order for a seed; nothing of one person's reaches another's, a number that is not
finite neither, nor what ``on_step`` raises. The reference is the base. Knows nothing of files,
gates or who the people are. Each step of each person goes down, with the terms of ``TrainRecipe``,

    L = mean over the batch's units of their losses  +  kl_weight · KL(adapter ‖ base) per token
        +  norm_weight · ‖BA‖²_F
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final, Literal, Self

import torch
from torch import Tensor

from bowerbird.personalization.adapter_weights import AdapterWeights
from bowerbird.personalization.errors import PersonalizationError, TrainingError
from bowerbird.personalization.prompting import Encoded
from bowerbird.personalization.training import losses, slot_learning
from bowerbird.personalization.training.executor import TrainRecipe
from bowerbird.personalization.training.reading import MAX_PLACES
from bowerbird.personalization.training.rows import CorrectionUnit, PersonData, RowWriter, Unit
from bowerbird.personalization.training.shared_base import (
    ANCHOR_TOKENS,
    Anchor,
    Neutral,
    SharedBase,
)
from bowerbird.personalization.training.trie import lay_out
from bowerbird.personalization.types import Turn

Stage = Literal["loading", "training"]
OnStep = Callable[[int, Stage, int, int], None]
"""``on_step(person, stage, done, total)``; a ``PersonalizationError`` in it ends this person's
training. Loading is to ask the base what it says to what is learned by comparing with it."""

MAX_SAID: Final = 24
"""So many replies of their own a person's adapter is held to the base by, the newest."""

LONE_REWRITE_READS: Final = 5
"""A reply that was written anew, and the only one, is read so often at most: twice as often it is
known by heart, and said to whatever is asked alike (docs/LOG.md)."""

_NORM_FLOOR: Final = 1e-6  # as in torch's clip_grad_norm_


def _ignore(person: int, stage: Stage, done: int, total: int) -> None:
    """The default ``on_step``."""


@dataclass(slots=True)
class Trained:
    """What happened to one person: the mean loss of each step and, if it counts, the anchor's KL
    per token. ``error``: why it ended early; then the slot is not to be used."""

    losses: list[float] = field(default_factory=list)
    anchor_kl: list[float] = field(default_factory=list)
    error: PersonalizationError | None = None

    @property
    def is_finite(self) -> bool:
        return not isinstance(self.error, NotFiniteError)


class NotFiniteError(TrainingError):
    """The numbers got out of hand."""


@dataclass(slots=True)
class _Learner:
    """One person's training: which units each step draws, and how far it is."""

    person: int
    units: Sequence[Unit]
    batches: list[list[int]]
    said: Sequence[Encoded]
    neutral: Neutral
    trained: Trained
    z0: Tensor
    loss: float = 0.0
    kl: float = 0.0
    anchors: Sequence[Anchor] = ()

    @property
    def done(self) -> int:
        return len(self.trained.losses)

    @property
    def is_learning(self) -> bool:
        return self.trained.error is None and self.done < len(self.batches)

    @property
    def batch(self) -> list[Unit]:
        return [self.units[i] for i in self.batches[self.done]]

    @property
    def anchor(self) -> Anchor:
        """Of this step."""
        return self.anchors[self.done % len(self.anchors)]

    def end(self, error: PersonalizationError) -> None:
        self.trained.error = error


class Group:
    """``people`` slots on ``base``, and ``spare`` ones, for the time of a ``with``; all begin as
    fresh adapters. A second ``train`` goes on from where the first one ended.
    """

    def __init__(
        self, base: SharedBase, people: int, recipe: TrainRecipe, *, spare: int = 0
    ) -> None:
        self._base = base
        self._people = people
        self._recipe = recipe
        self._spare = spare
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        recipe = self._recipe
        self._slots = self._stack.enter_context(
            self._base.adapters(
                count=self._people + self._spare, rank=recipe.rank, targets=recipe.targets
            )
        )
        for person in range(self._people):
            slot_learning.initialize(self._slots, person, recipe.seed)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def weights(self, person: int) -> AdapterWeights:
        """The person's adapter as it is now."""
        return self._slots.read(person, alpha=self._recipe.alpha)

    def train(self, data: Sequence[PersonData], on_step: OnStep = _ignore) -> list[Trained]:
        """Train everybody on theirs; empty data is no training, and no error."""
        learners = [self._learner(person, own) for person, own in enumerate(data)]
        for learner in learners:
            self._refer(learner, on_step)
        gradients = slot_learning.SlotGradients(self._slots, self._recipe.alpha / self._recipe.rank)
        optimizer = slot_learning.SlotAdamW(
            self._slots, gradients, self._people, weight_decay=self._recipe.weight_decay
        )
        while True:
            for learner in learners:
                _tell(on_step, learner, "training", learner.done, len(learner.batches))
            learning = [learner for learner in learners if learner.is_learning]
            if not learning:
                return [learner.trained for learner in learners]
            self._estimate_z0(learning)
            for some in _microbatches(learning, self._rows):
                self._backward(some)
            gradients.collect()
            self._step(learning, gradients, optimizer)
            gradients.clear()

    # --- one step -----------------------------------------------------------------------------

    def _backward(self, learners: Sequence[_Learner]) -> None:
        rows = [self._rows(learner) for learner in learners]
        hidden = iter(self._base.hidden(rows, [learner.person for learner in learners]))
        total: Tensor | float = 0.0
        for learner, own in zip(learners, rows, strict=True):
            states = [next(hidden) for _ in own]
            units = learner.batch
            unit_rows = [row for unit in units for row in unit.rows]
            logprobs = iter(self._base.reader.logprobs(unit_rows, states[: len(unit_rows)]))
            terms = [unit.loss([next(logprobs) for _ in unit.rows], learner.z0) for unit in units]
            loss = torch.stack(terms).mean()
            learner.loss = float(loss.detach())
            if self._recipe.kl_weight:
                cap = self._recipe.kl_cap
                kl = self._base.reader.kl(states[-1], learner.anchor.states, cap=cap).mean()
                learner.kl = float(kl.detach())
                loss = loss + self._recipe.kl_weight * kl
            total = total + loss
        assert isinstance(total, Tensor)  # noqa: S101  (there is somebody)
        total.backward()  # type: ignore[no-untyped-call]

    def _step(
        self,
        learners: Sequence[_Learner],
        gradients: slot_learning.SlotGradients,
        optimizer: slot_learning.SlotAdamW,
    ) -> None:
        recipe = self._recipe
        rates, factors = [0.0] * self._people, [1.0] * self._people
        penalties = {
            learner.person: gradients.add_size_penalty(learner.person, recipe.norm_weight)
            for learner in learners
            if recipe.norm_weight
        }
        norms = gradients.norms(self._people).tolist()
        for learner in learners:
            person, norm = learner.person, norms[learner.person]
            loss = learner.loss + recipe.norm_weight * penalties.get(person, 0.0)
            if not math.isfinite(loss + learner.kl + norm):
                learner.end(NotFiniteError("the numbers of the training got out of hand"))
                continue
            rates[person] = recipe.learning_rate * _rate(learner.done, len(learner.batches))
            factors[person] = min(1.0, recipe.clip_norm / (norm + _NORM_FLOOR))
            learner.trained.losses.append(loss)
            if recipe.kl_weight:
                learner.trained.anchor_kl.append(learner.kl)
        optimizer.step(rates, factors)

    def _estimate_z0(self, learners: Sequence[_Learner]) -> None:
        every = self._recipe.z0_every
        due = [learner for learner in learners if every and learner.done % every == 0]

        def rows(learner: _Learner) -> list[Encoded]:
            return [unit.mismatch for unit in learner.batch if unit.mismatch is not None]

        for some in _microbatches([learner for learner in due if rows(learner)], rows):
            asked = [rows(learner) for learner in some]
            with torch.no_grad():
                now = self._base.logprob_sums(asked, [learner.person for learner in some])
            for learner, own in zip(some, now, strict=True):
                reference = [u.mismatch_reference for u in learner.batch if u.mismatch is not None]
                learner.z0 = losses.reference_point(own, own.new_tensor(reference))

    def _rows(self, learner: _Learner) -> list[Encoded]:
        """What a step reads: the batch's rows and, last, the anchor if it counts."""
        rows = [row for unit in learner.batch for row in unit.rows]
        return [*rows, learner.anchor.row] if self._recipe.kl_weight else rows

    # --- before the first step ----------------------------------------------------------------

    def _refer(self, learner: _Learner, on_step: OnStep) -> None:
        """Ask the base for the log-probability of every row it is compared by, once."""
        compared = [row for unit in learner.units for row in unit.compared]
        said = learner.said if self._recipe.kl_weight else ()
        total = len(compared) + len(said)

        def tell(done: int) -> None:
            _tell(on_step, learner, "loading", done, total)
            if learner.trained.error is not None:
                raise learner.trained.error

        try:
            logprobs = iter(self._base.all_token_logprobs(compared, on_row=tell))
            anchors = self._base.anchors(said, on_row=lambda done: tell(len(compared) + done))
        except PersonalizationError as error:
            learner.end(error)
            return
        for unit in learner.units:
            if unit.compared:
                unit.refer([next(logprobs) for _ in unit.compared])
        learner.anchors = in_turn(anchors, learner.neutral)

    def _learner(self, person: int, data: PersonData) -> _Learner:
        neutral = self._base.neutral(_newest(data))
        trained = Trained()
        writer = RowWriter(self._base.tokenizer, self._recipe)
        units = writer.units(data, neutral.gate_prompts[0])
        if not units and (data.examples or data.pairs or data.rewards):
            trained.error = TrainingError("none of the replies fits into the model's context")
        batches = _batches(units, self._recipe)
        said = writer.said(data, count=MAX_SAID, max_tokens=ANCHOR_TOKENS)
        return _Learner(person, units, batches, said, neutral, trained, torch.zeros(()))


def _microbatches(
    learners: Sequence[_Learner], rows: Callable[[_Learner], Sequence[Encoded]]
) -> Iterator[list[_Learner]]:
    """People of about one length together, as many as fit into a pass."""
    lengths = {learner.person: _places(rows(learner)) for learner in learners}
    some: list[_Learner] = []
    for learner in sorted(learners, key=lambda learner: -lengths[learner.person]):
        if some and (len(some) + 1) * lengths[some[0].person] > MAX_PLACES:
            yield some
            some = []
        some.append(learner)
    if some:
        yield some


def _places(rows: Sequence[Encoded]) -> int:
    return len(lay_out([row.ids[:-1] for row in rows]))


def _batches(units: Sequence[Unit], recipe: TrainRecipe) -> list[list[int]]:
    """Which units each step draws: every unit once an epoch, in an order of its own."""
    if not units:
        return []
    order = random.Random(recipe.seed)  # noqa: S311  (a shuffle, not a secret)
    per_epoch = math.ceil(len(units) / recipe.batch_size)
    enough = min(math.ceil(recipe.min_steps / per_epoch), recipe.max_epochs)
    if len(units) == 1 and isinstance(units[0], CorrectionUnit) and units[0].is_rewrite:
        enough = min(enough, LONE_REWRITE_READS)
    batches = []
    for _ in range(max(recipe.epochs, enough)):
        indices = list(range(len(units)))
        order.shuffle(indices)
        batches += [
            indices[start : start + recipe.batch_size]
            for start in range(0, len(units), recipe.batch_size)
        ]
    return batches


def _rate(step: int, total: int) -> float:
    """Linear warm-up over the first tenth, then linear decay to a tenth."""
    warm_up = max(1, total // 10)
    if step < warm_up:
        return (step + 1) / warm_up
    return 1.0 - 0.9 * (step - warm_up) / max(1, total - warm_up)


def in_turn(said: Sequence[Anchor], neutral: Neutral) -> list[Anchor]:
    """What a person's adapter is held to the base by: what was said to their own questions, where
    there is little of it also to neutral ones, and every third a plain text."""
    spoken = [*said, *neutral.said][:MAX_SAID]
    found = []
    for number, anchor in enumerate(spoken):
        found.append(anchor)
        if number % 2:
            found.append(neutral.texts[number // 2 % len(neutral.texts)])
    return found


def _newest(data: PersonData) -> tuple[Turn, ...]:
    """The conversation of the newest item."""
    for items in (data.examples, data.pairs, data.rewards):
        if items:
            return items[-1].turns
    return ()


def _tell(on_step: OnStep, learner: _Learner, stage: Stage, done: int, total: int) -> None:
    if learner.trained.error is None:
        try:
            on_step(learner.person, stage, done, total)
        except PersonalizationError as error:
            learner.end(error)
