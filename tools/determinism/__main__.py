"""Makes the same pictures in two processes and compares them byte for byte: python -m tools.determinism.

The second process hashes strings differently, makes the cases in another order, and makes them all at once, so that
they share batches; the first makes one after the other.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.determinism import suite

OUT = Path("out/evidence/determinism.json")


@dataclass(frozen=True, slots=True)
class Conditions:
    """What differs between the processes and must not matter."""

    hash_seed: int
    order_seed: int
    together: bool


@dataclass(frozen=True, slots=True)
class Run:
    """One process's digests by case."""

    conditions: Conditions
    pictures: dict[str, str]


CONDITIONS = (Conditions(1, 1, together=False), Conditions(2, 2, together=True))


def run(conditions: Conditions, flags: Iterable[str]) -> Run:
    """Makes the cases in a process of its own. Raises CalledProcessError, its reason on stderr."""
    command = [sys.executable, "-m", "tools.determinism.suite", f"--order-seed={conditions.order_seed}", *flags]
    command += ["--together"] if conditions.together else []
    environment = {**os.environ, "PYTHONHASHSEED": str(conditions.hash_seed)}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment)
    return Run(conditions, json.loads(done.stdout))


def differing(runs: Sequence[Run]) -> list[str]:
    """The names of the cases that are not the same in every run, or are missing from one, in order."""
    names = sorted({name for run in runs for name in run.pictures})
    return [name for name in names if len({run.pictures.get(name) for run in runs}) > 1]


def report(runs: Sequence[Run]) -> dict[str, object]:
    """What is written down: conditions and digests of each process, and the verdict."""
    different = differing(runs)
    processes = [{**asdict(run.conditions), "pictures": run.pictures} for run in runs]
    return {"processes": processes, "identical": not different, "differing": different}


def main() -> int:
    """Writes the report. Returns 1 where a case differs, or where there is none."""
    parser = argparse.ArgumentParser(prog="python -m tools.determinism", description=__doc__)
    suite.arguments(parser)
    parser.add_argument("--out", type=Path, default=OUT, help=f"default: {OUT}")
    options = parser.parse_args()
    flags = (f"--only={options.only}", "--engines", *options.engines)
    with ThreadPoolExecutor() as pool:
        runs = list(pool.map(lambda conditions: run(conditions, flags), CONDITIONS))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report(runs), indent=2) + "\n")
    return verdict(differing(runs), len(runs[0].pictures))


def verdict(different: Sequence[str], count: int) -> int:
    """Says how the comparison of so many cases went; returns the exit status."""
    if different:
        print(f"Not the same bytes in both processes: {', '.join(different)}", file=sys.stderr)
        return 1
    if not count:
        print("No case was made.", file=sys.stderr)
        return 1
    print(f"{count} cases gave the same bytes in both processes.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
