"""Choosing each row's next token, by its own settings and its own random numbers.

A row's choice depends on its logits, its ``Sampling`` and how many tokens it has drawn, never on
the rows beside it. Order of operations as in transformers: repetition penalty (Keskar et al. 2019),
temperature, top-k, top-p (Holtzman et al. 2020).
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch
from torch import Tensor

from bowerbird.personalization.types import Sampling


class RowSampler:
    """One reply's settings, random numbers and the tokens it has said."""

    def __init__(self, sampling: Sampling, device: torch.device) -> None:
        self.sampling = sampling
        self._random = random.Random(sampling.seed)  # noqa: S311  (sampling, not secrets)
        self._is_penalized = sampling.repetition_penalty != 1.0
        self._said: set[int] = set()
        self._said_ids = torch.zeros(sampling.max_new_tokens, dtype=torch.long, device=device)

    def add(self, token: int) -> None:
        """A token has been said."""
        if self._is_penalized and token not in self._said:
            self._said_ids[len(self._said)] = token
            self._said.add(token)

    def penalize(self, logits: Tensor) -> None:
        """Weaken in place what has been said, in one row's ``[vocabulary]`` logits."""
        if self._is_penalized:
            ids = self._said_ids[: len(self._said)]
            penalty = self.sampling.repetition_penalty
            said = logits[ids]
            logits[ids] = torch.where(said > 0, said / penalty, said * penalty)

    def draw(self) -> float:
        """The next random number in [0, 1) of this reply."""
        return self._random.random()


def choose(logits: Tensor, rows: Sequence[RowSampler]) -> list[int | None]:
    """The next token of each row of ``logits`` ``[rows, vocabulary]`` (float32, changed in place).

    ``None`` for a row whose logits are not finite: nothing can be said with them.
    """
    for row, sampler in zip(logits, rows, strict=True):
        sampler.penalize(row)
    chosen: list[int | None] = [None] * len(rows)
    by_top_k: dict[int, list[int]] = {}
    for i, sampler in enumerate(rows):
        sampling = sampler.sampling
        # 1 for greedy; rows are grouped because ties at the edge depend on how many are asked for
        top_k = 1 if sampling.temperature <= 0 else sampling.top_k or logits.shape[1]
        by_top_k.setdefault(min(top_k, logits.shape[1]), []).append(i)
    for top_k, members in by_top_k.items():
        part = logits if len(members) == len(rows) else logits[members]
        # [members, top_k], best first
        values, indices = part.max(-1, keepdim=True) if top_k == 1 else part.topk(top_k, dim=-1)
        drawing = [rows[i] for i in members]
        picks = indices[:, 0] if top_k == 1 else _pick(values, indices, drawing)
        for i, token, best in zip(members, picks.tolist(), values[:, 0].tolist(), strict=True):
            chosen[i] = token if best == best and abs(best) != float("inf") else None
    return chosen


def _pick(values: Tensor, indices: Tensor, rows: Sequence[RowSampler]) -> Tensor:
    """Inverse-transform sampling in the nucleus of each row of ``values``, sorted best first."""
    settings = torch.tensor(
        [(r.sampling.temperature, r.sampling.top_p, r.draw()) for r in rows],
        dtype=torch.float32,
        device=values.device,
    )
    temperature, top_p, drawn = settings[:, 0:1], settings[:, 1:2], settings[:, 2:3]
    total = (values / temperature).softmax(dim=-1).cumsum(dim=-1)
    # The nucleus ends with the first token that takes the total to top_p; it has one at least.
    size = (total < top_p).sum(dim=-1, keepdim=True).clamp(max=values.shape[1] - 1)
    mass = total.gather(1, size)
    place = torch.searchsorted(total, drawn * mass, right=True).minimum(size)
    return indices.gather(1, place)[:, 0]
