"""What pytest printed: the order's seed and the closing counts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tools.audit.reading import text
from tools.audit.withheld import Kind, demand

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_SEED = re.compile(r"^Using --randomly-seed=(\d+)$", re.MULTILINE)
_CLOSING = re.compile(r"^=*\s*((?:\d+ \w+, )*\d+ \w+) in \d+(?:\.\d+)?s\b.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Log:
    """The seed of the random order, how many tests passed, how many were left out by choice, how many else."""

    seed: str
    passed: int
    deselected: int
    other: int


def read(path: Path) -> Log:
    """A log of one pytest run."""
    said = _COLOUR.sub("", text(path))
    seeds = set(_SEED.findall(said))
    demand(bool(seeds), Kind.MISSING, path.name, "no seed of a random order is in it")
    demand(len(seeds) == 1, Kind.CONTRADICTORY, path.name, f"several seeds are in it: {', '.join(sorted(seeds))}")
    closing = _CLOSING.findall(said)
    demand(bool(closing), Kind.MISSING, path.name, "pytest's closing line is not in it")
    counts = {word: int(number) for number, word in (part.split() for part in closing[-1].split(", "))}
    passed, deselected = counts.pop("passed", 0), counts.pop("deselected", 0)
    return Log(seeds.pop(), passed, deselected, sum(counts.values()))
