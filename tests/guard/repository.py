"""A folder under git, by an author of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

_OWN = ("-c", "user.name=ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> None:
    """Runs git there; whatever fails raises."""
    subprocess.run(["git", "-C", str(folder), *_OWN, *arguments], check=True, capture_output=True)


def begin(folder: Path) -> None:
    """Puts a folder under git, with all that lies there as the first commit of main."""
    git(folder, "init", "-q", "-b", "main")
    commit(folder)


def commit(folder: Path) -> None:
    """Commits all that has changed."""
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "A change")
