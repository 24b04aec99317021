"""What commands print."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

import numpy as np
import pytest

from latentwire.commands.exit_statuses import STATUSES, exit_status
from latentwire.commands.plain import as_json, columns, size, span
from latentwire.errors import ERRORS, LatentwireError


@dataclass(frozen=True)
class Thing:
    """Something to print."""

    name: str
    parts: tuple[object, ...]


def test_values_become_one_line_of_json() -> None:
    at = datetime(2030, 1, 2, tzinfo=UTC)
    parts = (None, True, 1.5, at, b"ab", np.zeros((1, 2)), MappingProxyType({"a": 1}), Thing("ü", ()))
    line = as_json(Thing("x", parts))
    assert "\n" not in line
    assert json.loads(line) == {
        "name": "x",
        "parts": [None, True, 1.5, at.isoformat(), "YWI=", [[0, 0]], {"a": 1}, {"name": "ü", "parts": []}],
    }


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert columns(("A", "BB"), [("long", ""), ("x", "y")]) == "A     BB\nlong\nx     y"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, ""), (-1, "0 s"), (0.4, "0 s"), (59, "59 s"), (60, "1:00"), (125, "2:05"), (3723, "1:02:03")],
)
def test_spans_of_time_are_short(seconds: float | None, said: str) -> None:
    assert span(seconds) == said


def test_a_size_that_is_not_known_is_not_said() -> None:
    assert (size(0), size(2_500_000_000)) == ("", "2,500 MB")


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_has_an_exit_status_that_is_none_of_success(kind: type[LatentwireError]) -> None:
    assert exit_status(kind("x")) == STATUSES[kind] != 0
