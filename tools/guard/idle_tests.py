"""Guard: a test that is collected runs, and one that runs can fail."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tools.guard.checkout import named, parsed, tests
from tools.guard.collected import Function, functions, name, own, owned
from tools.guard.finding import Finding

_SKIPS = frozenset(
    {"skip", "skipif", "skipIf", "skipUnless", "xfail", "importorskip", "expectedFailure", "SkipTest", "exit"}
)
_TEST_LIBRARIES = frozenset({"pytest", "mark", "unittest"})
# What fails a test without an assert statement: an error that must come, a sign that must come in time.
_CAN_FAIL = frozenset({"raises", "warns", "fail", "deprecated_call", "RaisesGroup", "wait_for", "timeout"})
_CATCH_ALL = frozenset({"AssertionError", "Exception", "BaseException"})


def check(root: Path) -> Iterator[Finding]:
    """Each test that is skipped, expected to fail, or without anything that could fail."""
    for path in tests(root):
        yield from _module(named(root, path), parsed(path))


def _module(path: str, tree: ast.Module) -> Iterator[Finding]:
    for owner, node in owned(tree):
        if message := _idle(node):
            yield Finding(path, getattr(node, "lineno", 1), message, owner)
    for test in functions(tree):
        for message in _test(test):
            yield Finding(path, test.lineno, f"{test.name} {message}", test.name)


def _test(test: Function) -> Iterator[str]:
    if not _can_fail(test):
        yield "asserts nothing"
    if any(isinstance(node, ast.Return) for node in own(test)):
        yield "returns before its end: what comes after may never run"


def _idle(node: ast.AST) -> str:
    if skip := _skip(node):
        return f"'{skip}' keeps a test from running or from failing"
    if isinstance(node, ast.Assign) and any(name(target) in {"__test__", "collect_ignore"} for target in node.targets):
        return "keeps tests from being collected"
    if isinstance(node, ast.Assert) and _always_true(node.test):
        return "this assertion is always true"
    if isinstance(node, ast.If | ast.While) and isinstance(node.test, ast.Constant) and not node.test.value:
        return "what this holds never runs"
    if isinstance(node, ast.ExceptHandler) and _swallows(node):
        return "swallows the failure of an assertion"
    return ""


def _skip(node: ast.AST) -> str:
    """pytest.skip, pytest.mark.xfail, unittest.skipIf and their like, or the import of one."""
    if isinstance(node, ast.Attribute) and node.attr in _SKIPS:
        dotted = ast.unparse(node)
        return dotted if dotted.split(".")[0] in _TEST_LIBRARIES else ""
    if isinstance(node, ast.ImportFrom) and node.module in _TEST_LIBRARIES:
        return next((alias.name for alias in node.names if alias.name in _SKIPS), "")
    return ""


def _always_true(test: ast.expr) -> bool:
    if isinstance(test, ast.Tuple):
        return bool(test.elts)
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
        calls = any(isinstance(node, ast.Call) for node in ast.walk(test))
        return not calls and ast.dump(test.left) == ast.dump(test.comparators[0])
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return any(_always_true(value) for value in test.values)
    return isinstance(test, ast.Constant) and bool(test.value)


def _swallows(handler: ast.ExceptHandler) -> bool:
    caught = {"BaseException"} if handler.type is None else {name(node) for node in ast.walk(handler.type)}
    return bool(caught & _CATCH_ALL) and all(isinstance(statement, ast.Pass) for statement in handler.body)


def _can_fail(test: Function) -> bool:
    return any(
        isinstance(node, ast.Assert) or (isinstance(node, ast.Call) and _asserts(name(node.func)))
        for node in ast.walk(test)
    )


def _asserts(called: str) -> bool:
    return called.startswith(("assert_", "check_")) or called in _CAN_FAIL
