"""Fresh replies while training, by the decoder that serves people.

Contract: many people's replies in one batch, each through the slot it names as it is now. The
decoder works on a second set of modules over the very same weights, so that neither its attention
nor its slots meet those that learn; it is made at the first reply and kept. Knows prompts and
slots.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from torch import Tensor

from bowerbird.personalization.generation.decoder import Decoder, Row, sample_replies
from bowerbird.personalization.lora import LoraSlots
from bowerbird.personalization.prompting import Encoded
from bowerbird.personalization.types import FinishReason, Sampling

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

ROWS: Final = 16
CONTEXT_TOKENS: Final = 768
_ANY_TARGET: Final = ("q_proj",)
_SEED_STEP: Final = 7919  # so that neighbouring seeds share no reply's random numbers


@dataclass(frozen=True, slots=True)
class SampledReply:
    """``ids`` without the end of turn; ``is_complete``: the model ended it."""

    text: str
    ids: tuple[int, ...]
    is_complete: bool


class Sampler:
    """Takes nothing of ``model`` over."""

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        shared = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
        self._model: PreTrainedModel = copy.deepcopy(model, shared)
        self._tokenizer = tokenizer
        self._decoder: Decoder | None = None
        self._layout: tuple[int, tuple[str, ...]] | None = None

    def sample(
        self,
        prompts: Sequence[Encoded],
        route: Sequence[int | None],
        slots: LoraSlots | None,
        *,
        seeds: Sequence[int],
        sampling: Sampling,
    ) -> list[SampledReply]:
        """A reply to each prompt. Raises ``PromptTooLongError`` and ``GenerationError``."""
        if not prompts:
            return []
        decoder = self._decoder_for(slots)
        adapters = {slot: _packed(decoder, slots, slot) for slot in set(route)}
        rows = [
            Row(prompt.ids, replace(sampling, seed=seed), adapters[slot])
            for prompt, slot, seed in zip(prompts, route, seeds, strict=True)
        ]
        return [
            SampledReply(text, ids, reason is FinishReason.STOP)
            for text, ids, reason in sample_replies(decoder, rows)
        ]

    def _decoder_for(self, slots: LoraSlots | None) -> Decoder:
        layout = (slots.rank, slots.targets) if slots is not None else self._layout
        layout = layout or (1, _ANY_TARGET)
        if self._decoder is None or layout != self._layout:
            if self._decoder is not None:
                self._decoder.close()
            rank, targets = self._layout = layout
            self._decoder = Decoder(
                self._model,
                self._tokenizer,
                rows=ROWS,
                context_tokens=CONTEXT_TOKENS,
                lora_rank=rank,
                lora_targets=targets,
            )
        return self._decoder


def seeds_for(seed: int, count: int) -> list[int]:
    """One for each of so many replies."""
    return [seed * _SEED_STEP + i for i in range(count)]


def _packed(decoder: Decoder, slots: LoraSlots | None, slot: int | None) -> Tensor | None:
    """A slot as the decoder's rows take it; ``None`` is the base."""
    if slot is None:
        return None
    if slots is None:
        raise RuntimeError("there are no slots")
    if slots.fingerprint == decoder.adapter_fingerprint:
        return slots.values[slot].detach().clone()
    return decoder.pack(slots.read(slot, alpha=slots.rank))
