"""How likely the base finds a reply: by the real engine on the tiny Llama."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import torch

from bowerbird.personalization.fluency import JUDGED_TOKENS, MAX_TOKENS, fluency, repetition
from bowerbird.personalization.generation.engine import TorchEngine
from bowerbird.personalization.models import load_model
from bowerbird.personalization.prompting import encode
from bowerbird.storage.records import Turn
from tests import tiny

TURNS = (Turn("system", "Be kind."), Turn("user", "What is a bower?"))
OWNER = (1, 2)


@pytest.fixture
async def engine(tiny_model_dir: Path) -> AsyncIterator[TorchEngine]:
    engine = TorchEngine(
        str(tiny_model_dir),
        device="cpu",
        dtype="float32",
        max_batch=2,
        max_context=MAX_TOKENS,
        lora_rank=4,
        lora_targets=tiny.ATTENTION,
        threads=1,
    )
    await engine.start()
    yield engine
    await engine.aclose()


@pytest.mark.parametrize("reply", ["A hut.", "A hut made of twigs, and blue things. " * 20])
async def test_it_is_the_mean_over_the_replys_beginning(
    engine: TorchEngine, tiny_model_dir: Path, reply: str
) -> None:
    row = encode(engine.tokenizer, TURNS, reply, max_tokens=2 * MAX_TOKENS)
    said = sum(row.loss_mask) - 1
    start, judged = len(row.ids) - 1 - said, min(said, JUDGED_TOKENS)
    model = load_model(str(tiny_model_dir), device="cpu", dtype="float32")
    with torch.inference_mode():
        logits = model(torch.tensor([row.ids])).logits[0]
    logprobs = logits.log_softmax(-1)[range(len(row.ids) - 1), row.ids[1:]]
    expected = logprobs[start - 1 : start - 1 + judged].mean().item()
    found = await fluency(engine, engine.tokenizer, TURNS, reply, OWNER)
    assert found == pytest.approx(expected, abs=1e-4)


async def test_what_cannot_be_read_is_neither_good_nor_bad(engine: TorchEngine) -> None:
    assert await fluency(engine, engine.tokenizer, TURNS, "", OWNER) == 0
    enormous = (*TURNS[:1], Turn("user", "bower " * MAX_TOKENS))
    assert await fluency(engine, engine.tokenizer, enormous, "Yes.", OWNER) == 0


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("", 0.0),
        ("So so.", 0.0),
        ("A bower is a hut of twigs.", 0.0),
        ("- DIY:\n- DIY:\n- DIY:\n- diy:", 1 - 3 / 10),
        ("no no no no no", 1 - 1 / 3),
    ],
)
def test_what_was_said_before_is_counted(reply: str, expected: float) -> None:
    assert repetition(reply) == pytest.approx(expected)
