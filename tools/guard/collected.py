"""The tests in a file, as pytest would collect them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef


def scopes(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    """The bodies that tests stand in: the file's own, and those of its test classes."""
    yield tree.body
    yield from (node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name.startswith("Test"))


def functions(tree: ast.Module) -> Iterator[Function]:
    """Every test function and method."""
    for body in scopes(tree):
        yield from (node for node in body if isinstance(node, Function) and node.name.startswith("test"))


def own(function: Function) -> Iterator[ast.AST]:
    """What lies in a function, but not in those defined inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Function | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(node))


def owned(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Every node with the name of the outermost function that it lies in; decorators count as inside."""
    for top in ast.iter_child_nodes(tree):
        inner = [*ast.iter_child_nodes(top)] if isinstance(top, ast.ClassDef) else [top]
        for node in inner:
            name = node.name if isinstance(node, Function) else ""
            yield from ((name, child) for child in ast.walk(node))


def name(node: ast.AST) -> str:
    """The last part of a dotted name; nothing for any other expression."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
