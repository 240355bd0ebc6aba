"""What a person thought of replies, as the token rows and losses of a training step.

Contract: a *unit* is what is drawn together (an example, a pair, one question's replies) and knows
its rows, and its loss given their log-probabilities; terms of weight 0 make no rows. The reference
is what the base says to the same rows. What does not fit into the recipe's ``max_tokens`` is left
out. Knows neither slots nor optimizers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from itertools import islice
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

from bowerbird.personalization.errors import PromptTooLongError
from bowerbird.personalization.prompting import Encoded, encode
from bowerbird.personalization.training import losses
from bowerbird.personalization.training.executor import (
    TrainExample,
    TrainJob,
    TrainPair,
    TrainRecipe,
    TrainRewards,
)
from bowerbird.personalization.types import Turn

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from bowerbird.personalization.training.shared_base import SharedBase


@dataclass(frozen=True, slots=True)
class Row:
    """An example as the model sees it. ``reference``: the base's log-probability of the reply."""

    encoded: Encoded
    is_liked: bool
    reference: float


class Unit(Protocol):
    """``rows`` are read in a step. ``mismatch``: some reply of the person's under another question,
    for z₀; ``None``: no need."""

    rows: tuple[Encoded, ...]
    mismatch: Encoded | None
    mismatch_reference: float

    @property
    def compared(self) -> tuple[Encoded, ...]:
        """What the base is asked about before the first step; nothing if there is no need."""

    def refer(self, logprobs: Sequence[Tensor]) -> None:
        """Take what the base says: of each row ``compared``, ``[learned tokens]``."""

    def loss(self, logprobs: Sequence[Tensor], z0: Tensor) -> Tensor:
        """Of the unit, a scalar; ``logprobs``: each row's ``[learned tokens]``."""


@dataclass(slots=True)
class _Relative:
    """A unit whose loss is of whole replies' log-ratios; ``reference`` ``[rows]`` is the base's."""

    rows: tuple[Encoded, ...]
    mismatch: Encoded | None = field(default=None, init=False)
    reference: Tensor = field(default_factory=lambda: torch.zeros(0), init=False)
    mismatch_reference: float = field(default=0.0, init=False)

    @property
    def compared(self) -> tuple[Encoded, ...]:
        return self.rows if self.mismatch is None else (*self.rows, self.mismatch)

    def refer(self, logprobs: Sequence[Tensor]) -> None:
        sums = [tokens.sum() for tokens in logprobs]
        self.reference = torch.stack(sums[: len(self.rows)])
        if self.mismatch is not None:
            self.mismatch_reference = float(sums[-1])


@dataclass(slots=True)
class CorrectionUnit:
    """What a person wrote instead: what they changed is taught, what they left is kept as likely as
    it was.

    ``is_changed`` ``[learned tokens]``; ``original``: the reply that was corrected, as a row, and
    ``kept_from`` ``[kept tokens]`` the places of what was left of it among its learned tokens.
    """

    rows: tuple[Encoded, ...]
    is_changed: Tensor
    original: Encoded | None
    kept_from: Tensor
    teach: float
    keep: float
    mismatch: Encoded | None = field(default=None, init=False)
    mismatch_reference: float = field(default=0.0, init=False)
    _reference: Tensor = field(default_factory=lambda: torch.zeros(0), init=False)

    @property
    def is_rewrite(self) -> bool:
        """Whether little is left of the reply that was corrected."""
        return bool(2 * self.is_changed.sum() > len(self.is_changed))

    @property
    def compared(self) -> tuple[Encoded, ...]:
        return () if self.original is None or not len(self.kept_from) else (self.original,)

    def refer(self, logprobs: Sequence[Tensor]) -> None:
        (tokens,) = logprobs
        self._reference = tokens[self.kept_from.to(tokens.device)]

    def loss(self, logprobs: Sequence[Tensor], z0: Tensor) -> Tensor:
        (tokens,) = logprobs
        is_changed = self.is_changed.to(tokens.device)
        kept = losses.kept(tokens[~is_changed], self._reference)
        return self.teach * (losses.nll(tokens[is_changed]) + self.keep * kept)


@dataclass(slots=True)
class ExampleUnit(_Relative):
    """``kto`` and ``nll``: weights, the former with the example's own in it."""

    is_liked: bool
    kto: float
    nll: float
    beta: float

    def loss(self, logprobs: Sequence[Tensor], z0: Tensor) -> Tensor:
        (tokens,) = logprobs
        total = tokens.new_zeros(())
        if self.kto:
            is_liked = torch.tensor([self.is_liked], device=tokens.device)
            weight = tokens.new_tensor([self.kto])
            reply = tokens.sum().unsqueeze(0)
            total = losses.kto(reply, self.reference, is_liked, z0, weight, beta=self.beta).sum()
        if self.nll:
            total = total + self.nll * losses.nll(tokens)
        return total


