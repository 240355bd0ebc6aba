"""The base model, loaded once in a worker, with slots for the adapters of those in training.

Contract: what the model says is asked for with a slot, or ``None`` for exactly the base, whatever
the slots hold. What the base itself says to neutral questions is computed once for a system prompt.
Knows neither jobs nor verdicts, nor how adapters learn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from bowerbird.personalization.adapter_weights import AdapterWeights
from bowerbird.personalization.lora import LoraSlots
from bowerbird.personalization.models import load_model, load_tokenizer
from bowerbird.personalization.prompting import Encoded, encode, end_of_turn_id
from bowerbird.personalization.training.neutral import (
    ANCHOR_QUESTIONS,
    GATE_QUESTIONS,
    GENERAL_TEXT,
)
from bowerbird.personalization.types import Sampling
from bowerbird.storage.records import Turn

SAMPLING: Final = Sampling(max_new_tokens=80)
"""How neutral replies and the gate's samples are drawn: as replies are served, but shorter."""

GATE_SEED: Final = 1
_ANCHOR_SEED: Final = 0
_ANCHOR_TOKENS: Final = 48
_MAX_PROMPT_TOKENS: Final = 512


@dataclass(frozen=True, slots=True)
class Neutral:
    """Neutral ground for one system prompt, all of it the base model's own.

    ``anchors``: replies to train with, each with the base's log-probabilities ``[tokens,
    vocabulary]``; ``gate_prompts`` and ``gate_replies``: what the gate compares with.
    """

    anchors: tuple[tuple[Encoded, Tensor], ...]
    gate_prompts: tuple[Encoded, ...]
    gate_replies: tuple[tuple[int, ...], ...]


