"""The tests that the everyday suites should run, as their source has them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tools.audit.reading import text
from tools.audit.withheld import Kind, Withheld

SLOW = "pytest.mark.slow"
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def written(root: Path, suite: str) -> frozenset[str]:
    """The dotted names of the test functions of tests/<suite>, those marked slow left out."""
    return frozenset(name for path in (root / "tests" / suite).rglob("test_*.py") for name in _module(root, path))


def _module(root: Path, path: Path) -> Iterator[str]:
    tree, place = _parsed(path), ".".join(path.relative_to(root).with_suffix("").parts)
    if any(isinstance(node, ast.Assign) and _is_slow(node.value) for node in tree.body):
        return
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test") and not _marked_slow(node):
            yield from _functions(f"{place}.{node.name}", node.body)
    yield from _functions(place, tree.body)


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(text(path))
    except (SyntaxError, ValueError) as error:
        raise Withheld(Kind.UNREADABLE, path.name, f"is not Python: {error}") from None


def _functions(place: str, body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, _Function) and node.name.startswith("test") and not _marked_slow(node):
            yield f"{place}.{node.name}"


def _marked_slow(node: _Function | ast.ClassDef) -> bool:
    return any(_is_slow(decorator) for decorator in node.decorator_list)


def _is_slow(node: ast.expr) -> bool:
    return SLOW in {ast.unparse(inner) for inner in ast.walk(node) if isinstance(inner, ast.Attribute)}