@dataclass(slots=True)
class PairUnit(_Relative):
    """The chosen row, then the rejected one."""

    weight: float
    beta: float

    def loss(self, logprobs: Sequence[Tensor], z0: Tensor) -> Tensor:
        chosen, rejected = (tokens.sum().unsqueeze(0) for tokens in logprobs)
        margin = self.reference[:1] - self.reference[1:]
        weight = chosen.new_tensor([self.weight])
        return losses.dpo(chosen, rejected, margin, weight, beta=self.beta).sum()


@dataclass(slots=True)
class RewardUnit(_Relative):
    """Replies that are each other's baseline."""

    rewards: tuple[float, ...]
    beta: float

    def loss(self, logprobs: Sequence[Tensor], z0: Tensor) -> Tensor:
        replies = torch.stack([tokens.sum() for tokens in logprobs])
        rewards = replies.new_tensor(self.rewards)
        return losses.rloo(replies, self.reference, rewards, beta=self.beta).mean()


@dataclass(frozen=True, slots=True)
class PersonData:
    """What one person's training reads. Held-out examples and pairs in it are passed over.

    ``said``: replies that nothing is to be learned from; how the model goes on in them is to stay.
    """

    examples: tuple[TrainExample, ...] = ()
    pairs: tuple[TrainPair, ...] = ()
    rewards: tuple[TrainRewards, ...] = ()
    said: tuple[TrainExample, ...] = ()


class RowWriter:
    """Texts to rows of at most ``recipe.max_tokens``."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, recipe: TrainRecipe) -> None:
        self.tokenizer = tokenizer
        self._recipe = recipe

    def row(self, turns: Sequence[Turn], reply: str, *, is_complete: bool) -> Encoded | None:
        """``None`` if it does not fit."""
        try:
            encoded = encode(self.tokenizer, turns, reply, max_tokens=self._recipe.max_tokens)
        except PromptTooLongError:
            return None
        if is_complete:
            return encoded
        # What is learned must not include the end.
        return replace(encoded, ids=encoded.ids[:-1], loss_mask=encoded.loss_mask[:-1])

    def fits(self, example: TrainExample) -> bool:
        row = self.row(example.turns, example.reply, is_complete=example.is_complete)
        return row is not None

    def units(self, data: PersonData, neutral_prompt: Encoded) -> list[Unit]:
        """All that the recipe has a use for; each with a mismatch if z₀ is asked for."""
        recipe = self._recipe
        if recipe.objective == "reinforce":
            return list(self._rewarded(data))
        found: list[Unit] = [*self._examples(data), *self._pairs(data)]
        if recipe.z0_every:
            _mismatch([u for u in found if isinstance(u, ExampleUnit) and u.kto], neutral_prompt)
        return found

    def said(self, data: PersonData, *, count: int, max_tokens: int) -> list[Encoded]:
        """The beginnings of what the model had said, of the newest ``count``, newest first."""
        rows = (self.row(one.turns, one.reply, is_complete=False) for one in reversed(data.said))
        begun = (_begun(row, max_tokens) for row in rows if row is not None and any(row.loss_mask))
        return list(islice(begun, count))

    def _examples(self, data: PersonData) -> Iterator[Unit]:
        recipe = self._recipe
        for example in data.examples:
            if example.is_held_out:
                continue
            row = self.row(example.turns, example.reply, is_complete=example.is_complete)
            if row is None:
                continue
            is_weak = example.kind == "weak"
            if example.kind == "correction" and recipe.teach_weight:
                yield self._correction(row, example)
                continue
            kto = example.weight * (recipe.weak_weight if is_weak else recipe.kto_weight)
            nll = recipe.liked_nll_weight if example.is_liked and not is_weak else 0.0
            if kto or nll:
                yield ExampleUnit((row,), example.is_liked, kto, nll, recipe.beta)

    def _correction(self, row: Encoded, example: TrainExample) -> CorrectionUnit:
        """What is not in the reply it corrects was changed, and where something was taken out, what
        comes next instead; the end as well, which says that no more is wanted."""
        learned = row.ids[-sum(row.loss_mask) :]
        is_changed = torch.ones(len(learned), dtype=torch.bool)
        kept_from = torch.zeros(len(learned), dtype=torch.long)
        original = None
        if example.corrects is not None:
            original = self.row(example.turns, example.corrects, is_complete=False)
        if original is not None and any(original.loss_mask):
            known = original.ids[-sum(original.loss_mask) :]
            matcher = SequenceMatcher(None, known, learned, autojunk=False)
            for kind, before, before_end, start, end in matcher.get_opcodes():
                if kind == "equal":
                    is_changed[start:end] = False
                    kept_from[start:end] = torch.arange(before, before_end)
            for kind, _, _, start, _ in matcher.get_opcodes():
                if kind == "delete":
                    is_changed[start : start + 1] = True
        recipe = self._recipe
        return CorrectionUnit(
            (row,),
            is_changed,
            original,
            kept_from[~is_changed],
            recipe.teach_weight,
            recipe.keep_weight,
        )

    def _pairs(self, data: PersonData) -> Iterator[PairUnit]:
        recipe = self._recipe
        for pair in data.pairs if recipe.pair_weight else ():
            if pair.is_held_out:
                continue
            chosen = self.row(pair.turns, pair.chosen, is_complete=pair.chosen_is_complete)
            rejected = self.row(pair.turns, pair.rejected, is_complete=pair.rejected_is_complete)
            if chosen is not None and rejected is not None:
                yield PairUnit((chosen, rejected), recipe.pair_weight * pair.weight, recipe.beta)

    def _rewarded(self, data: PersonData) -> Iterator[RewardUnit]:
        for group in _reward_groups(data, self._recipe.batch_size):
            rows = [self.row(e.turns, e.reply, is_complete=e.is_complete) for e, _ in group]
            kept = [(row, reward) for row, (_, reward) in zip(rows, group, strict=True) if row]
            if len(kept) > 1:
                encoded, rewards = zip(*kept, strict=True)
                yield RewardUnit(encoded, rewards, self._recipe.beta)


def held_out_rows(base: SharedBase, job: TrainJob) -> list[Row]:
    """A job's held-out examples, with what the base says to them."""
    writer = RowWriter(base.tokenizer, job.recipe)
    held_out = [example for example in job.examples if example.is_held_out]
    made = [(e, writer.row(e.turns, e.reply, is_complete=e.is_complete)) for e in held_out]
    found = [(example, row) for example, row in made if row is not None]
    references = base.logprobs_of([row for _, row in found]).tolist()
    return [
        Row(row, example.is_liked, reference)
        for (example, row), reference in zip(found, references, strict=True)
    ]


