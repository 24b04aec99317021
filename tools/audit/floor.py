"""The floor that the guards record: how low a setting may go."""

from __future__ import annotations

from pathlib import Path

from tools.audit.reading import from_toml
from tools.audit.shapes import Shape
from tools.audit.withheld import Kind, demand

FILE = "tools/guard/floor.toml"
GATE = "coverage.report.fail_under"
COUNT = "tests.count"


class Floor(Shape):
    """The part of the file that bounds from below, by dotted names."""

    at_least: dict[str, float]


def floor(root: Path, name: str) -> float:
    """The least that is recorded for a setting."""
    recorded = from_toml(Floor, root / FILE).at_least
    demand(name in recorded, Kind.MISSING, FILE, f"records no floor for {name}")
    return recorded[name]
