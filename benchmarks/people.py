"""An engine with the default model, and people with an adapter each, for benchmarks."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import torch

from bowerbird.bot.settings import Settings
from bowerbird.personalization.adapter_weights import AdapterWeights
from bowerbird.personalization.generation.engine import TorchEngine
from bowerbird.personalization.models import DEFAULT_MODEL, fetch_model, load_model
from bowerbird.personalization.types import AdapterRef

MODELS = Path(__file__).parents[1] / "data" / "models"
SCOPE = 1000


@asynccontextmanager
async def engine_with(
    people: int, **settings: Any
) -> AsyncIterator[tuple[TorchEngine, list[AdapterRef]]]:
    """Started as the bot starts it, with the defaults of ``Settings``; and people's adapters."""
    torch.set_num_threads(1)  # as in the bot, where nothing but the engine computes
    defaults = Settings(_env_file=None)
    path = str(fetch_model(DEFAULT_MODEL, MODELS))
    engine = TorchEngine(
        path,
        lora_rank=defaults.lora_rank,
        lora_targets=defaults.lora_targets,
        max_batch=defaults.max_batch,
        **settings,
    )
    with tempfile.TemporaryDirectory() as folder:
        refs = make_adapters(path, Path(folder), people, defaults)
        await engine.start()
        try:
            yield engine, refs
        finally:
            await engine.aclose()


def make_adapters(path: str, folder: Path, people: int, settings: Settings) -> list[AdapterRef]:
    """Random and small: what they say does not matter here, what they cost does."""
    shapes = {
        name: module.weight.shape
        for name, module in load_model(path, dtype="bfloat16").named_modules()
        if name.rpartition(".")[2] in settings.lora_targets
    }
    rank = settings.lora_rank
    refs = []
    for user in range(1, people + 1):
        matrices = {
            name: (torch.randn(rank, wide) * 0.01, torch.randn(high, rank) * 0.01)
            for name, (high, wide) in shapes.items()
        }
        ref = AdapterRef(SCOPE, user, 1, folder / str(user))
        AdapterWeights(matrices, rank=rank, alpha=2 * rank).save(ref.path, base_model=path)
        refs.append(ref)
    return refs
