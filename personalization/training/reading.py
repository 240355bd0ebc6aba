"""One forward pass over many people's rows, each person through a slot of their own.

Contract: what a row comes to is what the model would say to it alone (in float32 up to rounding),
whoever is in the batch; with gradients to the slots, unless torch's are off. A person's rows are
laid out as a trie, people side by side, padded to the longest. Only tokens that are to be learned
reach the output head. Knows tokens and slots, not what they are learned for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor

from bowerbird.personalization.errors import ModelError
from bowerbird.personalization.lora import LoraSlots
from bowerbird.personalization.prompting import Encoded
from bowerbird.personalization.training import head
from bowerbird.personalization.training.trie import Trie, attention_mask, lay_out

if TYPE_CHECKING:
    from transformers import PreTrainedModel

MAX_PLACES: Final = 512
"""Of a pass, padding included: what fits into memory with all a backward pass needs (about 2 MB
each for SmolLM2), and enough that the matrix products are at full speed."""

_LENGTH_STEP: Final = 16
_DRIFT: Final = 0.05
"""Of our logits from the model's own, relative to their spread."""


class Reader:
    """Takes the attention of ``model`` over. Raises ``ModelError`` for a kind it cannot read."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        # Written out in few operators: on a CPU faster here than SDPA, whose backward pass with a
        # mask is slow.
        model.set_attn_implementation("eager")
        self._weight: Tensor = model.get_output_embeddings().weight.detach()
        self._check()

    def hidden(
        self,
        rows: Sequence[Sequence[Encoded]],
        route: Sequence[int | None],
        slots: LoraSlots | None,
    ) -> list[Tensor]:
        """The states that predict each row's learned tokens, ``[learned tokens, width]`` a row, all
        of the first person's rows first. ``route``: each person's slot, ``None`` for the base."""
        tries = [lay_out([row.ids[:-1] for row in own]) for own in rows]
        states = self._states(tries, route, slots)
        places = [
            torch.tensor(path[len(path) - sum(row.loss_mask) :], device=states.device)
            for own, trie in zip(rows, tries, strict=True)
            for row, path in zip(own, trie.paths, strict=True)
        ]
        owners = [person for person, own in enumerate(rows) for _ in own]
        return [states[person, place] for person, place in zip(owners, places, strict=True)]

    def logprobs(self, rows: Sequence[Encoded], hidden: Sequence[Tensor]) -> list[Tensor]:
        """log π of each row's learned tokens, of what ``hidden`` gave for it."""
        if not rows:
            return []
        targets = torch.tensor(
            [token for row in rows for token in row.ids[-sum(row.loss_mask) :]],
            device=self._weight.device,
        )
        made = head.token_logprobs(torch.cat(list(hidden)), self._weight, targets)
        return list(torch.split(made, [len(part) for part in hidden]))

    def kl(self, hidden: Tensor, reference: Tensor, *, cap: float = math.inf) -> Tensor:
        """KL(π ‖ π_ref) at each learned token of a row, ``cap`` at most; ``reference``: the base's
        ``hidden`` of the row."""
        return head.kl_to(reference, hidden, self._weight, cap=cap)

    def _states(
        self, tries: Sequence[Trie], route: Sequence[int | None], slots: LoraSlots | None
    ) -> Tensor:
        longest = max(len(trie) for trie in tries)
        length = -(-longest // _LENGTH_STEP) * _LENGTH_STEP
        device = self._weight.device

        def padded(values: Sequence[Sequence[int]]) -> Tensor:
            return torch.tensor(
                [(*own, *[0] * (length - len(own))) for own in values], device=device
            )  # [people, length]

        mask = attention_mask(tries, length, self._weight)
        if slots is not None:
            slots.route(route)
        try:
            made = self._model.base_model(
                input_ids=padded([trie.ids for trie in tries]),
                position_ids=padded([trie.positions for trie in tries]),
                attention_mask=mask,
                use_cache=False,
            )
        finally:
            if slots is not None:
                slots.route(None)
        states: Tensor = made.last_hidden_state
        return states

    def _check(self) -> None:
        """Other heads (scaled, capped) and other kinds of attention show here, not in adapters."""
        first = tuple(range(2, 9))
        second = (*first[:4], 11, 12)
        try:
            with torch.inference_mode():
                rows = [
                    Encoded((*ids, 0), (False,) * len(ids) + (True,), ()) for ids in (first, second)
                ]
                ours = torch.cat(self.hidden([rows], [None], None)) @ self._weight.T
                theirs = torch.stack(
                    [
                        self._model(torch.tensor([ids], device=ours.device)).logits[0, -1]
                        for ids in (first, second)
                    ]
                )
        except (TypeError, AttributeError, ValueError, IndexError, RuntimeError) as error:
            kind = self._model.config.model_type
            raise ModelError(f"models of type {kind} cannot be trained: {error}") from error
        drift = float((ours - theirs).abs().max() / theirs.float().std())
        if not drift <= _DRIFT * (1 if ours.dtype == torch.float32 else 10):
            raise ModelError(
                f"models of type {self._model.config.model_type} cannot be trained (attention "
                f"or output head is of another kind; logits are off by {drift:.2g})"
            )
