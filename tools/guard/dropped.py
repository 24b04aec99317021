"""Guard: a tool that CI calls does not drop the failure of what it starts itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tools.guard.checkout import named, parsed, python_tools
from tools.guard.finding import Finding

_STARTS = frozenset({"run", "call", "system", "wait", "main", "Popen"})
_OWNERS = frozenset({"subprocess", "os", "pytest"})
_LIBRARY = "subprocess"
_BROAD = frozenset({"Exception", "BaseException"})


def check(root: Path) -> Iterator[Finding]:
    """Each exit status that nobody reads, and each error that is caught whatever it is and then forgotten."""
    for path in python_tools(root):
        for node in ast.walk(parsed(path)):
            if message := _fault(node):
                yield Finding(named(root, path), getattr(node, "lineno", 1), message)


def _fault(node: ast.AST) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _unread(node.value):
        return f"nobody reads the exit status of {ast.unparse(node.value.func)}"
    if isinstance(node, ast.ImportFrom) and node.module == _LIBRARY and any(one.name in _STARTS for one in node.names):
        return "imports what starts a program by a bare name: subprocess.run can be looked for"
    if isinstance(node, ast.ExceptHandler) and _forgets(node):
        return "catches every error and goes on"
    if isinstance(node, ast.Call) and ast.unparse(node.func) in {"suppress", "contextlib.suppress"}:
        return "suppresses every error" if _names(*node.args) & _BROAD else ""
    return ""


def _unread(call: ast.Call) -> bool:
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr not in _STARTS:
        return False
    owner = ast.unparse(function.value)
    checked = any(key.arg == "check" and getattr(key.value, "value", False) is True for key in call.keywords)
    return owner in _OWNERS and not checked


def _forgets(handler: ast.ExceptHandler) -> bool:
    broad = handler.type is None or bool(_names(handler.type) & _BROAD)
    return broad and not any(map(_heeds, ast.walk(handler)))


def _heeds(node: ast.AST) -> bool:
    """Whether something comes of it; printing alone is nothing."""
    printed = isinstance(node, ast.Call) and ast.unparse(node.func) == "print"
    return isinstance(node, ast.Raise | ast.Return | ast.Call) and not printed


def _names(*nodes: ast.AST) -> set[str]:
    return {child.id for node in nodes for child in ast.walk(node) if isinstance(child, ast.Name)}
