"""Which linear layers of a model are wrapped, which are computed together, and where each
adapter matrix lies in a slot. Knows shapes and names, computes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

_SHARED_INPUT = (("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj"))
"""Names of sibling layers that Llama-like models call with one and the same input tensor."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a target's matrices lie in a slot, as offsets into the row: A ``[rank, in]``, and B
    as ``[rank, out]``, which multiplies three times as fast on CPU as ``[out, rank]``."""

    in_features: int
    out_features: int
    a_offset: int
    b_offset: int


def plan_groups(
    model: nn.Module, targets: tuple[str, ...], *, is_everything: bool
) -> Iterator[tuple[nn.Module, str, dict[str, nn.Linear]]]:
    """``(parent, its path, layers computed together)`` for what to wrap: targets and what is
    computed with them, or everything. The root's own layer is the output head, never a target.
    """
    for path, parent in list(model.named_modules()):
        linear = {n: m for n, m in parent.named_children() if isinstance(m, nn.Linear)}
        if not linear or not (path or is_everything):
            continue
        left = dict(linear)
        for names in _SHARED_INPUT:
            group = {name: linear[name] for name in names if name in linear}
            if len(group) == len(names) and _can_fuse(list(group.values())):
                yield parent, path, group
                left = {name: layer for name, layer in left.items() if name not in group}
        for name, layer in left.items():
            if is_everything or name in targets:
                yield parent, path, {name: layer}


def _can_fuse(layers: list[nn.Linear]) -> bool:
    first = layers[0]
    return all(
        type(layer) is nn.Linear
        and layer.in_features == first.in_features
        and layer.weight.dtype == first.weight.dtype
        and not layer.weight.requires_grad
        and (layer.bias is None) == (first.bias is None)
        for layer in layers
    )


def fuse(layers: list[nn.Linear]) -> tuple[Tensor, Tensor | None]:
    """One weight for all; the layers' own become views of it, so no memory is used twice.

    If they are already, by another set of modules over the same weights, that one is taken.
    """
    weights = [layer.weight.detach() for layer in layers]
    if _lie_together(weights):
        height = sum(layer.out_features for layer in layers)
        weight = weights[0].as_strided((height, weights[0].shape[1]), weights[0].stride())
    else:
        weight = torch.cat(weights)
    bias = None
    if layers[0].bias is not None:
        bias = torch.cat([layer.bias.detach() for layer in layers])
    start = 0
    for layer in layers:
        stop = start + layer.out_features
        layer.weight.data = weight[start:stop]
        if bias is not None:
            layer.bias.data = bias[start:stop]
        start = stop
    return weight, bias


def _lie_together(weights: list[Tensor]) -> bool:
    """Whether each begins where the one before it ends, in one piece of memory."""
    if len({weight.untyped_storage().data_ptr() for weight in weights}) > 1:
        return False
    at = weights[0].storage_offset()
    for weight in weights:
        if weight.storage_offset() != at or not weight.is_contiguous():
            return False
        at += weight.numel()
    return True


def lay_out(
    plan: list[tuple[nn.Module, str, dict[str, nn.Linear]]], targets: tuple[str, ...], rank: int
) -> tuple[dict[str, Place], int]:
    """Offsets of every target in a slot; the A of layers computed together lie side by side."""
    places: dict[str, Place] = {}
    offset = 0
    for _, path, group in plan:
        adapted = {name: layer for name, layer in group.items() if path and name in targets}
        a_offset = offset
        offset += sum(layer.in_features * rank for layer in adapted.values())
        for name, layer in adapted.items():
            place = Place(layer.in_features, layer.out_features, a_offset, offset)
            places[f"{path}.{name}"] = place
            a_offset += layer.in_features * rank
            offset += layer.out_features * rank
    return places, offset


def adapter_size(model: nn.Module, targets: tuple[str, ...], rank: int) -> int:
    """Numbers in a slot, before anything is attached."""
    return lay_out(list(plan_groups(model, targets, is_everything=False)), targets, rank)[1]
