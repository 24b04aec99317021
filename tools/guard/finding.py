"""What a guard has to say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One place that is wrong, and why. `name` is the test concerned, where there is one."""

    path: str
    line: int
    message: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


def workflows(root: Path) -> list[Path]:
    """The workflow and action files of a checkout."""
    folder = root / ".github"
    return sorted(path for path in folder.rglob("*") if path.suffix in {".yml", ".yaml"})