class SharedBase:
    """The base model of a worker and the adapters of one group of people on it."""

    def __init__(self, model_path: str, *, device: str = "auto", dtype: str = "auto") -> None:
        self.tokenizer = load_tokenizer(model_path)
        self.model = load_model(model_path, device=device, dtype=dtype)
        self.end_id = end_of_turn_id(self.tokenizer)
        self._slots: LoraSlots | None = None
        self._neutral: dict[str, Neutral] = {}

    # --- adapters -----------------------------------------------------------------------------

    @contextmanager
    def adapters(self, *, count: int, rank: int, targets: Sequence[str]) -> Iterator[LoraSlots]:
        """``count`` slots that can learn, for the time of the context."""
        if self._slots is not None:
            raise RuntimeError("one group at a time")
        self._slots = LoraSlots.attach(
            self.model, targets=targets, slots=count, rank=rank, trainable=True
        )
        try:
            yield self._slots
        finally:
            self._slots.detach()
            self._slots = None

    def load(self, slot: int, folder: Path) -> None:
        """Put a published adapter into a slot. Raises ``AdapterError``."""
        self.required_slots().load(slot, AdapterWeights.load(folder))

    def is_finite(self, slot: int) -> bool:
        """Whether everything in a slot is a number."""
        return bool(self.required_slots().values[slot].isfinite().all())

    def required_slots(self) -> LoraSlots:
        """Those of the context. Raises ``RuntimeError`` outside."""
        if self._slots is None:
            raise RuntimeError("there are no slots outside `adapters`")
        return self._slots

    @contextmanager
    def _routed(self, slot: int | None, rows: int = 1) -> Iterator[None]:
        if slot is None and self._slots is None:
            yield
            return
        slots = self.required_slots()
        slots.route(None if slot is None else [slot] * rows)
        try:
            yield
        finally:
            slots.route(None)

    # --- what the model says ------------------------------------------------------------------

    def logits(self, row: Encoded, slot: int | None = None) -> Tensor:
        """Logits that predict the reply's tokens, ``[reply tokens, vocabulary]``, float32."""
        ids = torch.tensor([row.ids[:-1]], device=self.model.device)  # [1, tokens - 1]
        wanted = sum(row.loss_mask)
        with self._routed(slot):
            out = self.model(input_ids=ids, logits_to_keep=wanted, use_cache=False)
        kept: Tensor = out.logits[0, -wanted:]
        return kept.float()

    def token_logprobs(self, row: Encoded, slot: int | None = None) -> Tensor:
        """log π of each of the reply's tokens, ``[reply tokens]``."""
        target = torch.tensor(row.ids[-sum(row.loss_mask) :], device=self.model.device)
        return -F.cross_entropy(self.logits(row, slot), target, reduction="none")

    def general_nll(self, slot: int | None = None) -> float:
        """Nats per token on ordinary text."""
        ids = tuple(self.tokenizer(GENERAL_TEXT, add_special_tokens=False)["input_ids"])
        row = with_reply(Encoded(ids[:1], (False,), ()), ids[1:])
        with torch.inference_mode():
            return -float(self.token_logprobs(row, slot).mean())

    def sample(
        self,
        prompts: Sequence[Encoded],
        slot: int | None = None,
        *,
        seed: int,
        sampling: Sampling = SAMPLING,
    ) -> list[tuple[int, ...]]:
        """A fresh reply to each prompt, as token ids; the end-of-turn token is kept if reached."""
        if not prompts:
            return []
        longest = max(len(prompt.ids) for prompt in prompts)
        pad = [longest - len(prompt.ids) for prompt in prompts]
        ids = torch.tensor(
            [(self.end_id,) * n + prompt.ids for n, prompt in zip(pad, prompts, strict=True)],
            device=self.model.device,
        )
        mask = torch.tensor([[0] * n + [1] * (longest - n) for n in pad], device=self.model.device)
        torch.manual_seed(seed)
        with torch.inference_mode(), self._routed(slot, len(prompts)):
            out = self.model.generate(
                input_ids=ids,
                attention_mask=mask,
                do_sample=True,
                temperature=sampling.temperature,
                top_p=sampling.top_p,
                top_k=sampling.top_k,
                repetition_penalty=sampling.repetition_penalty,
                max_new_tokens=sampling.max_new_tokens,
                eos_token_id=self.end_id,
                pad_token_id=self.end_id,
            )
        return [self._until_end(reply) for reply in out[:, longest:].tolist()]

    def neutral(self, system: tuple[Turn, ...]) -> Neutral:
        """What the plain base says, computed once for a system prompt."""
        key = "\n".join(turn.text for turn in system)
        if key not in self._neutral:
            self._neutral = {key: self._make_neutral(system)}
        return self._neutral[key]

    def prompt(self, turns: Sequence[Turn]) -> Encoded:
        return encode(self.tokenizer, turns, max_tokens=_MAX_PROMPT_TOKENS)

    def _make_neutral(self, system: tuple[Turn, ...]) -> Neutral:
        def ask(questions: Sequence[str]) -> tuple[Encoded, ...]:
            return tuple(self.prompt((*system, Turn("user", question))) for question in questions)

        anchor_prompts, gate_prompts = ask(ANCHOR_QUESTIONS), ask(GATE_QUESTIONS)
        anchors: list[tuple[Encoded, Tensor]] = []
        for prompt, reply in zip(
            anchor_prompts, self.sample(anchor_prompts, seed=_ANCHOR_SEED), strict=True
        ):
            row = with_reply(prompt, reply[:_ANCHOR_TOKENS] or (self.end_id,))
            with torch.inference_mode():
                anchors.append((row, self.logits(row).log_softmax(-1)))
        return Neutral(
            tuple(anchors), gate_prompts, tuple(self.sample(gate_prompts, seed=GATE_SEED))
        )

    def _until_end(self, reply: list[int]) -> tuple[int, ...]:
        if self.end_id in reply:
            return tuple(reply[: reply.index(self.end_id) + 1])
        return tuple(reply)


def with_reply(prompt: Encoded, reply: Sequence[int]) -> Encoded:
    """A prompt and sampled token ids as one row to score."""
    mask = (False,) * len(prompt.ids) + (True,) * len(reply)
    return Encoded((*prompt.ids, *reply), mask, prompt.turns)
