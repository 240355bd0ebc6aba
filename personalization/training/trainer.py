"""One person's training: examples → an adapter, by KTO with an anchor to the base.

Contract: a fresh adapter from the base every time; the reference is the same model without adapter,
its log-probabilities computed once; deterministic for a seed on one machine; stops at the first
number that is not finite and says so. Knows nothing of files, gates or other people. The loss,
docs/DECISIONS.md has the reasons:

    L = mean over the batch of weight·KTO(r, z₀)  +  kl_weight · KL(adapter ‖ base) per token

A step goes through its rows one by one and adds up gradients: on a CPU nothing is gained by padding
them to one length. z₀ and the anchor need no gradient of each other, so this is exact.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from bowerbird.personalization.errors import PromptTooLongError, TrainingError
from bowerbird.personalization.prompting import Encoded, encode
from bowerbird.personalization.training import losses, slot_learning
from bowerbird.personalization.training.executor import TrainExample, TrainRecipe
from bowerbird.personalization.training.shared_base import Neutral, SharedBase, with_reply

OnStep = Callable[[int, int], None]
"""``on_step(done, total)``; what it raises ends the training."""


def _ignore(done: int, total: int) -> None:
    """The default ``on_step``."""


@dataclass(frozen=True, slots=True)
class Row:
    """An example as the model sees it. ``reference``: the base's log-probability of the reply."""

    encoded: Encoded
    is_liked: bool
    weight: float
    reference: float


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Some reply under somebody else's question, for z₀."""

    encoded: Encoded
    reference: float


@dataclass(slots=True)
class Trained:
    """What happened: the mean loss and the anchor's KL per token of each step."""

    losses: list[float] = field(default_factory=list)
    anchor_kl: list[float] = field(default_factory=list)
    is_finite: bool = True


def rows_of(
    base: SharedBase, examples: Sequence[TrainExample], max_tokens: int, on_step: OnStep = _ignore
) -> list[Row]:
    """Encode and score with the base; what does not fit into ``max_tokens`` is left out."""
    rows = []
    for done, example in enumerate(examples):
        on_step(done, len(examples))
        try:
            encoded = encode(base.tokenizer, example.turns, example.reply, max_tokens=max_tokens)
        except PromptTooLongError:
            continue
        if not example.is_complete:  # what is learned must not include the end
            encoded = replace(encoded, ids=encoded.ids[:-1], loss_mask=encoded.loss_mask[:-1])
        rows.append(Row(encoded, example.is_liked, example.weight, _score(base, encoded)))
    return rows


def train(
    base: SharedBase,
    slot: int,
    rows: Sequence[Row],
    neutral: Neutral,
    recipe: TrainRecipe,
    mismatches: Sequence[Mismatch],
    on_step: OnStep,
) -> Trained:
    """Train a fresh adapter in ``slot``. ``mismatches``: one for each row."""
    if not rows:
        raise TrainingError("none of the replies fits into the model's context")
    order = random.Random(recipe.seed)  # noqa: S311  (a shuffle, not a secret)
    slots = base.required_slots()
    slot_learning.initialize(slots, slot, recipe.seed)
    gradients = slot_learning.SlotGradients(slots, recipe.alpha / recipe.rank)
    optimizer = slot_learning.SlotAdamW(
        slots, gradients, slot + 1, weight_decay=recipe.weight_decay
    )
    batches_per_epoch = math.ceil(len(rows) / recipe.batch_size)
    enough = min(math.ceil(recipe.min_steps / batches_per_epoch), recipe.max_epochs)
    epochs = max(recipe.epochs, enough)
    total = batches_per_epoch * epochs
    trained = Trained()
    for _ in range(epochs):
        indices = list(range(len(rows)))
        order.shuffle(indices)
        for start in range(0, len(indices), recipe.batch_size):
            on_step(len(trained.losses), total)
            batch = indices[start : start + recipe.batch_size]
            z0 = _z0(base, slot, [mismatches[i] for i in batch])
            loss = sum(_learn(base, slot, rows[i], z0, recipe.beta, len(batch)) for i in batch)
            anchor = neutral.anchors[len(trained.losses) % len(neutral.anchors)]
            kl = _hold(base, slot, anchor, recipe.kl_weight)
            gradients.collect()
            norm = float(gradients.norms(slot + 1)[slot])
            if not math.isfinite(loss + kl + norm):
                trained.is_finite = False
                return trained
            rate = recipe.learning_rate * _rate(len(trained.losses), total)
            factor = min(1.0, recipe.clip_norm / (norm + 1e-6))
            optimizer.step([0.0] * slot + [rate], [1.0] * slot + [factor])
            gradients.clear()
            trained.losses.append(loss)
            trained.anchor_kl.append(kl)
    on_step(total, total)
    return trained


def mismatches_of(
    base: SharedBase, rows: Sequence[Row], neutral: Neutral, on_step: OnStep = _ignore
) -> list[Mismatch]:
    """Each reply under the next *different* question, a neutral one if all are the same."""
    result = []
    for i, row in enumerate(rows):
        on_step(i, len(rows))
        prompt = _prompt_ids(row.encoded)
        others = (rows[(i + offset) % len(rows)].encoded for offset in range(1, len(rows)))
        other = next((o for o in others if _prompt_ids(o) != prompt), neutral.gate_prompts[0])
        question = Encoded(_prompt_ids(other), (), other.turns)
        encoded = with_reply(question, row.encoded.ids[len(prompt) :])
        result.append(Mismatch(encoded, _score(base, encoded)))
    return result


def _learn(base: SharedBase, slot: int, row: Row, z0: Tensor, beta: float, batch: int) -> float:
    """Gradient of one row's share of the batch's mean loss; returns that share."""
    device = z0.device
    logprob = base.token_logprobs(row.encoded, slot).sum().unsqueeze(0)
    loss = losses.kto(
        logprob,
        torch.tensor([row.reference], device=device),
        torch.tensor([row.is_liked], device=device),
        z0,
        torch.tensor([row.weight], device=device),
        beta=beta,
    )
    share = loss.sum() / batch
    share.backward()  # type: ignore[no-untyped-call]
    return float(share.detach())


def _hold(base: SharedBase, slot: int, anchor: tuple[Encoded, Tensor], weight: float) -> float:
    """Gradient of the pull back to the base; returns KL per token."""
    row, reference = anchor
    if not weight:
        with torch.no_grad():
            return float(losses.anchor_kl(base.logits(row, slot).log_softmax(-1), reference).mean())
    kl = losses.anchor_kl(base.logits(row, slot).log_softmax(-1), reference).mean()
    (weight * kl).backward()  # type: ignore[no-untyped-call]
    return float(kl.detach())


def _z0(base: SharedBase, slot: int, pairs: Sequence[Mismatch]) -> Tensor:
    with torch.no_grad():
        now = torch.stack([base.token_logprobs(pair.encoded, slot).sum() for pair in pairs])
    return losses.reference_point(
        now, torch.tensor([pair.reference for pair in pairs], device=now.device)
    )


def _score(base: SharedBase, encoded: Encoded) -> float:
    with torch.no_grad():
        return float(base.token_logprobs(encoded).sum())


def _prompt_ids(row: Encoded) -> tuple[int, ...]:
    return row.ids[: len(row.ids) - sum(row.loss_mask)]


def _rate(step: int, total: int) -> float:
    """Linear warm-up over the first tenth, then linear decay to a tenth."""
    warm_up = max(1, total // 10)
    if step < warm_up:
        return (step + 1) / warm_up
    return 1.0 - 0.9 * (step - warm_up) / max(1, total - warm_up)
