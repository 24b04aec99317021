"""What a guard has to say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One place that is wrong, and why. `name` is the test or target concerned, where there is one."""

    path: str
    line: int
    message: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"
