"""Writes docs/a1111-compatibility.md, or says that it is stale: python -m tools.compatibility [--check]."""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.compatibility.document import document
from tools.compatibility.rows import Table
from tools.compatibility.tables import tables

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = Path("docs/a1111-compatibility.md")


def faults(root: Path, made: Sequence[Table]) -> Iterator[str]:
    """What is wrong: a stale document, and tests that are named and not there."""
    path = root / DOCUMENT
    if not path.exists() or path.read_text() != document(made):
        yield f"{DOCUMENT} is stale: python -m tools.compatibility"
    for test in sorted({row.shown_by for table in made for row in table.rows}):
        if not exists(root, test):
            yield f"{test} is named and not there"


def exists(root: Path, test: str) -> bool:
    """Whether there is such a test: `path::function`, `path::Class` or `path::Class::function`."""
    name, *names = test.split("::")
    if not names or not (root / name).is_file():
        return False
    body: Sequence[ast.stmt] = ast.parse((root / name).read_text()).body
    for wanted in names:
        found = next((node for node in body if _is(node, wanted)), None)
        if found is None:
            return False
        body = getattr(found, "body", [])
    return True


def _is(node: ast.stmt, name: str) -> bool:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return isinstance(node, kinds) and node.name == name and name.startswith(("test_", "Test"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Status 1 where something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tools.compatibility", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; say what is wrong")
    asked, made = parser.parse_args(arguments), list(tables())
    if not asked.check:
        (ROOT / DOCUMENT).write_text(document(made))
    found = list(faults(ROOT, made))
    print("\n".join(found) or f"{DOCUMENT}: {sum(len(table.rows) for table in made)} lines, as the code has it.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
