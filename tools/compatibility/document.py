"""The document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tools.compatibility.rows import Row, Table

_HEAD: Final = """# What of A1111's API works here

Made by `python -m tools.compatibility` from the data that the services run on, and from cases that tests try; never
edited by hand. The last column names the test that holds a line to the truth. *Works* means: has the effect that it has
in A1111 1.10.1. *Accepted without effect* means that a client may send it and nothing changes. *Refused* means an error
in A1111's shape, with a reason.

`tests/e2e/test_a1111_suite.py` asks what A1111's own 33 cases ask, through a real socket, with the same bodies, of the
fake and of the real engine. Four of those cases call functions of A1111 in its own process: two restore faces, two ask
where a torch module lies. Here they are what a client sees of the same: that no face restorer is listed and none is
pretended, and what executes the model, on which device. `tests/e2e/test_python_client.py` does the same with the client
from the package index. `tests/contract/gateway/test_openapi.py` sends made-up requests, thousands with `make slow`."""


def document(tables: Sequence[Table]) -> str:
    """All of it."""
    parts = [_HEAD, *(_section(table) for table in tables)]
    return "\n\n".join(parts) + "\n"


def _section(table: Table) -> str:
    lines = [f"| {table.head} | here | remarks | shown by |", "|---|---|---|---|", *map(_line, table.rows)]
    return "\n\n".join(part for part in (f"## {table.title}", table.text, "\n".join(lines)) if part)


def _line(row: Row) -> str:
    return f"| {row.name} | {row.verdict} | {row.note} | `{row.shown_by.removeprefix('tests/')}` |"
