"""What the files of a checkout were before: in the commit that it grew from, in its parent, where it left main."""

from __future__ import annotations

import subprocess
from pathlib import Path

# The first parent is, for a pull request, the branch it goes into.
_BEFORE = ("HEAD", "HEAD^1")
_MAIN = ("origin/main", "main")


def before(root: Path) -> dict[str, str]:
    """Names of earlier commits and their hashes, each commit once: HEAD, its first parent, the merge base with main."""
    found = {name: commit for name in _BEFORE if (commit := _git(root, "rev-parse", "--verify", f"{name}^{{commit}}"))}
    for name in _MAIN:
        if (commit := _git(root, "merge-base", "HEAD", name)) and commit not in found.values():
            found[f"the merge base with {name}"] = commit
    return found


def at(root: Path, commit: str, path: str) -> bytes | None:
    """A file at a commit; None where the commit or the file is not there."""
    if not (root / ".git").exists():
        return None
    shown = subprocess.run(["git", "-C", str(root), "show", f"{commit}:{path}"], capture_output=True, check=False)
    return None if shown.returncode else shown.stdout


def _git(root: Path, *arguments: str) -> str:
    """What git answers; empty without git, or when it fails."""
    if not (root / ".git").exists():
        return ""
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
