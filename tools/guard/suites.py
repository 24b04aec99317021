"""Guard: a test stays in the everyday suite; what is kept out of it is on the reviewed list."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tools.guard.checkout import named, parsed, tests
from tools.guard.collected import functions, owned
from tools.guard.collected import name as called
from tools.guard.finding import Finding

_ASIDE = frozenset({"slow", "gpu", "load"})


def check(root: Path) -> Iterator[Finding]:
    """Each test that a marker, or its folder, keeps out of `make test`."""
    options = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    everyday = tuple(f"{folder}/" for folder in options["testpaths"])
    for path in tests(root):
        name, tree = named(root, path), parsed(path)
        for owner, node in owned(tree):
            if isinstance(node, ast.Attribute) and node.attr in _ASIDE and ast.unparse(node.value).endswith("mark"):
                yield Finding(name, node.lineno, f"'{node.attr}' keeps it out of the everyday suite", owner)
            if isinstance(node, ast.Call) and called(node.func) == "add_marker" and _ASIDE & _words(node):
                yield Finding(name, node.lineno, "add_marker keeps tests out of the everyday suite", owner)
        if not name.startswith(everyday) and any(functions(tree)):
            yield Finding(name, 1, "lies outside pytest's testpaths: it is not in the everyday suite")


def _words(call: ast.Call) -> set[str]:
    return {
        argument.value
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }
