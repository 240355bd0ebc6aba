"""One person's training with PEFT and torch's own optimizer, as is usual: the yardstick.

The same recipe, rows, steps and losses as ours, one row after the other (on a CPU nothing is gained
by padding them to one length), logits at the reply's tokens alone, the reference computed once.
"""

from __future__ import annotations

from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from torch import Tensor
from torch.nn import functional as F

from bowerbird.personalization.adapter_weights import AdapterWeights
from bowerbird.personalization.prompting import Encoded
from bowerbird.personalization.training import losses
from bowerbird.personalization.training.executor import TrainRecipe
from bowerbird.personalization.training.rows import PersonData, RowWriter
from bowerbird.personalization.training.shared_base import ANCHOR_TOKENS, SharedBase
from bowerbird.personalization.training.trainer import MAX_SAID, _batches, _rate, in_turn
from bowerbird.storage.records import Turn


class PeftTrainer:
    """``model``: the base, loaded once and given back after each person."""

    def __init__(self, model: Any, base: SharedBase, recipe: TrainRecipe) -> None:
        self._model = model
        self._base = base
        self._recipe = recipe

    def train(self, data: PersonData, system: tuple[Turn, ...]) -> AdapterWeights:
        recipe = self._recipe
        neutral = self._base.neutral(system)
        writer = RowWriter(self._base.tokenizer, recipe)
        units = writer.units(data, neutral.gate_prompts[0])
        with torch.no_grad():
            for unit in units:
                unit.refer([self._logprobs(row) for row in unit.compared])
            said = writer.said(data, count=MAX_SAID, max_tokens=ANCHOR_TOKENS)
            rows = [anchor.row for anchor in in_turn(self._base.anchors(said), neutral)]
            anchors = [(row, self._logits(row).log_softmax(-1)) for row in rows]
        torch.manual_seed(recipe.seed)
        config = LoraConfig(
            r=recipe.rank,
            lora_alpha=recipe.alpha,
            target_modules=list(recipe.targets),
            task_type="CAUSAL_LM",
        )
        adapted = get_peft_model(self._model, config)
        parameters = [p for p in adapted.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(parameters, lr=0.0, weight_decay=recipe.weight_decay)
        batches = _batches(len(units), recipe)
        for step, batch in enumerate(batches):
            drawn = [units[i] for i in batch]
            z0 = self._z0(drawn)
            for unit in drawn:
                logprobs = [self._logprobs(row) for row in unit.rows]
                (unit.loss(logprobs, z0) / len(drawn)).backward()
            row, reference = anchors[step % len(anchors)]
            logprobs_now = self._logits(row).log_softmax(-1)
            kl = losses.anchor_kl(logprobs_now, reference, cap=recipe.kl_cap).mean()
            (recipe.kl_weight * kl).backward()
            torch.nn.utils.clip_grad_norm_(parameters, recipe.clip_norm)
            optimizer.param_groups[0]["lr"] = recipe.learning_rate * _rate(step, len(batches))
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        made = {
            name.removeprefix("base_model.model."): (
                module.lora_A["default"].weight.detach().float().clone(),
                module.lora_B["default"].weight.detach().float().clone(),
            )
            for name, module in adapted.named_modules()
            if hasattr(module, "lora_A") and module.lora_A
        }
        adapted.unload()
        return AdapterWeights(made, rank=recipe.rank, alpha=recipe.alpha)

    def _z0(self, units: Any) -> Tensor:
        pairs = [unit for unit in units if unit.mismatch is not None]
        if not pairs:
            return torch.zeros(())
        with torch.no_grad():
            now = torch.stack([self._logprobs(unit.mismatch).sum() for unit in pairs])
        return losses.reference_point(now, torch.tensor([u.mismatch_reference for u in pairs]))

    def _logits(self, row: Encoded) -> Tensor:
        wanted = sum(row.loss_mask)
        ids = torch.tensor([row.ids[:-1]])
        made = self._model(input_ids=ids, logits_to_keep=wanted, use_cache=False)
        logits: Tensor = made.logits[0, -wanted:].float()
        return logits

    def _logprobs(self, row: Encoded) -> Tensor:
        targets = torch.tensor(row.ids[-sum(row.loss_mask) :])
        return -F.cross_entropy(self._logits(row), targets, reduction="none")
