"""All benchmarks' figures in one file, each adding its own keys."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import Any

FILE = "bench.json"


def machine() -> str:
    """Processor, cores and how busy they were: neighbours make every figure worse."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = [line for line in cpuinfo.read_text("utf-8").splitlines() if "model name" in line]
        model = names[0].partition(":")[2].strip() if names else model
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{model}, {os.cpu_count()} cores{load}"


def merge(build: Path, figures: dict[str, Any]) -> None:
    """Put ``figures`` into ``build/bench.json`` over what other benchmarks have left there."""
    path = build / FILE
    known = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps(known | figures, indent=1) + "\n", "utf-8")
    unfinished.replace(path)
