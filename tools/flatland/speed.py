"""How long a picture takes, with two threads: `python -m tools.flatland.speed --model FOLDER`."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from tools.flatland import SHIPPED
from tools.flatland.generate import OnnxModel, Sampling, generate
from tools.machine import machine

SIDES = (128, 256, 512)
_PROMPT = "a red house under a starry sky"


def drawing_s(model: OnnxModel, side_px: int, count: int) -> float:
    """Returns the median of seconds that a guided picture of 20 steps takes a process that has drawn before."""
    how = Sampling(width_px=side_px, height_px=side_px)
    times = [_seconds(partial(generate, model, [_PROMPT], [seed], how)) for seed in range(count + 1)]
    return median(times[1:])


def cold_s(folder: Path, count: int) -> float:
    """Returns the median of seconds from a process's start to a 20-step 128 x 128 PNG on disk, after one run before."""
    with tempfile.TemporaryDirectory() as out:
        flags = ["--model", str(folder), "--out", f"{out}/a.png"]
        run = partial(subprocess.run, [sys.executable, "-m", "tools.flatland.draw", _PROMPT, *flags], check=True)
        times = [_seconds(run) for _ in range(count + 1)]
    return median(times[1:])


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def markdown(folder: Path, count: int) -> str:
    """Returns the figures as a table."""
    model = OnnxModel(folder, thread_count=2)
    rows = [(f"20 steps, {side} × {side}", drawing_s(model, side, count)) for side in SIDES]
    rows.append(("from a process's start to a PNG, 20 steps, 128 × 128", cold_s(folder, count)))
    lines = [f"| {name} | {seconds:.2f} |" for name, seconds in rows]
    return "\n".join([f"| median of {count} on {machine()} | s |", "|---|---|", *lines]) + "\n"


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--model", type=Path, default=SHIPPED)
    parser.add_argument("--count", type=int, default=9)
    arguments = parser.parse_args()
    print(markdown(arguments.model, arguments.count), end="")


if __name__ == "__main__":
    main()
