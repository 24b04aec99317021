"""Values of an axis, as they are written: lists, and ranges such as `1-5`, `1-5 (+2)` and `1-5 [3]`. Pure."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from typing import Any, Final

_NUMBER: Final = r"([+-]?\s*\d+(?:\.\d*)?)"
_STEPPED: Final = re.compile(rf"\s*{_NUMBER}\s*-\s*{_NUMBER}(?:\s*\(\s*([+-]\s*\d+(?:\.\d*)?)\s*\))?\s*")
_COUNTED: Final = re.compile(rf"\s*{_NUMBER}\s*-\s*{_NUMBER}\s*\[\s*(\d+)\s*\]\s*")
_MOST: Final = 1000
_SLACK: Final = 1e-9


class BadValue(ValueError):
    """A text is no value of its axis."""


def listed(text: str) -> list[str]:
    """The parts of a text between commas; a comma inside double quotes parts nothing. Raises BadValue."""
    rows = csv.reader([line for line in text.splitlines() if line], skipinitialspace=True)
    try:
        return [part.strip() for row in rows for part in row]
    except csv.Error as error:
        raise BadValue(f"{text!r:.80} is no list: {error}") from None


def numbers(parts: Sequence[str], kind: Callable[[float], Any]) -> list[Any]:
    """Single numbers and ranges, in order. `kind`: int or float. Raises BadValue."""
    found = [kind(value) for part in parts for value in _numbers(part, whole=kind is int)]
    if len(found) > _MOST:
        raise BadValue(f"{len(found)} values; allowed: at most {_MOST}")
    return found


def orders(parts: Sequence[str]) -> list[tuple[str, ...]]:
    """Every order of the parts. Raises BadValue for too many."""
    if math.factorial(len(parts)) > _MOST:
        raise BadValue(f"{len(parts)} parts have too many orders; allowed: at most {_MOST} values")
    return list(permutations(parts))


def _numbers(part: str, *, whole: bool) -> Iterator[float]:
    if match := _COUNTED.fullmatch(part):
        yield from _spread(_number(match[1]), _number(match[2]), int(match[3]))
    elif match := _STEPPED.fullmatch(part):
        yield from _stepped(_number(match[1]), _number(match[2]), _number(match[3] or "+1"))
    else:
        yield _single(part, whole=whole)


def _single(part: str, *, whole: bool) -> float:
    try:
        value = float(int(part)) if whole else float(part)
    except (ValueError, OverflowError):
        raise BadValue(f"{part!r:.80} is neither a number nor a range such as 1-5, 1-5 (+2), 1-5 [3]") from None
    if not math.isfinite(value):
        raise BadValue(f"{part!r:.80} is not finite")
    return value


def _number(text: str) -> float:
    return float(text.replace(" ", ""))


def _spread(start: float, end: float, count: int) -> Iterator[float]:
    """As many values, evenly from one end to the other."""
    if count > _MOST:
        raise BadValue(f"{count} values; allowed: at most {_MOST}")
    if count < 2:
        return iter([start] * count)
    return (start + (end - start) * number / (count - 1) for number in range(count))


def _stepped(start: float, end: float, step: float) -> Iterator[float]:
    """Values from one end to the other, both included where the step hits it."""
    if step == 0 or (end - start) / step < 0:
        return iter(())
    count = math.floor((end - start) / step + _SLACK) + 1
    if count > _MOST:
        raise BadValue(f"{count} values; allowed: at most {_MOST}")
    return (start + step * number for number in range(count))
