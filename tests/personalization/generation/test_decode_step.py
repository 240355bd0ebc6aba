"""The step written out is the model's own step, for each family it claims to know."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from bowerbird.personalization.generation.decode_step import DecodeStep
from bowerbird.personalization.generation.decoder import Decoder
from bowerbird.personalization.lora import AdapterWeights
from bowerbird.personalization.models import load_model, load_tokenizer
from tests import tiny

PROMPTS = [(1, 40, 50, 60), (1, 300, 7), tuple(range(20, 60))]
TOLERANCE = {"float32": 1e-4, "bfloat16": 0.1}


def _decoder(model_dir: Path, dtype: str, targets: tuple[str, ...]) -> Decoder:
    return Decoder(
        load_model(str(model_dir), device="cpu", dtype=dtype),
        load_tokenizer(str(model_dir)),
        rows=len(PROMPTS),
        context_tokens=96,
        lora_rank=4,
        lora_targets=targets,
    )


@pytest.mark.parametrize("targets", [tiny.ALL_LINEAR, ("q_proj", "v_proj")])
@pytest.mark.parametrize("dtype", list(TOLERANCE))
@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3", "mistral"])
def test_it_is_the_models_own_step(
    tmp_path: Path, family: str, dtype: str, targets: tuple[str, ...]
) -> None:
    # Of an ordinary spread, for one wide enough to blow up rounding says nothing of bfloat16.
    model_dir = tiny.make_model(tmp_path / "model", family, initializer_range=0.05)
    adapters = [
        tiny.make_adapter(model_dir, tmp_path / str(seed), seed=seed, targets=targets)
        for seed in (1, 2)
    ]
    with _decoder(model_dir, dtype, targets) as decoder, torch.inference_mode():
        serving = decoder._serving
        assert serving._step is not None
        for slot, adapter in enumerate(adapters):  # the third row is the base model's
            serving.slots.load(slot, AdapterWeights.load(adapter))
        for row, prompt in enumerate(PROMPTS):
            serving.prefill(row, prompt, 0)
        positions = [len(prompt) for prompt in PROMPTS]
        step, serving._step = serving._step, None
        expected = serving.decode([9, 9, 9], positions)
        serving._step = step
        got = serving.decode([9, 9, 9], positions)
        assert got.dtype is torch.float32
        assert float((got - expected).abs().max()) <= TOLERANCE[dtype]
        assert float((expected[0] - expected[1]).abs().max()) > TOLERANCE[dtype]


def test_a_family_it_does_not_know_is_left_to_the_model(tmp_path: Path) -> None:
    model = load_model(str(tiny.make_model(tmp_path / "model")), device="cpu", dtype="float32")
    with _decoder(tmp_path / "model", "float32", tiny.ATTENTION) as decoder:
        model.config.model_type = "gemma"
        assert DecodeStep.make(model, decoder._serving.cache) is None
