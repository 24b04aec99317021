"""The files of a checkout that guards look at."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

_YAML = frozenset({".yml", ".yaml"})


def files(root: Path) -> list[str]:
    """Every file that is, or would be, under version control, relative to the root; without git, every file."""
    if not (root / ".git").exists():
        return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted({name for name in listed if name and (root / name).is_file()})


def texts(root: Path) -> Iterator[tuple[str, str]]:
    """The path and text of every file that is text."""
    for name in files(root):
        data = (root / name).read_bytes()
        if b"\0" not in data[:8192]:
            yield name, data.decode("utf-8", errors="replace")


def named(root: Path, path: Path) -> str:
    """The path as findings write it: relative to the root."""
    return path.relative_to(root).as_posix()


def hosting(root: Path) -> list[Path]:
    """The YAML files of the hosting service: workflows, actions, templates, dependabot, and an action at the root."""
    folder = [path for path in (root / ".github").rglob("*") if path.suffix in _YAML]
    return sorted([*folder, *root.glob("action.y*ml")])


def workflows(root: Path) -> list[Path]:
    """The workflows alone."""
    return [path for path in hosting(root) if path.parent == root / ".github" / "workflows"]


def makefiles(root: Path) -> list[Path]:
    """The Makefile and what it may include."""
    return sorted([*root.glob("Makefile"), *root.glob("*.mk"), *(root / "tools").rglob("*.mk")])


def scripts(root: Path) -> list[Path]:
    """The scripts of CI."""
    return sorted(path for path in (root / ".ci").rglob("*") if path.is_file())


def hooks(root: Path) -> list[Path]:
    """The configuration of pre-commit, where there is one."""
    return sorted(root.glob(".pre-commit-config.y*ml"))


def shell(root: Path) -> list[Path]:
    """Every file with commands that CI, make or a hook runs."""
    return [*hosting(root), *scripts(root), *makefiles(root), *hooks(root)]


def python_tools(root: Path) -> list[Path]:
    """The tools that make and CI call; the guards themselves are full of the words they look for."""
    return [path for path in sorted((root / "tools").rglob("*.py")) if "guard" not in path.relative_to(root).parts]


@lru_cache(maxsize=1024)
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def parsed(path: Path) -> ast.Module:
    """The syntax of a Python file, to be read only: several guards share it."""
    return _parsed(path.read_text())


def tests(root: Path) -> list[Path]:
    """Every Python file under tests/."""
    return sorted((root / "tests").rglob("*.py"))
