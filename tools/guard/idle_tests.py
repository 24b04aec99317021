"""Guard: a test that is collected runs, and one that runs can fail."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tools.guard.finding import Finding

_SKIPS = frozenset({"skip", "skipif", "skipIf", "skipUnless", "xfail", "importorskip", "expectedFailure", "SkipTest"})
_TEST_LIBRARIES = frozenset({"pytest", "mark", "unittest"})
# What fails a test without an assert statement: an error that must come, a sign that must come in time.
_CAN_FAIL = frozenset({"raises", "warns", "fail", "deprecated_call", "RaisesGroup", "wait_for", "timeout"})
_CATCH_ALL = frozenset({"AssertionError", "Exception", "BaseException"})
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def check(root: Path) -> Iterator[Finding]:
    """Each test that is skipped, expected to fail, or without anything that could fail."""
    for path in sorted((root / "tests").rglob("*.py")):
        name = str(path.relative_to(root))
        yield from _module(name, ast.parse(path.read_text()))


def _module(path: str, tree: ast.Module) -> Iterator[Finding]:
    for owner, node in _owned(tree):
        if message := _idle(node):
            yield Finding(path, getattr(node, "lineno", 1), message, owner)
    for test in _tests(tree):
        if not _can_fail(test):
            yield Finding(path, test.lineno, f"{test.name} asserts nothing", test.name)


def _owned(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Every node with the name of the outermost function that it lies in; decorators count as inside."""
    for top in ast.iter_child_nodes(tree):
        inner = ast.iter_child_nodes(top) if isinstance(top, ast.ClassDef) else [top]
        for node in inner:
            name = node.name if isinstance(node, _Function) else ""
            yield from ((name, child) for child in ast.walk(node))


def _idle(node: ast.AST) -> str:
    if skip := _skip(node):
        return f"'{skip}' keeps a test from running or from failing"
    if isinstance(node, ast.Assign) and any(_name(target) in {"__test__", "collect_ignore"} for target in node.targets):
        return "keeps tests from being collected"
    if isinstance(node, ast.Assert) and _always_true(node.test):
        return "this assertion is always true"
    if isinstance(node, ast.ExceptHandler) and _swallows(node):
        return "swallows the failure of an assertion"
    return ""


def _skip(node: ast.AST) -> str:
    """pytest.skip, pytest.mark.xfail, unittest.skipIf and their like, or the import of one."""
    if isinstance(node, ast.Attribute) and node.attr in _SKIPS:
        dotted = ast.unparse(node)
        return dotted if dotted.split(".")[0] in _TEST_LIBRARIES else ""
    if isinstance(node, ast.ImportFrom) and node.module in _TEST_LIBRARIES:
        return next((name.name for name in node.names if name.name in _SKIPS), "")
    return ""


def _always_true(test: ast.expr) -> bool:
    if isinstance(test, ast.Tuple):
        return bool(test.elts)
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
        calls = any(isinstance(node, ast.Call) for node in ast.walk(test))
        return not calls and ast.dump(test.left) == ast.dump(test.comparators[0])
    return isinstance(test, ast.Constant) and bool(test.value)


def _swallows(handler: ast.ExceptHandler) -> bool:
    caught = {"BaseException"} if handler.type is None else {_name(node) for node in ast.walk(handler.type)}
    return bool(caught & _CATCH_ALL) and all(isinstance(statement, ast.Pass) for statement in handler.body)


def _tests(tree: ast.Module) -> Iterator[_Function]:
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name.startswith("Test")]
    for body in (tree.body, *(scope.body for scope in classes)):
        for node in body:
            if isinstance(node, _Function) and node.name.startswith("test"):
                yield node


def _can_fail(test: _Function) -> bool:
    return any(
        isinstance(node, ast.Assert) or (isinstance(node, ast.Call) and _asserts(_name(node.func)))
        for node in ast.walk(test)
    )


def _asserts(name: str) -> bool:
    return name.startswith(("assert_", "check_")) or name in _CAN_FAIL


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
