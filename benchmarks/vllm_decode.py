"""Output tokens a second of vLLM with a LoRA adapter a row. Runs in vLLM's own environment:
`python vllm_decode.py MODEL ADAPTERS CONTEXT ROWS…`, prints JSON. Imports nothing of ours.

The time of a short reply is taken from that of a long one, so that reading the prompts drops out;
they are read once and kept, or reading would take most of ten minutes.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

SHORT, LONG, ROUNDS = 4, 36, 3


def main(model: str, adapters: Path, context: int, counts: list[int]) -> None:
    from vllm import LLM, SamplingParams  # type: ignore[import-not-found]
    from vllm.lora.request import LoRARequest  # type: ignore[import-not-found]

    most = max(counts)
    llm = LLM(
        model=model,
        dtype="bfloat16",
        enable_lora=True,
        max_loras=most,
        max_lora_rank=8,
        max_num_seqs=most,
        max_model_len=2 * context,
        enable_prefix_caching=True,
    )

    def seconds(rows: int, tokens: int) -> float:
        prompts = [
            {"prompt_token_ids": random.Random(row).choices(range(100, 40_000), k=context)}
            for row in range(rows)
        ]
        sampling = SamplingParams(temperature=0, max_tokens=tokens, ignore_eos=True)
        loras = [LoRARequest(f"a{i}", i + 1, str(adapters / f"a{i}")) for i in range(rows)]
        started = time.perf_counter()
        llm.generate(prompts, sampling, lora_request=loras, use_tqdm=False)
        return time.perf_counter() - started

    speed = {}
    for rows in counts:
        seconds(rows, SHORT)
        taken = sorted(seconds(rows, LONG) - seconds(rows, SHORT) for _ in range(ROUNDS))
        speed[str(rows)] = rows * (LONG - SHORT) / taken[ROUNDS // 2]
    print(json.dumps(speed))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), [int(rows) for rows in sys.argv[4:]])
