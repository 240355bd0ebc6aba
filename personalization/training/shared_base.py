"""The base model, loaded once in a worker, and what everybody's training needs of it.

Contract: outside ``adapter`` the model is exactly the base; inside, ``active`` or ``none`` say
which adapter counts. What the base itself says to neutral questions is computed once for a system
prompt. Only safetensors is read. Knows neither jobs nor verdicts.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch
import torch.nn.functional as F
from peft import LoraConfig, PeftModel, get_peft_model, set_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from bowerbird.personalization.errors import AdapterError
from bowerbird.personalization.models import load_model, load_tokenizer
from bowerbird.personalization.prompting import Encoded, encode, end_of_turn_id
from bowerbird.personalization.training.neutral import (
    ANCHOR_QUESTIONS,
    GATE_QUESTIONS,
    GENERAL_TEXT,
)
from bowerbird.personalization.types import Sampling
from bowerbird.storage.records import Turn

if TYPE_CHECKING:
    from bowerbird.personalization.training.executor import TrainRecipe

CANDIDATE: Final = "candidate"
INCUMBENT: Final = "incumbent"

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
    """The base model of a worker and at most one person's adapters on it."""

    def __init__(self, model_path: str, *, device: str = "auto", dtype: str = "auto") -> None:
        self.tokenizer = load_tokenizer(model_path)
        self.model = load_model(model_path, device=device, dtype=dtype)
        self.end_id = end_of_turn_id(self.tokenizer)
        self._neutral: dict[str, Neutral] = {}

    # --- adapters -----------------------------------------------------------------------------

    @contextmanager
    def adapter(self, recipe: TrainRecipe) -> Iterator[PeftModel]:
        """A fresh adapter (B = 0, so the base's own outputs) for the time of the context."""
        torch.manual_seed(recipe.seed)
        with warnings.catch_warnings():  # PEFT 0.21 asks transformers 5 by an older name
            warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
            peft_model = get_peft_model(self.model, _config(recipe), adapter_name=CANDIDATE)
        try:
            yield peft_model
        finally:
            self.model = peft_model.unload()

    @contextmanager
    def active(self, peft_model: PeftModel, name: str | None) -> Iterator[None]:
        """One adapter counts, or none."""
        if name is None:
            with peft_model.disable_adapter():
                yield
            return
        before = peft_model.active_adapter
        peft_model.set_adapter(name)
        try:
            yield
        finally:
            peft_model.set_adapter(before)

    def load_incumbent(self, peft_model: PeftModel, folder: Path) -> None:
        """Put a published adapter beside the candidate. Raises ``AdapterError``."""
        try:
            config = json.loads((folder / "adapter_config.json").read_text("utf-8"))
            weights = load_file(folder / "adapter_model.safetensors")
            peft_model.add_adapter(
                INCUMBENT,
                LoraConfig(
                    r=config["r"],
                    lora_alpha=config["lora_alpha"],
                    target_modules=list(config["target_modules"]),
                    task_type="CAUSAL_LM",
                ),
            )
            set_peft_model_state_dict(peft_model, weights, adapter_name=INCUMBENT)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            raise AdapterError(f"the active adapter in {folder} cannot be read: {error}") from error

    # --- what the model says ------------------------------------------------------------------

    def logits(self, row: Encoded) -> Tensor:
        """Logits that predict the reply's tokens, ``[reply tokens, vocabulary]``, float32."""
        ids = torch.tensor([row.ids[:-1]], device=self.model.device)  # [1, tokens - 1]
        wanted = sum(row.loss_mask)
        out = self.model(input_ids=ids, logits_to_keep=wanted, use_cache=False)
        kept: Tensor = out.logits[0, -wanted:]
        return kept.float()

    def token_logprobs(self, row: Encoded) -> Tensor:
        """log π of each of the reply's tokens, ``[reply tokens]``."""
        target = torch.tensor(row.ids[-sum(row.loss_mask) :], device=self.model.device)
        return -F.cross_entropy(self.logits(row), target, reduction="none")

    def general_nll(self) -> float:
        """Nats per token on ordinary text, with whichever adapter counts now."""
        ids = tuple(self.tokenizer(GENERAL_TEXT, add_special_tokens=False)["input_ids"])
        with torch.inference_mode():
            return -float(
                self.token_logprobs(with_reply(Encoded(ids[:1], (False,), ()), ids[1:])).mean()
            )

    def sample(
        self, prompts: Sequence[Encoded], *, seed: int, sampling: Sampling = SAMPLING
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
        with torch.inference_mode():
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
        """Computed with the plain base: call it outside ``adapter``, or with none active, first."""
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


def _config(recipe: TrainRecipe) -> LoraConfig:
    return LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        target_modules=list(recipe.targets),
        lora_dropout=0.0,
        bias="none",
        task_type="CAUSAL_LM",
    )
