"""Guard: a test that is written is collected."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tools.guard.checkout import named, parsed, tests
from tools.guard.collected import Function, functions, name, owned, scopes
from tools.guard.finding import Finding

# Any other hook may decide what is collected, how it runs, or what its outcome is called; so may another name for one.
_HOOKS = frozenset({"pytest_configure", "pytest_collection_modifyitems", "pytest_collection_finish"})
_MAKERS = frozenset({"__init__", "__new__"})
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
    yield from _unbound(tree)
    for body in scopes(tree):
        defined = [node for node in body if isinstance(node, Function | ast.ClassDef)]
        names = Counter(node.name for node in defined if node.name.lower().startswith("test"))
        for node in defined:
            if names.get(node.name, 0) > 1:
                yield node.lineno, f"{node.name} is defined {names[node.name]} times: only the last one runs", node.name


def _unbound(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Tests whose name is given away, whose class pytest passes over, or that are defined only sometimes."""
    for body in scopes(tree):
        for node in body:
            targets = node.targets if isinstance(node, ast.Assign | ast.Delete) else []
            if taken := [name(target) for target in targets if name(target).startswith("test_")]:
                yield node.lineno, f"{taken[0]} is taken away: it never runs", taken[0]
            if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                made = [inner for inner in node.body if isinstance(inner, Function) and inner.name in _MAKERS]
                yield from ((each.lineno, f"{node.name} has {each.name}: pytest passes it over", "") for each in made)
            if isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While):
                inside = [
                    each for each in ast.walk(node) if isinstance(each, Function) and each.name.startswith("test_")
                ]
                yield from ((each.lineno, f"{each.name} is defined only sometimes", each.name) for each in inside)


def _empty(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    for owner, node in owned(tree):
        if isinstance(node, ast.Call) and name(node.func) == "parametrize":
            given = [*node.args, *(key.value for key in node.keywords)]
            if any(isinstance(values, ast.List | ast.Tuple | ast.Set) and not values.elts for values in given):
                yield node.lineno, "has no cases: the test is never run", owner


def _hooks(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, Function) and node.name.startswith("pytest_") and node.name not in _HOOKS:
            yield node.lineno, f"{node.name} may change what runs and what its outcome is", node.name
        if isinstance(node, Function) and node.name in _HOOKS and _takes_away(node):
            yield node.lineno, f"{node.name} takes collected tests away", node.name
        if isinstance(node, ast.Assign) and any(name(target) == "pytest_plugins" for target in node.targets):
            yield node.lineno, "pytest_plugins may change what runs and what its outcome is", ""
        if isinstance(node, ast.Attribute) and node.attr == "hookimpl":
            yield node.lineno, "hookimpl may give a hook another name", ""


def _takes_away(hook: Function) -> bool:
    """Whether it assigns to the list or an option, or into it, deletes from it, or calls what does."""
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
    return name(value) == "items" or ".option." in f"{ast.unparse(value)}."
