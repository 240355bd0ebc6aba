"""Many people's LoRA adapters on one base model, in one forward pass.

``LoraSlots.attach`` wraps a model's linear layers; each then adds ``x Aᵀ Bᵀ`` of the slot that
``route`` names for each batch row (Hu et al. 2021; batched as in Punica, Chen et al. 2023). A slot
is one contiguous row of memory, so loading, moving and clearing an adapter is one copy. Where rows
and slots are aligned the matrices are used in place, otherwise they are gathered. Linear layers
that read the same input (q/k/v, gate/up) are computed as one.

Works under autograd too (``trainable=True``). Knows tensors only, not who an adapter belongs to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bowerbird.personalization.adapter_weights import AdapterWeights
from bowerbird.personalization.errors import AdapterError, ModelError
from bowerbird.personalization.lora_layout import Place, fuse, lay_out, plan_groups
from bowerbird.personalization.packed_linear import packed
from bowerbird.personalization.quantized_linear import quantized

__all__ = ["AdapterWeights", "LoraSlots", "SharedInput", "shared_input"]

Prepare = Callable[[Tensor, Tensor | None], Callable[[Tensor], Tensor]]
"""A weight and a bias → what computes the layer."""


class LoraSlots:
    """``slots`` places for adapters of up to ``rank``, over the linear layers named in ``targets``.

    All slots start empty (zero: exactly the base model). Not thread-safe.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        targets: Sequence[str],
        slots: int,
        rank: int,
        trainable: bool = False,
        dtype: torch.dtype | None = None,
        is_packed: bool = False,
        peaks: Mapping[str, Tensor] | None = None,
    ) -> None:
        self.targets = tuple(targets)
        self.rank = rank
        self.count = slots
        self._route: slice | Tensor | None = None
        self._attached: list[tuple[nn.Module, str, nn.Linear]] = []
        plan = list(plan_groups(model, self.targets, is_everything=is_packed or bool(peaks)))
        self._places, width = lay_out(plan, self.targets, rank)
        if not self._places:
            raise ModelError(
                f"LORA_TARGETS={','.join(targets)} names no linear layer of this model"
            )
        device = next(model.parameters()).device
        if dtype is None:  # CPUs multiply thin float32 matrices much faster than bfloat16 ones
            is_wide = trainable or device.type == "cpu"  # and small steps vanish in bfloat16
            dtype = torch.float32 if is_wide else next(model.parameters()).dtype
        # One more than asked for: the last slot stays zero, for rows without an adapter.
        self._flat = torch.zeros(slots + 1, width, dtype=dtype, device=device)
        self._is_empty = [True] * (slots + 1)
        self._parameters: list[Tensor] = []
        for parent, path, group in plan:
            prepare = packed if is_packed else None
            if peaks:
                first = f"{path}.{next(iter(group))}".lstrip(".")
                prepare = partial(quantized, peaks=peaks[first])
            self._wrap(parent, path, group, trainable, prepare)

    @classmethod
    def attach(
        cls,
        model: nn.Module,
        *,
        targets: Sequence[str],
        slots: int,
        rank: int,
        trainable: bool = False,
        dtype: torch.dtype | None = None,
        is_packed: bool = False,
        peaks: Mapping[str, Tensor] | None = None,
    ) -> LoraSlots:
        """Wrap ``model`` in place; ``detach`` undoes it. Raises ``ModelError`` if nothing fits.

        ``is_packed``: compute all linear layers with packed copies of their weights, for serving
        (``packed_linear`` says where it can be done). ``peaks``: with 8-bit ones instead
        (``quantized_linear``, which also says what peaks are).
        """
        return cls(
            model,
            targets=targets,
            slots=slots,
            rank=rank,
            trainable=trainable,
            dtype=dtype,
            is_packed=is_packed,
            peaks=peaks,
        )

    @property
    def fingerprint(self) -> str:
        """Equal for slots that hold the same adapters in the same layout."""
        told = (str(self._flat.dtype), self.rank, sorted(self._places.items()))
        return hashlib.sha256(repr(told).encode()).hexdigest()

    @property
    def slot_bytes(self) -> int:
        return self._flat.shape[1] * self._flat.element_size()

    def parameters(self) -> list[Tensor]:
        """The stacked matrices, A ``[slots + 1, n·rank, in]`` and Bᵀ ``[slots + 1, rank, out]``.

        Leaves of autograd when ``trainable``. The last slot must stay zero.
        """
        return list(self._parameters)

    @property
    def values(self) -> Tensor:
        """All slots, ``[slots + 1, numbers in a slot]``: what ``parameters`` are views of."""
        return self._flat

    @property
    def places(self) -> Mapping[str, Place]:
        """Where each target's matrices lie in a slot."""
        return self._places

    def pack(self, weights: AdapterWeights) -> Tensor:
        """``weights`` in a slot's layout, scaling folded into B. Safe from any thread.

        Raises ``AdapterError`` if they do not fit this model, these targets or this rank.
        """
        if weights.rank > self.rank:
            raise AdapterError(
                f"the adapter has rank {weights.rank}, more than LORA_RANK={self.rank}"
            )
        packed = torch.zeros(self._flat.shape[1], dtype=torch.float32)
        for path, (a, b) in weights.matrices.items():
            place = self._places.get(path)
            if place is None:
                raise AdapterError(
                    f"the adapter changes {path}, which is not among LORA_TARGETS of this model"
                )
            rank = a.shape[0]
            if a.shape[1] != place.in_features or b.shape[0] != place.out_features:
                raise AdapterError(f"the adapter was made for another base model ({path} differs)")
            start = place.a_offset
            packed[start : start + rank * place.in_features] = a.reshape(-1)
            start, stop = place.b_offset, place.b_offset + place.out_features * self.rank
            packed[start:stop].view(self.rank, -1)[:rank] = b.T * weights.scaling
        return packed.to(self._flat.dtype)

    def load(self, slot: int, weights: AdapterWeights | Tensor) -> None:
        """Fill a slot, with nothing left of what was there. A tensor is one of ``pack``'s."""
        packed = self.pack(weights) if isinstance(weights, AdapterWeights) else weights
        with torch.no_grad():
            self._flat[self._checked(slot)].copy_(packed)
        self._is_empty[slot] = False

    def clear(self, slot: int) -> None:
        """Make a slot the base model again."""
        if not self._is_empty[self._checked(slot)]:
            with torch.no_grad():
                self._flat[slot].zero_()
            self._is_empty[slot] = True

    def move(self, source: int, target: int) -> None:
        """Copy what ``source`` holds over ``target``."""
        if self._is_empty[self._checked(source)]:
            self.clear(target)
        else:
            self.load(target, self._flat[source])

    def read(self, slot: int, *, alpha: float) -> AdapterWeights:
        """A slot as an adapter of this rank, with ``alpha`` divided out of B again."""
        row = self._flat[self._checked(slot)].detach().float()
        matrices = {}
        for path, place in self._places.items():
            a_stop = place.a_offset + self.rank * place.in_features
            b_stop = place.b_offset + self.rank * place.out_features
            a = row[place.a_offset : a_stop].view(self.rank, -1).clone()
            b = row[place.b_offset : b_stop].view(self.rank, -1).T * (self.rank / alpha)
            matrices[path] = (a, b)
        return AdapterWeights(matrices, rank=self.rank, alpha=alpha)

    def route(self, rows: Sequence[int | None] | None) -> None:
        """Say which slot each batch row of the next passes uses; ``None`` is the base model.

        ``route(None)`` is the base model for all rows, and costs nothing.
        """
        if rows is None or all(row is None or self._is_empty_for_good(row) for row in rows):
            self._route = None
            return
        used = [self.count if row is None else self._checked(row) for row in rows]
        first, distinct = used[0], len(set(used))
        each = len(used) // distinct
        if used == [first + i // each for i in range(len(used))]:
            self._route = slice(first, first + distinct)
        else:
            self._route = torch.tensor(used, device=self._flat.device)

    def detach(self) -> None:
        """Give the model its own linear layers back."""
        for parent, name, linear in self._attached:
            setattr(parent, name, linear)
        self._attached.clear()
        self._parameters.clear()
        self._flat = self._flat.new_empty(self._flat.shape[0], 0)  # a view would keep the memory

    def _checked(self, slot: int) -> int:
        if not 0 <= slot < self.count:
            raise IndexError(f"slot {slot} of {self.count}")
        return slot

    def _is_empty_for_good(self, slot: int) -> bool:
        """Whether a slot can be skipped: nothing in it and nothing being trained in it."""
        return self._is_empty[slot] and not any(p.requires_grad for p in self._parameters[:1])

    def _wrap(
        self,
        parent: nn.Module,
        path: str,
        group: dict[str, nn.Linear],
        trainable: bool,
        prepare: Prepare | None,
    ) -> None:
        adapted = [name for name in group if f"{path}.{name}" in self._places]
        a, down = None, {}
        if adapted:
            places = [self._places[f"{path}.{name}"] for name in adapted]
            start = places[0].a_offset
            width = places[0].in_features
            size = len(adapted) * self.rank * width
            a = self._flat[:, start : start + size].view(-1, len(adapted) * self.rank, width)
            for name, place in zip(adapted, places, strict=True):
                stop = place.b_offset + place.out_features * self.rank
                view = self._flat[:, place.b_offset : stop]
                down[name] = view.view(-1, self.rank, place.out_features)
            # Detached views are leaves of their own: their gradients are their own size, not a
            # whole slot's, while an optimizer's updates still reach the shared memory.
            a = a.detach().requires_grad_(trainable)
            down = {name: b.detach().requires_grad_(trainable) for name, b in down.items()}
            self._parameters += [a, *down.values()]
        shared = SharedInput(self, group, a, down, prepare)
        for index, (name, linear) in enumerate(group.items()):
            self._attached.append((parent, name, linear))
            setattr(parent, name, _SlotLinear(linear, shared, index))

    def taken(self, stacked: Tensor) -> Tensor:
        """The routed slots' part of a stacked tensor."""
        route = self._route
        return stacked.index_select(0, route) if isinstance(route, Tensor) else stacked[route]

    @property
    def is_routed(self) -> bool:
        return self._route is not None


class _SlotLinear(nn.Module):
    """Stands where a linear layer was."""

    def __init__(self, base: nn.Linear, shared: SharedInput, index: int) -> None:
        super().__init__()
        self.base = base
        self._shared = [shared]  # in a list, so that it is not registered as a child
        self._index = index

    @property
    def weight(self) -> Tensor:
        return self.base.weight

    @property
    def bias(self) -> Tensor | None:
        return self.base.bias

    @property
    def shared(self) -> SharedInput:
        return self._shared[0]

    def forward(self, x: Tensor) -> Tensor:
        return self._shared[0].output(self._index, x)


def shared_input(layer: nn.Module) -> SharedInput:
    """What computes a layer, for those who call it without going through modules.

    ``TypeError`` if it is not a linear one.
    """
    if isinstance(layer, _SlotLinear):
        return layer.shared
    if type(layer) is not nn.Linear:
        raise TypeError(f"{type(layer).__name__} is not a linear layer")
    return SharedInput(None, {"": layer}, None, {}, None)


class SharedInput:
    """Sibling layers on one input: the first one called computes for all of them."""

    def __init__(
        self,
        slots: LoraSlots | None,
        group: dict[str, nn.Linear],
        a: Tensor | None,
        b: dict[str, Tensor],
        prepare: Prepare | None,
    ) -> None:
        self._slots = slots
        self._layers = list(group.values())
        self._sizes = [layer.out_features for layer in self._layers]
        self._starts = [sum(self._sizes[:i]) for i in range(len(self._sizes))]
        is_rounded = prepare is None or prepare is packed  # what is quantized is rounded there
        self._dtype = self._layers[0].weight.dtype if is_rounded else torch.float32
        self._a = a
        adapted = list(b)
        self._b = [
            (index, adapted.index(name), b[name]) for index, name in enumerate(group) if name in b
        ]
        self._input: Tensor | None = None
        self._outputs: list[Tensor] = []
        self._left: set[int] = set()
        self._base: Callable[[Tensor], Tensor] = self._layers[0]
        if len(self._layers) > 1:
            weight, bias = fuse(self._layers)
            self._base = (prepare or _unpacked)(weight, bias)
        elif prepare is not None and type(self._layers[0]) is nn.Linear:
            self._base = prepare(self._layers[0].weight, self._layers[0].bias)

    def output(self, index: int, x: Tensor) -> Tensor:
        if len(self._layers) == 1:
            return self._compute(x)[0]
        if x is not self._input or index not in self._left:
            self._outputs = self._compute(x)
            self._input = x
            self._left = set(range(len(self._layers)))
        self._left.discard(index)
        made = self._outputs[index]
        if not self._left:
            self._input, self._outputs = None, []
        return made

    def step(self, x: Tensor) -> Tensor:
        """All outputs side by side for one token a row, ``[rows, in]`` → ``[rows, out]`` float32.

        Without gradients; rows are the slots that are routed, one by one.
        """
        made = self._base(x.to(self._dtype)).float()
        self._add_deltas(made, x)
        return made

    def add_step(self, total: Tensor, x: Tensor) -> None:
        """The same, added to ``total`` ``[rows, out]`` float32."""
        total += self._base(x.to(self._dtype))
        self._add_deltas(total, x)

    def _add_deltas(self, total: Tensor, x: Tensor) -> None:
        slots = self._slots
        if self._a is None or slots is None or not slots.is_routed:
            return
        a = slots.taken(self._a)
        # A before x, and x as a transposed row: the same numbers the other way around, or x with
        # another stride, take CPUs up to four times as long.
        h = torch.bmm(a, x.to(a.dtype).unsqueeze(1).transpose(1, 2)).transpose(1, 2)
        rank = slots.rank
        for index, place, stacked in self._b:
            delta = torch.bmm(h[..., place * rank : (place + 1) * rank], slots.taken(stacked))
            start = self._starts[index]
            total[:, start : start + self._sizes[index]] += delta.squeeze(1)

    def _compute(self, x: Tensor) -> list[Tensor]:
        whole = self._base(x)
        is_one = len(self._layers) == 1
        outputs = [whole] if is_one else list(torch.split(whole, self._sizes, dim=-1))
        slots = self._slots
        if self._a is None or slots is None or not slots.is_routed:
            return outputs
        a = slots.taken(self._a)
        groups, rank = a.shape[0], slots.rank
        h = x.reshape(groups, -1, x.shape[-1]).to(a.dtype)
        h = torch.bmm(h, a.transpose(1, 2))  # [groups, tokens, targets·rank]
        for index, place, stacked in self._b:
            part = h[..., place * rank : (place + 1) * rank]
            delta = torch.bmm(part, slots.taken(stacked))
            delta = delta.view(*x.shape[:-1], -1)
            if torch.is_grad_enabled():
                outputs[index] = outputs[index] + delta.to(whole.dtype)
            else:
                outputs[index] += delta
        return outputs


def _unpacked(weight: Tensor, bias: Tensor | None) -> Callable[[Tensor], Tensor]:
    return lambda x: F.linear(x, weight, bias)
