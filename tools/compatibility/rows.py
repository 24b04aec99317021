"""Rows of the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What becomes of something that a client of A1111 uses."""

    WORKS = "works"
    KEPT = "accepted without effect"
    SAID = "accepted without effect, and an answer says so"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `shown_by`: the test, as `path::name`, that holds the verdict to the truth."""

    name: str
    verdict: Verdict
    shown_by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `text` stands above it; `head` names its first column."""

    title: str
    text: str
    head: str
    rows: Sequence[Row]
