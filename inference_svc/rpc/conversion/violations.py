"""Collects all that is wrong with a request, so that a caller learns it at once."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from latentwire.errors import FieldViolation, InvalidArgument, LatentwireError

T = TypeVar("T")


class Violations:
    """What is wrong so far. Each check returns its value, so that reading goes on past the first mistake."""

    def __init__(self) -> None:
        self._found: list[FieldViolation] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, field: str, value: object, allowed: str) -> None:
        """Notes that a field holds what it must not hold."""
        self._found.extend(InvalidArgument.of(field, value, allowed).violations)

    def merge(self, error: LatentwireError, prefix: str = "", elsewhere: Mapping[str, str] | None = None) -> None:
        """Notes what another check has found, its fields below `prefix`, or where `elsewhere` says."""
        for violation in error.violations:
            below = f"{prefix}.{violation.field}" if prefix else violation.field
            field = (elsewhere or {}).get(violation.field, below)
            self._found.append(FieldViolation(field, violation.description))

    def check(self) -> None:
        """Raises InvalidArgument with everything noted."""
        if self._found:
            raise InvalidArgument.join(self._found)

    def whole(self, field: str, value: int, low: int, high: int) -> int:
        """Checks that a whole number lies in low..high."""
        if not low <= value <= high:
            self.add(field, value, f"{low} to {high}")
        return value

    def number(self, field: str, value: float, low: float, high: float = math.inf) -> float:
        """Checks that a number is finite and lies in low..high."""
        if not (math.isfinite(value) and low <= value <= high):
            self.add(field, value, f"{low:g} or more" if high == math.inf else f"{low:g} to {high:g}")
        return value

    def one_of(self, field: str, value: T, allowed: Collection[T]) -> T:
        """Checks that a value is one of a few."""
        if value not in allowed:
            self.add(field, value, ", ".join(map(str, allowed)))
        return value

    def text(self, field: str, value: str, longest: int) -> str:
        """Checks a text's length in characters."""
        if len(value) > longest:
            self.add(field, f"{len(value)} characters", f"at most {longest} characters")
        return value


@contextmanager
def under(prefix: str, **elsewhere: str) -> Iterator[None]:
    """Puts the fields that a check inside finds below `prefix`: "steps" becomes "sampling.steps".

    `elsewhere`: where fields are instead that the prefix' message does not hold.
    """
    try:
        yield
    except InvalidArgument as error:
        violations = Violations()
        violations.merge(error, prefix, elsewhere)
        violations.check()
        raise
