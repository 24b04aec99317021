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
_OPENS = frozenset({"enable_socket", "allow_hosts"})
_UNCOLLECTED = frozenset({"__test__", "collect_ignore", "collect_ignore_glob"})
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
    if any(name(target) in _UNCOLLECTED for target in _targets(node)):
        return "keeps tests from being collected"
    if isinstance(node, ast.Assert) and _always_true(node.test):
        return "this assertion is always true"
    if isinstance(node, ast.If | ast.While) and isinstance(node.test, ast.Constant) and not node.test.value:
        return "what this holds never runs"
    if isinstance(node, ast.Attribute) and node.attr in _OPENS and name(node.value) in {"mark", "pytest_socket"}:
        return "opens the network to a test"
    if isinstance(node, ast.ExceptHandler) and _swallows(node):
        return "swallows the failure of an assertion"
    if isinstance(node, ast.Call) and name(node.func) == "suppress" and _CATCH_ALL & {name(arg) for arg in node.args}:
        return "swallows the failure of an assertion"
    if isinstance(node, ast.Call) and name(node.func) == "raises" and _CATCH_ALL & {name(arg) for arg in node.args}:
        return "any error passes here, a failed assertion too"
    return ""


def _targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []


def _skip(node: ast.AST) -> str:
    """pytest.skip, pytest.mark.xfail, unittest.skipIf and their like, or the import of one."""
    if isinstance(node, ast.Attribute) and node.attr in _SKIPS:
        dotted = ast.unparse(node)
        return dotted if dotted.split(".")[0] in _TEST_LIBRARIES else ""
    if isinstance(node, ast.ImportFrom) and node.module in _TEST_LIBRARIES:
        return next((alias.name for alias in node.names if alias.name in _SKIPS | {"mark"}), "")
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in {"_pytest", "pytest_socket"}:
        return next((each.name for each in node.names if each.name in _OPENS | {"Skipped", "XFailed", "Exit"}), "")
    return _alias(node)


def _alias(node: ast.AST) -> str:
    """A second name for pytest or its marks, under which nobody would find them."""
    if isinstance(node, ast.Import):
        return next(
            (f"{each.name} as {each.asname}" for each in node.names if each.name == "pytest" and each.asname), ""
        )
    if isinstance(node, ast.Assign) and _is_pytest(node.value):
        return ast.unparse(node.value)
    if isinstance(node, ast.Call) and name(node.func) == "getattr" and node.args and _is_pytest(node.args[0]):
        return ast.unparse(node)
    return ""


def _is_pytest(value: ast.expr) -> bool:
    owner = value.value if isinstance(value, ast.Attribute) and value.attr == "mark" else value
    return isinstance(owner, ast.Name) and owner.id == "pytest"


def _always_true(test: ast.expr) -> bool:
    if isinstance(test, ast.Tuple | ast.List | ast.Set):
        return bool(test.elts)
    if isinstance(test, ast.Lambda | ast.JoinedStr | ast.GeneratorExp):
        return True
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return isinstance(test.operand, ast.Constant) and not test.operand.value
    if isinstance(test, ast.Compare):
        return _idle_comparison(test)
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return any(_always_true(value) for value in test.values)
    return isinstance(test, ast.Constant) and bool(test.value)


def _idle_comparison(test: ast.Compare) -> bool:
    """A thing with itself, a constant with a constant, or a length with nothing."""
    if len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq | ast.Is | ast.GtE | ast.LtE | ast.IsNot):
        return False
    left, operator, right = test.left, test.ops[0], test.comparators[0]
    if isinstance(left, ast.Constant) and isinstance(right, ast.Constant):
        # Equal ones fail only where they should differ; numbers in order never do.
        return (left.value == right.value) is not isinstance(operator, ast.IsNot) or _ordered(left, operator, right)
    if isinstance(operator, ast.GtE) and isinstance(left, ast.Call) and name(left.func) == "len":
        return isinstance(right, ast.Constant) and right.value == 0
    calls = any(isinstance(node, ast.Call) for node in ast.walk(test))
    return not calls and not isinstance(operator, ast.IsNot) and ast.dump(left) == ast.dump(right)


def _ordered(left: ast.Constant, operator: ast.cmpop, right: ast.Constant) -> bool:
    first, second = left.value, right.value
    if not isinstance(first, int | float) or not isinstance(second, int | float):
        return False
    return first <= second if isinstance(operator, ast.LtE) else isinstance(operator, ast.GtE) and first >= second


def _swallows(handler: ast.ExceptHandler) -> bool:
    caught = {"BaseException"} if handler.type is None else {name(node) for node in ast.walk(handler.type)}
    return bool(caught & _CATCH_ALL) and all(map(_does_nothing, handler.body))


def _does_nothing(statement: ast.stmt) -> bool:
    """Nothing that a test could fail by later: a pass, a word, something printed."""
    if isinstance(statement, ast.Expr):
        called = statement.value
        return isinstance(called, ast.Constant) or (isinstance(called, ast.Call) and name(called.func) == "print")
    return isinstance(statement, ast.Pass | ast.Continue | ast.Return)


def _can_fail(test: Function) -> bool:
    return any(
        isinstance(node, ast.Assert) or (isinstance(node, ast.Call) and _asserts(name(node.func)))
        for node in ast.walk(test)
    )


def _asserts(called: str) -> bool:
    return called.startswith(("assert_", "check_")) or called in _CAN_FAIL
