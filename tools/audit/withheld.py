"""Why a point is not given."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What is wrong with a fact."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    STALE = "stale"
    CONTRADICTORY = "contradictory"
    REFUTED = "refuted"


class Withheld(Exception):
    """A fact that cannot be shown: what is wrong with it, where it should be, and a sentence."""

    def __init__(self, kind: Kind, file: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.file = file
        self.reason = reason


def demand(holds: bool, kind: Kind, file: str, reason: str) -> None:
    """Raises Withheld unless it holds."""
    if not holds:
        raise Withheld(kind, file, reason)
