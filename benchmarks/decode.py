"""Output tokens a second when every row has its own adapter: ours against PEFT's, in one run.

Every contender decodes the same rows after the same prompts; rounds are interleaved, so that a
busy neighbour hits all alike, and medians are reported. SmolLM2, rank 8 on all linear layers.
"""

from __future__ import annotations

import json
import platform
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from rich.console import Console
from rich.table import Table
from transformers import DynamicCache

from bowerbird.personalization.generation.decoder import Decoder, Row
from bowerbird.personalization.lora import AdapterWeights
from bowerbird.personalization.models import DEFAULT_MODEL, fetch_model, load_model, load_tokenizer
from bowerbird.personalization.types import Sampling

MODELS = Path(__file__).parents[1] / "data" / "models"
TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
ROWS = (1, 8, 32)
CONTEXT = 64  # PEFT takes minutes to read 32 longer prompts
STEPS = 6
RANK = 8


def main(rounds: int, out: Path) -> None:
    """Print the table, ratio first, and leave the figures in ``out``."""
    path = str(fetch_model(DEFAULT_MODEL, MODELS))
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        mixed, adapters = _peft(path, max(ROWS), Path(folder))
        contenders: dict[str, Callable[[int], float]] = {
            "ours": _ours(path, adapters),
            "ours_base": _ours(path, None),
            "peft_mixed": lambda rows: _time_peft(mixed, rows, is_mixed=True),
            "peft_single": lambda rows: _time_peft(mixed, rows, is_mixed=False),
        }
        seconds: dict[str, dict[int, list[float]]] = {n: {r: [] for r in ROWS} for n in contenders}
        for _ in range(rounds):
            for rows in ROWS:
                for name, contender in contenders.items():
                    if name != "peft_single" or rows == 1:
                        seconds[name][rows].append(contender(rows))
    speed = {
        name: {str(rows): rows / statistics.median(s) for rows, s in by_rows.items() if s}
        for name, by_rows in seconds.items()
    }
    table = Table("", *(f"{rows} rows, tok/s" for rows in ROWS), title="decode, an adapter a row")
    ratios = [speed["ours"][str(rows)] / speed["peft_mixed"][str(rows)] for rows in ROWS]
    table.add_row("ours / PEFT mixed", *(f"{ratio:.1f}×" for ratio in ratios))
    for name, by_rows in speed.items():
        table.add_row(name, *(f"{by_rows[str(r)]:.0f}" if str(r) in by_rows else "" for r in ROWS))
    console.print(table)
    out.parent.mkdir(exist_ok=True)
    figures = {"machine": f"{platform.processor()}, {torch.get_num_threads()} threads"}
    out.write_text(json.dumps(figures | {"decode_tok_s": speed}, indent=1), "utf-8")


def _prompt(row: int) -> tuple[int, ...]:
    return tuple(random.Random(row).choices(range(100, 40_000), k=CONTEXT))


def _ours(path: str, adapters: list[Path] | None) -> Callable[[int], float]:
    decoder = Decoder(
        load_model(path, device="cpu"),
        load_tokenizer(path),
        rows=max(ROWS) + 1,
        context_tokens=2 * CONTEXT,
        lora_rank=RANK,
        lora_targets=TARGETS,
    )
    decoder._serving.end_ids = frozenset()  # random prompts: nobody stops early
    packed = [decoder.pack(AdapterWeights.load(a)) for a in adapters or ()]
    sampling = Sampling(temperature=0, repetition_penalty=1.0, max_new_tokens=CONTEXT)

    def measure(rows: int) -> float:
        replies = [Row(_prompt(i), sampling, packed[i] if packed else None) for i in range(rows)]
        for reply in replies:
            while not decoder.can_admit:
                decoder._guarded([reply], decoder._prefill)
            decoder.admit(reply)
        while not decoder.can_admit:
            decoder._guarded(replies, decoder._prefill)
        taken = []
        for _ in range(STEPS):
            started = time.perf_counter()
            decoder.step()
            taken.append(time.perf_counter() - started)
        for reply in replies:
            decoder.cancel(reply)
        return statistics.median(taken)

    return measure


def _peft(path: str, count: int, folder: Path) -> tuple[Any, list[Path]]:
    """A PEFT model with ``count`` adapters, and the same adapters on disk."""
    config = LoraConfig(
        r=RANK, lora_alpha=2 * RANK, target_modules=list(TARGETS), task_type="CAUSAL_LM"
    )
    model = get_peft_model(load_model(path, device="cpu", dtype="float32"), config, "a0")  # type: ignore[arg-type]
    for i in range(1, count):
        model.add_adapter(f"a{i}", config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.01)
    model.save_pretrained(str(folder))
    return model.eval(), [folder / f"a{i}" for i in range(count)]


@torch.inference_mode()
def _time_peft(model: Any, rows: int, *, is_mixed: bool) -> float:
    """Median seconds of a decode step with PEFT's ``adapter_names``, or after ``set_adapter``."""
    ids = torch.tensor([_prompt(i) for i in range(rows)])
    names: dict[str, Any] = {"adapter_names": [f"a{i}" for i in range(rows)]} if is_mixed else {}
    if not is_mixed:
        model.set_adapter("a0")
    cache = DynamicCache(config=model.config)
    token = model(input_ids=ids, past_key_values=cache, logits_to_keep=1, **names).logits
    taken = []
    for _ in range(STEPS):
        started = time.perf_counter()
        token = token[:, -1].argmax(-1, keepdim=True)
        token = model(input_ids=token, past_key_values=cache, logits_to_keep=1, **names).logits
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)