def _reward_groups(data: PersonData, batch_size: int) -> Iterator[list[tuple[TrainExample, float]]]:
    """Replies with their rewards that are each other's baseline: those to one question.

    Where there are votes only, 👍 is 1 and 👎 is -1; a question with one reply shares its baseline
    with others of the kind, which is as independent of the reply as RLOO asks.
    """
    for asked in data.rewards:
        yield [
            (TrainExample(asked.turns, reply, reward > 0, is_complete=is_complete), reward)
            for reply, reward, is_complete in zip(
                asked.replies, asked.rewards, asked.are_complete, strict=True
            )
        ]
    if data.rewards:
        return
    by_question: dict[object, list[tuple[TrainExample, float]]] = {}
    for example in data.examples:
        if not example.is_held_out and example.kind != "weak":
            question = tuple((turn.role, turn.text) for turn in example.turns)
            reward = 1.0 if example.is_liked else -1.0
            by_question.setdefault(question, []).append((example, reward))
    yield from (group for group in by_question.values() if len(group) > 1)
    alone = [group[0] for group in by_question.values() if len(group) == 1]
    yield from (alone[i : i + batch_size] for i in range(0, len(alone), batch_size))


def _begun(row: Encoded, max_tokens: int) -> Encoded:
    """The row with at most so many learned tokens."""
    stop = len(row.ids) - max(0, sum(row.loss_mask) - max_tokens)
    return replace(row, ids=row.ids[:stop], loss_mask=row.loss_mask[:stop])


def _mismatch(units: Sequence[ExampleUnit], neutral_prompt: Encoded) -> None:
    """Each reply under the next *different* question, a neutral one if all are the same."""
    prompts = [_prompt_ids(unit.rows[0]) for unit in units]
    for i, unit in enumerate(units):
        others = (prompts[(i + offset) % len(units)] for offset in range(1, len(units)))
        other = next((ids for ids in others if ids != prompts[i]), neutral_prompt.ids)
        reply = unit.rows[0].ids[len(prompts[i]) :]
        mask = (False,) * len(other) + (True,) * len(reply)
        unit.mismatch = Encoded((*other, *reply), mask, ())


def _prompt_ids(row: Encoded) -> tuple[int, ...]:
    return row.ids[: len(row.ids) - sum(row.loss_mask)]
