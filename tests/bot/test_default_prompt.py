"""What the default model makes of the default system prompt."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bowerbird.bot.settings import DEFAULT_SYSTEM_PROMPT
from bowerbird.personalization.evaluation.prompts import TRAIN
from bowerbird.personalization.generation.decoder import Decoder, Row, sample_replies
from bowerbird.personalization.models import load_model, load_tokenizer
from bowerbird.personalization.prompting import encode
from bowerbird.personalization.types import Sampling, Turn

QUESTIONS = TRAIN[::2]
ROWS = 8


@pytest.mark.model
def test_no_reply_begins_with_an_echo_of_a_name(smollm2_dir: Path) -> None:
    """With its own name in the prompt, one reply in ten began with "Beara" (docs/LOG.md)."""
    tokenizer = load_tokenizer(str(smollm2_dir))
    with Decoder(
        load_model(str(smollm2_dir), device="cpu", dtype="float32"),
        tokenizer,
        rows=ROWS,
        context_tokens=128,
        lora_rank=8,
        lora_targets=("q_proj",),
    ) as decoder:
        rows = [
            Row(
                encode(
                    tokenizer,
                    [Turn("system", DEFAULT_SYSTEM_PROMPT), Turn("user", question)],
                    max_tokens=100,
                ).ids,
                Sampling(max_new_tokens=4, seed=seed),
            )
            for seed, question in enumerate(QUESTIONS)
        ]
        begun = [text for text, _, _ in sample_replies(decoder, rows)]
    assert len(begun) == len(QUESTIONS) >= 40
    assert [text for text in begun if re.match(r"\W*(Bear|Bower|Bird)", text)] == []
