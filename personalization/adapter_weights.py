"""One adapter's matrices, and PEFT's directory format for them.

Contract: what PEFT saved loads here and what is saved here loads in PEFT, with the same meaning;
anything damaged or of another kind is an ``AdapterError``, never a wrong adapter. Only safetensors
is read. Knows no model: whether an adapter fits one is ``lora``'s question.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from bowerbird.personalization.errors import AdapterError

_CONFIG = "adapter_config.json"
_WEIGHTS = "adapter_model.safetensors"
_PREFIX = "base_model.model."
_UNSUPPORTED = ("use_dora", "rank_pattern", "alpha_pattern", "modules_to_save", "layer_replication")


@dataclass(frozen=True, slots=True)
class AdapterWeights:
    """``matrices``: module path in the base model → (A ``[rank, in]``, B ``[out, rank]``), float32.

    Adds ``scaling · x Aᵀ Bᵀ`` to each of those layers.
    """

    matrices: Mapping[str, tuple[Tensor, Tensor]]
    rank: int
    alpha: float
    is_rank_stabilized: bool = False

    @property
    def scaling(self) -> float:
        return self.alpha / (math.sqrt(self.rank) if self.is_rank_stabilized else self.rank)

    @classmethod
    def load(cls, directory: Path) -> AdapterWeights:
        """Read a PEFT adapter directory. Raises ``AdapterError``."""
        try:
            config = json.loads((directory / _CONFIG).read_text("utf-8"))
            tensors = load_file(directory / _WEIGHTS)
        except FileNotFoundError as error:
            raise AdapterError(f"the adapter in {directory} is missing or incomplete") from error
        except (OSError, ValueError, SafetensorError) as error:
            raise AdapterError(f"the adapter in {directory} is damaged: {error}") from error
        try:
            return cls._of(config, tensors)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise AdapterError(f"the adapter in {directory} is damaged: {error}") from error
        except AdapterError as error:
            raise AdapterError(f"the adapter in {directory} cannot be used: {error}") from None

    @classmethod
    def _of(cls, config: dict[str, Any], tensors: dict[str, Tensor]) -> AdapterWeights:
        if config["peft_type"] != "LORA":
            raise AdapterError(f"it is {config['peft_type']}, not LORA")
        for option in _UNSUPPORTED:
            if config.get(option):
                raise AdapterError(f"{option} is not supported")
        if config.get("bias", "none") != "none":
            raise AdapterError("trained biases are not supported")
        rank = int(config["r"])
        matrices: dict[str, tuple[Tensor, Tensor]] = {}
        for name, a in tensors.items():
            if not name.endswith(".lora_A.weight"):
                continue
            path = name.removesuffix(".lora_A.weight")
            b = tensors[f"{path}.lora_B.weight"]
            if a.ndim != 2 or b.ndim != 2 or a.shape[0] != rank or b.shape[1] != rank:
                raise ValueError(f"{path} has not the shape of rank {rank}")
            matrices[path.removeprefix(_PREFIX)] = (a.float(), b.float())
        if not matrices or 2 * len(matrices) != len(tensors):
            raise ValueError("its tensors are not pairs of LoRA matrices")
        # An infinity or NaN anywhere spoils its tensor's sum: faster than to look at each number.
        sums = torch.stack([tensor.sum(dtype=torch.float32) for tensor in tensors.values()])
        if not bool(sums.isfinite().all()):
            raise ValueError("it holds values that are not finite")
        return cls(
            matrices,
            rank=rank,
            alpha=float(config["lora_alpha"]),
            is_rank_stabilized=bool(config.get("use_rslora", False)),
        )

    def save(self, directory: Path, *, base_model: str) -> None:
        """Write a PEFT adapter directory. The caller makes it durable and moves it into place."""
        directory.mkdir(parents=True, exist_ok=True)
        tensors = {}
        for path, (a, b) in self.matrices.items():
            tensors[f"{_PREFIX}{path}.lora_A.weight"] = a.detach().cpu().contiguous()
            tensors[f"{_PREFIX}{path}.lora_B.weight"] = b.detach().cpu().contiguous()
        save_file(tensors, directory / _WEIGHTS, metadata={"format": "pt"})
        config = {
            "peft_type": "LORA",
            "task_type": "CAUSAL_LM",
            "base_model_name_or_path": base_model,
            "r": self.rank,
            "lora_alpha": int(self.alpha) if float(self.alpha).is_integer() else self.alpha,
            "lora_dropout": 0.0,
            "bias": "none",
            "use_rslora": self.is_rank_stabilized,
            "target_modules": sorted({path.rpartition(".")[2] for path in self.matrices}),
            "inference_mode": True,
        }
        (directory / _CONFIG).write_text(json.dumps(config, indent=2), "utf-8")
