"""Guard: what was once said about a floor stays said: its [[changed]] entries are added to, never rewritten.

Compared with the commit that the working tree grew from and with that one's first parent, which for a pull request is
the branch it goes into. Where there is no git, or no parent (a clone of depth 1), there is nothing to compare with.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.guard.finding import Finding
from tools.guard.floor import FLOOR
from tools.guard.history import at


def check(root: Path) -> Iterator[Finding]:
    """Each earlier state of the floor whose entries are no longer all there, as they were."""
    now = _changes((root / FLOOR).read_text())
    for commit in ("HEAD", "HEAD^1"):
        then = _changes((at(root, commit, FLOOR) or b"").decode())
        if now[: len(then)] != then:
            yield Finding(FLOOR, 1, f"[[changed]] entries of {commit} were rewritten or taken away: add one instead")


def _changes(text: str) -> list[dict[str, Any]]:
    return list(tomllib.loads(text).get("changed", []))
