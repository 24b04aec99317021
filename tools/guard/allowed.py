"""The reviewed exceptions: what a guard may let pass, each with its reason."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.guard.finding import Finding

LIST = "tools/guard/allowed.toml"


@dataclass(frozen=True, slots=True)
class Allowed:
    """A place (path; the test, target or other name in it) that a guard leaves alone, and why."""

    guard: str
    path: str
    reason: str
    name: str = ""


def allowed(root: Path) -> list[Allowed]:
    """The list of a checkout."""
    return [Allowed(**entry) for entry in tomllib.loads((root / LIST).read_text()).get("allowed", [])]


def without_allowed(findings: Iterable[Finding], entries: list[Allowed]) -> Iterator[Finding]:
    """What a guard's entries do not excuse, and then those that excuse nothing; without a reason none excuses."""
    unused = {(entry.path, entry.name): entry for entry in entries}
    excused = {key for key, entry in unused.items() if entry.reason.strip()}
    for finding in findings:
        key = (finding.path, finding.name)
        unused.pop(key, None)
        if key not in excused:
            yield finding
    for path, name in unused:
        yield Finding(LIST, 1, f"the entry for {path} {name} excuses nothing: remove it")
