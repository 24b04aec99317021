"""Guard: what was once said about a floor stays said: its [[changed]] entries are added to, never rewritten.

Compared with the commit that the working tree grew from and with that one's first parent, which for a pull request is
the branch it goes into. Where there is no git, or no parent (a clone of depth 1), there is nothing to compare with.
"""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.guard.finding import Finding
from tools.guard.floor import FLOOR


def check(root: Path) -> Iterator[Finding]:
    """Each earlier state of the floor whose entries are no longer all there, as they were."""
    now = _changes((root / FLOOR).read_text())
    for commit in ("HEAD", "HEAD^1"):
        then = _changes(_at(root, commit))
        if now[: len(then)] != then:
            yield Finding(FLOOR, 1, f"[[changed]] entries of {commit} were rewritten or taken away: add one instead")


def _changes(text: str) -> list[dict[str, Any]]:
    return list(tomllib.loads(text).get("changed", []))


def _at(root: Path, commit: str) -> str:
    """The floor at a commit; empty where the commit or the file is not there."""
    if not (root / ".git").exists():
        return ""
    command = ["git", "-C", str(root), "show", f"{commit}:{FLOOR}"]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if shown.returncode else shown.stdout
