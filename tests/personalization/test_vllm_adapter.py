"""An adapter of ours is one that vLLM serves. Runs where BENCH_VLLM_PYTHON names the python of an
environment that has vLLM (`python -m benchmarks decode` says how to make one)."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from bowerbird.personalization.generation.decoder import Decoder, Row, sample_replies
from bowerbird.personalization.lora import AdapterWeights
from bowerbird.personalization.models import load_model, load_tokenizer
from bowerbird.personalization.prompting import encode
from bowerbird.personalization.types import Sampling, Turn
from tests import tiny

PYTHON = os.environ.get("BENCH_VLLM_PYTHON")
QUESTIONS = ("What is the capital of France?", "Write one sentence about the moon.")
GREEDY = Sampling(temperature=0, repetition_penalty=1.0, max_new_tokens=12)
SCRIPT = """
import json, sys
from vllm import LLM, SamplingParams
from vllm.lora.request import LoRARequest

if __name__ == "__main__":
    model, adapter, prompts, tokens = sys.argv[1:]
    llm = LLM(model=model, dtype="float32", enable_lora=True, max_lora_rank=8, max_num_seqs=4,
              max_model_len=128, enforce_eager=True)
    sampling = SamplingParams(temperature=0, max_tokens=int(tokens))
    asked = [{"prompt_token_ids": ids} for ids in json.loads(prompts)]
    said = [
        [list(one.outputs[0].token_ids) for one in llm.generate(asked, sampling, lora_request=lora)]
        for lora in (None, LoRARequest("ours", 1, adapter))
    ]
    print(json.dumps(said))
"""


@pytest.mark.model
@pytest.mark.skipif(PYTHON is None, reason="BENCH_VLLM_PYTHON is not set")
def test_vllm_says_with_our_adapter_what_we_say(smollm2_dir: Path, tmp_path: Path) -> None:
    made = tiny.make_adapter(
        smollm2_dir, tmp_path / "made", seed=1, rank=8, targets=tiny.ALL_LINEAR, scale=0.08
    )
    weights = AdapterWeights.load(made)
    weights.save(tmp_path / "ours", base_model=str(smollm2_dir))
    tokenizer = load_tokenizer(str(smollm2_dir))
    prompts = [encode(tokenizer, [Turn("user", q)], max_tokens=100).ids for q in QUESTIONS]
    with Decoder(
        load_model(str(smollm2_dir), device="cpu", dtype="float32"),
        tokenizer,
        rows=2,
        context_tokens=128,
        lora_rank=8,
        lora_targets=tiny.ALL_LINEAR,
    ) as decoder:
        adapters = (None, decoder.pack(weights))
        ours = [
            [sample_replies(decoder, [Row(prompt, GREEDY, adapter)])[0][1] for prompt in prompts]
            for adapter in adapters
        ]
        ends = decoder._serving.end_ids
    assert ours[0] != ours[1], "an adapter that changes nothing would prove nothing"

    script = tmp_path / "script.py"
    script.write_text(SCRIPT, "utf-8")
    inputs = (str(smollm2_dir), str(tmp_path / "ours"), json.dumps(prompts))
    done = subprocess.run(
        [str(PYTHON), str(script), *inputs, str(GREEDY.max_new_tokens)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"VLLM_CPU_OMP_THREADS_BIND": "nobind", "VLLM_CPU_KVCACHE_SPACE": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    # It logs there too.
    said = json.loads([line for line in done.stdout.splitlines() if line.startswith("[[[")][-1])
    theirs = [[tuple(t for t in ids if t not in ends) for ids in replies] for replies in said]
    assert theirs == ours
