"""What the checkout's settings say now, as a tree: coverage.report.fail_under, buf.lint.use, tests.count."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from tools.guard import checkout, recipes
from tools.guard.collected import functions

_TOOLS = frozenset({"pytest", "_pytest", "coverage", "mypy", "ruff", "pip", "uv", "hatchling", "importlinter"})
_FILE_WIDE = re.compile(r"^\s*#\s*((mypy|ruff|flake8)\s*:|type:\s*ignore)", re.MULTILINE)
_UNCOVERED = re.compile(r"#\s*pragma[:\s]?\s*no\s*(cover|branch)", re.IGNORECASE)
# What these tools would rather believe than the pyproject.toml and the Makefile at the top.
_OVERRIDES = frozenset(
    {
        *("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg", ".coveragerc"),
        *(".coveragerc.toml", "GNUmakefile", "makefile"),
        *("mypy.ini", ".mypy.ini", "ruff.toml", ".ruff.toml", ".importlinter"),
    }
)


def read(root: Path) -> dict[str, Any]:
    """Every fact that a floor may be put under; the contracts of import-linter by their ids."""
    tree: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text())["tool"]
    linter = tree.setdefault("importlinter", {})
    linter["contracts"] = {contract["id"]: contract for contract in linter.get("contracts", [])}
    tree["buf"] = yaml.safe_load((root / "buf.yaml").read_text())
    tree["tests"] = {"count": sum(len(list(functions(checkout.parsed(path)))) for path in checkout.tests(root))}
    tree["overrides"] = list(_overrides(root))
    tree["suppressions"] = _suppressions(root)
    tree["commands"], tree["scripts"] = recipes.commands(root), recipes.scripts(root)
    tree["make"] = {"settings": recipes.settings(root)}
    return tree


def at(tree: dict[str, Any], name: str) -> Any:
    """The fact of that dotted name; None where there is none."""
    value: Any = tree
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _overrides(root: Path) -> Iterator[str]:
    for name in checkout.files(root):
        path = PurePosixPath(name)
        if path.name in _OVERRIDES or (path.name == "pyproject.toml" and path.parent.parts) or _shadows(path):
            yield name


def _shadows(path: PurePosixPath) -> bool:
    """Whether `python -m` at the top, or pytest, finds it before what is installed and before tests/conftest.py."""
    return path.suffix == ".py" and (len(path.parts) == 1 or path.parts[0] in _TOOLS)


def _suppressions(root: Path) -> dict[str, int]:
    sources = {name: text for name, text in checkout.texts(root) if name.endswith(".py")}
    measured = [text for name, text in sources.items() if not name.startswith(("tests/", "tools/"))]
    return {
        "whole_files": sum(len(_FILE_WIDE.findall(text)) for text in sources.values()),
        "uncovered_lines": sum(len(_UNCOVERED.findall(text)) for text in measured),
    }
