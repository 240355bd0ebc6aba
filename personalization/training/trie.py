"""Rows of tokens laid out as one sequence in which common beginnings are there once.

Rows of one person begin alike: the system prompt, the conversation, the question that two replies
answer. Under causal attention what a token comes to depends only on the tokens before it, so a
beginning is computed once and each continuation attends to it and to itself: the same numbers for
fewer tokens. (As serving shares prefixes, e.g. RadixAttention, Zheng et al. 2024, but with
gradients.) Knows token ids only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Trie:
    """``ids`` and ``positions``: of each place. ``ends[i]``: the place after the last one that
    continues place ``i``, so that ``j`` attends to ``i`` if ``i <= j < ends[i]``. ``paths[row]``:
    the places of a row's tokens."""

    ids: tuple[int, ...]
    positions: tuple[int, ...]
    ends: tuple[int, ...]
    paths: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(slots=True)
class _Node:
    token: int
    position: int
    children: dict[int, _Node] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)


def lay_out(rows: Sequence[Sequence[int]]) -> Trie:
    """The trie of ``rows``, each a sequence of token ids, in depth-first order."""
    root = _Node(-1, -1)
    nodes: list[list[_Node]] = []
    for row in rows:
        node, path = root, []
        for position, token in enumerate(row):
            node = node.children.setdefault(token, _Node(token, position))
            path.append(node)
        nodes.append(path)
    ids: list[int] = []
    positions: list[int] = []
    ends: list[int] = []
    place: dict[int, int] = {}
    stack: list[tuple[_Node, bool]] = [(child, False) for child in reversed(root.children.values())]
    while stack:
        node, is_done = stack.pop()
        if is_done:
            ends[place[id(node)]] = len(ids)
            continue
        place[id(node)] = len(ids)
        ids.append(node.token)
        positions.append(node.position)
        ends.append(0)
        stack.append((node, True))
        stack += [(child, False) for child in reversed(node.children.values())]
    paths = tuple(tuple(place[id(node)] for node in path) for path in nodes)
    return Trie(tuple(ids), tuple(positions), tuple(ends), paths)


def attention_mask(tries: Sequence[Trie], length: int, like: Tensor) -> Tensor:
    """Added to attention scores, ``[tries, 1, length, length]`` in ``like``'s dtype: 0 or -inf.

    Places beyond a trie's end attend to themselves alone.
    """
    ends = torch.tensor(
        [(*trie.ends, *range(len(trie) + 1, length + 1)) for trie in tries], device=like.device
    )
    place = torch.arange(length, device=like.device)
    later = place[:, None]  # [length, 1]
    is_seen = (place <= later) & (later < ends[:, None, :])  # [tries, length, length]
    mask = torch.zeros(is_seen.shape, dtype=like.dtype, device=like.device)
    return mask.masked_fill_(~is_seen, float("-inf")).unsqueeze(1)
