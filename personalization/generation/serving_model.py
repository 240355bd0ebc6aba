"""A transformers causal LM made ready to serve: adapter slots, our cache, our attention.

Two kinds of forward pass, ``prefill`` (a span of one row) and ``decode`` (one token of the first
rows), both giving next-token logits. What can be checked is checked once, before anybody waits: the
memory the cache will need, and that this path computes what the model computes by itself. Knows
rows and tokens, not replies.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional as F

from bowerbird.personalization import lora_layout
from bowerbird.personalization.errors import ModelError
from bowerbird.personalization.generation import attention, memory
from bowerbird.personalization.generation.decode_step import DecodeStep
from bowerbird.personalization.generation.kv_cache import KvCache
from bowerbird.personalization.lora import LoraSlots
from bowerbird.personalization.packed_linear import can_pack
from bowerbird.personalization.prompting import encode, end_of_turn_id
from bowerbird.personalization.quantized_linear import can_quantize, input_peaks
from bowerbird.personalization.training.neutral import (
    ANCHOR_QUESTIONS,
    GATE_QUESTIONS,
    GENERAL_TEXT,
)
from bowerbird.personalization.types import Turn

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

log = logging.getLogger(__name__)

_INT8_LOSS = 0.005  # of likelihood, in nats relative to what it was
_PROMPT_STEP = 16  # so that prompts of all lengths share a few shapes: each has its own kernels
_DRIFT = {torch.float32: 0.01, torch.float16: 0.1, torch.bfloat16: 0.5}
"""How far our logits may be from the model's own, relative to their spread; another kind of
attention is off by several."""


class ServingModel:
    """Raises ``ModelError`` if the model cannot be served here. ``close`` gives it back."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        rows: int,
        context_tokens: int,
        lora_rank: int,
        lora_targets: Sequence[str],
        extras: memory.Extras,
        is_int8: bool = False,
    ) -> None:
        config: Any = model.config.get_text_config(decoder=True)
        self._model: Any = model
        self.device = model.device
        self._dtype = model.dtype
        self._vocabulary = int(config.vocab_size)
        self._readable = int(getattr(config, "max_position_embeddings", context_tokens))
        limits = [context_tokens, self._readable]
        if getattr(config, "sliding_window", None):
            limits.append(int(config.sliding_window))  # below it the window never matters
        self.context_tokens = min(limits)
        self.end_ids = _end_ids(model, tokenizer)
        heads = int(config.num_attention_heads)
        shape = {
            "layers": int(config.num_hidden_layers),
            "rows": rows,
            "kv_heads": int(getattr(config, "num_key_value_heads", None) or heads),
            "context_tokens": self.context_tokens,
            "width": int(getattr(config, "head_dim", None) or config.hidden_size // heads),
        }
        one = shape | {"rows": 1, "context_tokens": 1}
        self.token_bytes = KvCache.bytes_for(**one, dtype=self._dtype)
        weight_bytes = sum(p.numel() * p.element_size() for p in model.parameters())
        is_int8 = is_int8 and can_quantize(self.device)
        is_packable = is_int8 or can_pack(self.device, self._dtype, weight_bytes)
        adapter_dtype = torch.float32 if self.device.type == "cpu" else self._dtype
        adapter_size = lora_layout.adapter_size(model, tuple(lora_targets), lora_rank)
        costs = memory.Costs(
            token=self.token_bytes,
            adapter=adapter_size * adapter_dtype.itemsize,
            packing=_copy_bytes(model, is_int8) if is_packable else 0,
        )
        self.plan = memory.plan(
            costs,
            rows=rows,
            context_tokens=self.context_tokens,
            extras=extras,
            free=self._free_bytes(),
        )
        rows = shape["rows"] = self.plan.rows
        self.context_tokens = shape["context_tokens"] = self.plan.context_tokens
        self._reference = self._own_logits()
        lora: dict[str, Any] = {"targets": lora_targets, "slots": rows, "rank": lora_rank}
        self.is_int8 = is_int8 and self.plan.is_packed
        if self.is_int8:
            self.slots = self._quantized(tokenizer, lora)
        else:
            self.slots = LoraSlots.attach(model, is_packed=self.plan.is_packed, **lora)
        try:
            self.cache = KvCache(**shape, dtype=self._dtype, device=self.device)
            attention.register()
            self._attention = config._attn_implementation
            model.set_attn_implementation(attention.NAME)
            self._step = DecodeStep.make(model, self.cache)
            self._check_path()
        except BaseException:
            self.slots.detach()
            raise

    def prefill(self, row: int, ids: Sequence[int], start: int) -> Tensor:
        """Read ``ids`` as positions ``start …`` of a row; logits after the last, ``[1, vocab]``."""
        return self._read(row, ids, start, [len(ids) - 1])

    def read(self, row: int, ids: Sequence[int], start: int) -> Tensor:
        """``prefill``, but the logits after each of ``ids``, ``[tokens, vocab]``."""
        return self._read(row, ids, start, range(len(ids)))

    def _read(self, row: int, ids: Sequence[int], start: int, places: Sequence[int]) -> Tensor:
        padded = -(-len(ids) // _PROMPT_STEP) * _PROMPT_STEP
        tokens = min(padded, self.context_tokens - start)
        ids = [*ids, *[ids[-1]] * (tokens - len(ids))]  # read and never looked at
        mask = None
        if start or tokens == 1:
            place = torch.arange(start + tokens, device=self.device)
            is_hidden = place > place[start:, None]  # [tokens, length]
            mask = torch.zeros(is_hidden.shape, dtype=self._dtype, device=self.device)
            mask = mask.masked_fill_(is_hidden, float("-inf"))[None, None]
        self.cache.begin_prefill(row, start, tokens)
        self.slots.route([row])
        positions = torch.arange(start, start + tokens, device=self.device)[None]
        inputs = torch.tensor([ids], device=self.device)
        return self._forward(inputs, positions, mask, places)[0]

    def decode(self, ids: Sequence[int], positions: Sequence[int]) -> Tensor:
        """One token for each of the first rows, at its position; logits ``[rows, vocab]``."""
        place = torch.tensor(positions, device=self.device)
        length = self.cache.begin_decode(place, max(positions) + 1)
        is_hidden = torch.arange(length, device=self.device) > place[:, None]
        mask = torch.zeros(is_hidden.shape, device=self.device)
        mask = mask.masked_fill_(is_hidden, float("-inf"))[:, None]  # [rows, 1, length]
        self.slots.route(range(len(ids)))
        tokens = torch.tensor(ids, device=self.device)
        if self._step is not None:
            return self._step(tokens, place, mask)
        return self._forward(tokens[:, None], place[:, None], mask[:, None], [0])[:, 0]

    def move(self, source: int, target: int, length: int) -> None:
        """Let what is in row ``source`` go on in row ``target``."""
        self.cache.move(source, target, length)
        self.slots.move(source, target)

    def remember(self, row: int, length: int) -> Tensor:
        """What a row has read, to ``recall`` later; of ``token_bytes`` a token."""
        return self.cache.read(row, length)

    def recall(self, row: int, values: Tensor, length: int) -> None:
        """Go on after the first ``length`` tokens of what ``remember`` gave."""
        self.cache.write(row, values, length)

    def close(self) -> None:
        self._model.set_attn_implementation(self._attention)
        self.slots.route(None)
        self.slots.detach()
        del self.cache, self._step

    def _forward(
        self, ids: Tensor, positions: Tensor, mask: Tensor | None, places: Sequence[int]
    ) -> Tensor:
        """Logits ``[rows, places, vocab]``."""
        out = self._model(
            input_ids=ids,
            position_ids=positions,
            attention_mask=mask,
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=torch.tensor(list(places), device=self.device),
        )
        return out.logits.float()  # type: ignore[no-any-return]

    def _quantized(self, tokenizer: PreTrainedTokenizerBase, lora: dict[str, Any]) -> LoraSlots:
        """In 8 bits, if ordinary text stays as likely as it was; otherwise as if never asked."""
        questions = Turn("user", " ".join(ANCHOR_QUESTIONS + GATE_QUESTIONS))
        asked = encode(tokenizer, (questions,), max_tokens=sys.maxsize).ids[: self._readable]
        text = tokenizer(GENERAL_TEXT, return_tensors="pt").input_ids[:, : self._readable]
        before = self._surprise(text)
        peaks = input_peaks(self._model, torch.tensor([asked]))
        slots = LoraSlots.attach(self._model, peaks=peaks, **lora)
        change = self._surprise(text) / before - 1
        if change <= _INT8_LOSS:
            log.info("8-bit weights make ordinary text %+.2f %% less likely", change * 100)
            self._reference = self._own_logits()
            return slots
        log.warning(
            "DTYPE=int8 would make this model's text %.1f %% less likely, more than %.1f %%; "
            "serving in %s",
            change * 100,
            _INT8_LOSS * 100,
            self._dtype,
        )
        slots.detach()
        self.is_int8 = False
        is_packed = can_pack(self.device, self._dtype, _copy_bytes(self._model, is_int8=False))
        return LoraSlots.attach(self._model, is_packed=is_packed, **lora)

    def _surprise(self, ids: Tensor) -> float:
        """Mean negative log-likelihood of a text, in nats a token."""
        with torch.inference_mode():
            logits = self._model(input_ids=ids, use_cache=False).logits[0, :-1].float()
            return float(F.cross_entropy(logits, ids[0, 1:]))

    def _free_bytes(self) -> int:
        if self.device.type == "cuda":
            return int(torch.cuda.mem_get_info(self.device)[0])
        return memory.free_bytes()

    def _probe(self) -> list[int]:
        step = max(1, self._vocabulary // 7)
        return [(3 + i * step) % self._vocabulary for i in range(min(6, self.context_tokens))]

    def _own_logits(self) -> Tensor:
        with torch.inference_mode():
            ids = torch.tensor([self._probe()], device=self.device)
            return self._model(input_ids=ids, use_cache=False).logits[0].float()  # type: ignore[no-any-return]

    def _check_path(self) -> None:
        """Prefill and decode a few tokens our way and compare: unsupported kinds of models (other
        attention, other caches) show here, not in people's replies."""
        probe = self._probe()
        split = len(probe) - 2
        try:
            with torch.inference_mode():
                ours = [
                    self.prefill(0, probe[:split], 0)[0],
                    self.prefill(0, probe[split : split + 1], split)[0],
                    self.decode(probe[-1:], [split + 1])[0],
                ]
        except (TypeError, AttributeError, ValueError, IndexError, RuntimeError) as error:
            raise ModelError(
                f"models of type {self._model.config.model_type} cannot be served: {error}"
            ) from error
        expected = self._reference[split - 1 :]
        # In 8 bits the odd token by itself may be far off, and is in the model's own pass as well.
        apart = (torch.stack(ours) - expected).abs()
        drift = float((apart.mean() if self.is_int8 else apart.max()) / expected.std())
        if not drift <= _DRIFT.get(self._dtype, 0.5):
            raise ModelError(
                f"models of type {self._model.config.model_type} cannot be served "
                f"(their attention is of another kind; logits are off by {drift:.2g})"
            )
        self.cache.wipe(0)


def _copy_bytes(model: PreTrainedModel, is_int8: bool) -> int:
    """Of the weights in the order they are computed in, which are kept beside the model's own."""
    return sum(p.numel() * (1 if is_int8 else p.element_size()) for p in model.parameters())


def _end_ids(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Every token after which the model has nothing more to say."""
    configured: Any = getattr(model.generation_config, "eos_token_id", None)
    ends = configured if isinstance(configured, list) else [configured]
    ends = [*ends, tokenizer.eos_token_id, end_of_turn_id(tokenizer)]
    return frozenset(int(token) for token in ends if token is not None)
