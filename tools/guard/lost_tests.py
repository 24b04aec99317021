"""Guard: a test that is written is collected."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tools.guard.checkout import named, parsed, tests
from tools.guard.collected import Function, functions, name, owned, scopes
from tools.guard.finding import Finding

# A hook by which a conftest decides what is collected, how it runs, or what its outcome is called.
_HOOKS = frozenset(
    f"pytest_{part}"
    for part in (
        *("ignore_collect", "collect_file", "collect_directory", "pycollect_makeitem", "pycollect_makemodule"),
        *("deselected", "runtest_protocol", "runtest_call", "pyfunc_call", "runtest_makereport", "report_teststatus"),
        *("sessionfinish", "runtestloop", "exception_interact", "unconfigure"),
    )
)
_TAKES_AWAY = frozenset({"remove", "clear", "pop", "deselected", "pytest_deselected"})


def check(root: Path) -> Iterator[Finding]:
    """Each test that pytest would pass over, and each hook that may make it."""
    for path in tests(root):
        tree = parsed(path)
        for line, message, owner in (*_unseen(path, tree), *_hidden(tree), *_empty(tree), *_hooks(tree)):
            yield Finding(named(root, path), line, message, owner)


def _unseen(path: Path, tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    if not path.name.startswith("test_"):
        for test in functions(tree):
            yield test.lineno, f"{test.name} is never collected: the file's name must begin with test_", test.name
    for scope in tree.body:
        if isinstance(scope, ast.ClassDef) and not scope.name.startswith("Test"):
            for node in scope.body:
                if isinstance(node, Function) and node.name.startswith("test_") and path.name.startswith("test_"):
                    yield (
                        node.lineno,
                        f"{node.name} is never collected: the class's name must begin with Test",
                        node.name,
                    )


def _hidden(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    for body in scopes(tree):
        defined = [node for node in body if isinstance(node, Function | ast.ClassDef)]
        names = Counter(node.name for node in defined if node.name.lower().startswith("test"))
        for node in defined:
            if names.get(node.name, 0) > 1:
                yield node.lineno, f"{node.name} is defined {names[node.name]} times: only the last one runs", node.name


def _empty(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    for owner, node in owned(tree):
        if isinstance(node, ast.Call) and name(node.func) == "parametrize":
            given = [*node.args, *(key.value for key in node.keywords)]
            if any(isinstance(values, ast.List | ast.Tuple | ast.Set) and not values.elts for values in given):
                yield node.lineno, "has no cases: the test is never run", owner


def _hooks(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, Function) and node.name in _HOOKS:
            yield node.lineno, f"{node.name} may change what runs and what its outcome is", node.name
        if isinstance(node, Function) and node.name == "pytest_collection_modifyitems" and _takes_away(node):
            yield node.lineno, f"{node.name} takes collected tests away", node.name


def _takes_away(hook: Function) -> bool:
    """Whether it changes the list itself: assigns to it or into it, deletes from it, or calls what does."""
    for node in ast.walk(hook):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Delete):
            targets = node.targets if isinstance(node, ast.Assign | ast.Delete) else [node.target]
            if any(_items(target) for target in targets):
                return True
        if isinstance(node, ast.Call) and name(node.func) in _TAKES_AWAY:
            return True
    return False


def _items(target: ast.expr) -> bool:
    value = target.value if isinstance(target, ast.Subscript) else target
    return name(value) == "items"
