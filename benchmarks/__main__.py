"""Runs one benchmark, or all: each prints a table and leaves its figures in `build/`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks import (
    best_of,
    decode,
    isolation,
    load,
    loop_lag,
    second_turn,
    streaming,
    training,
    yielding,
)

BENCHMARKS = {
    "decode": decode.main,
    "isolation": isolation.main,
    "loop-lag": loop_lag.main,
    "load": load.main,
    "second-turn": second_turn.main,
    "best-of": best_of.main,
    "training": training.main,
    "streaming": streaming.main,
    "yielding": yielding.main,
}
BUILD = Path(__file__).parents[1] / "build"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHMARKS)}")
    parser.add_argument("--rounds", type=int, default=3, help="median of so many (%(default)s)")
    options = parser.parse_args()
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    BUILD.mkdir(exist_ok=True)
    for name in options.names or BENCHMARKS:
        BENCHMARKS[name](options.rounds, BUILD / f"bench-{name}.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
