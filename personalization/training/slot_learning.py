"""How the numbers in adapter slots begin, collect gradients and move: many people at once.

Contract: each slot learns as an adapter of its own would with PEFT and ``torch.optim.AdamW``,
whatever is in the slots beside it; a slot at rate 0 stays exactly as it is. The slots keep
scaling · B (PEFT keeps B), so B's gradients and moves are converted here. Knows neither losses nor
rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from bowerbird.personalization.lora import LoraSlots

_BETAS: Final = (0.9, 0.999)
_EPSILON: Final = 1e-8


def initialize(slots: LoraSlots, slot: int, seed: int) -> None:
    """A fresh adapter: A as PEFT draws it (Kaiming uniform, a = √5), B zero, so the base."""
    generator = torch.Generator().manual_seed(seed)
    row = torch.zeros(slots.values.shape[1])
    for place in slots.places.values():
        bound = 1 / math.sqrt(place.in_features)
        a = row[place.a_offset : place.a_offset + slots.rank * place.in_features]
        a.uniform_(-bound, bound, generator=generator)
    slots.load(slot, row.to(slots.values))


@torch.no_grad()
def scale(slots: LoraSlots, slot: int, factor: float) -> None:
    """Make what a slot adds to each layer ``factor`` times as much."""
    row = slots.values[slot]
    for place in slots.places.values():
        row[place.b_offset : place.b_offset + place.out_features * slots.rank] *= factor


class SlotGradients:
    """What backward passes over ``slots`` leave, ``collect``-ed. ``scaling``: alpha / rank."""

    def __init__(self, slots: LoraSlots, scaling: float) -> None:
        self._slots = slots
        self.flat = torch.zeros_like(slots.values)  # [slots + 1, numbers in a slot]
        # What a number of a slot is, in units of PEFT's: 1 for A, scaling for B.
        self.unit = torch.ones(self.flat.shape[1], device=self.flat.device)
        for place in slots.places.values():
            stop = place.b_offset + place.out_features * slots.rank
            self.unit[place.b_offset : stop] = scaling

    def collect(self) -> None:
        """Take over what the last passes have left at the slots' parameters."""
        for parameter in self._slots.parameters():
            if parameter.grad is not None:
                place = parameter.shape, parameter.stride(), parameter.storage_offset()
                self.flat.as_strided(*place).add_(parameter.grad)
                parameter.grad = None

    def clear(self) -> None:
        self.flat.zero_()

    def norms(self, count: int) -> Tensor:
        """L2 norm of each of the first ``count`` slots' gradient in PEFT's terms, ``[count]``."""
        found: Tensor = torch.linalg.vector_norm(self.flat[:count] * self.unit, dim=1)
        return found

    def add_size_penalty(self, slot: int, weight: float) -> float:
        """Adds the gradient of ``weight`` · Σ ‖BA‖²_F; returns the sum.

        ‖BA‖² = tr((BᵀB)(AAᵀ)), so nothing larger than rank × rank is made beside the gradients.
        """
        values, gradient, rank = self._slots.values[slot], self.flat[slot], self._slots.rank
        total = 0.0
        for place in self._slots.places.values():
            spans = [
                slice(place.a_offset, place.a_offset + rank * place.in_features),
                slice(place.b_offset, place.b_offset + rank * place.out_features),
            ]
            a, b = (values[span].view(rank, -1) for span in spans)  # [rank, in], [rank, out]
            a_a, b_b = a @ a.T, b @ b.T  # [rank, rank]
            total += float((a_a * b_b).sum())
            gradient[spans[0]].view(rank, -1).addmm_(b_b, a, alpha=2 * weight)
            gradient[spans[1]].view(rank, -1).addmm_(a_a, b, alpha=2 * weight)
        return total


class SlotAdamW:
    """AdamW (Loshchilov & Hutter 2019) over the first ``count`` slots, each at its own rate.

    torch's own has one rate for a tensor, and moves what has no gradient by its momentum.
    """

    def __init__(
        self, slots: LoraSlots, gradients: SlotGradients, count: int, *, weight_decay: float
    ) -> None:
        self._values = slots.values[:count]
        self._gradients = gradients
        self._first = torch.zeros_like(self._values)  # moments of the gradient
        self._second = torch.zeros_like(self._values)
        self._weight_decay = weight_decay
        self._steps = 0

    @torch.no_grad()
    def step(self, rates: Sequence[float], factors: Sequence[float]) -> None:
        """One step of all slots. ``rates``: 0 for those that rest; ``factors``: of the gradients.

        A resting slot's gradient may be anything: it is not read.
        """
        self._steps += 1
        moving = [slot for slot, rate in enumerate(rates) if rate]
        unit = self._gradients.unit
        for slot in moving:
            values, first, second = self._values[slot], self._first[slot], self._second[slot]
            gradient = self._gradients.flat[slot].mul_(unit).mul_(factors[slot])
            first.lerp_(gradient, 1 - _BETAS[0])
            second.mul_(_BETAS[1]).addcmul_(gradient, gradient, value=1 - _BETAS[1])
            root = (second / (1 - _BETAS[1] ** self._steps)).sqrt_().add_(_EPSILON)
            values.mul_(1 - rates[slot] * self._weight_decay)
            move = first / root
            values.addcmul_(move, unit, value=-rates[slot] / (1 - _BETAS[0] ** self._steps))
