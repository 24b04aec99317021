"""Guard: the gate and the strictness of the checkers are no lower than tools/guard/floor.toml records.

A floor can be moved, in the open only: each change of the values needs a [[changed]] entry, with a date, a reason and
the digest of the values as they then are.
"""

from __future__ import annotations

import hashlib
import json
import textwrap
import tomllib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from tools.guard import facts
from tools.guard.finding import Finding

FLOOR = "tools/guard/floor.toml"
# A floor further under the count of tests would let a quarter of them, and more than a few, go without a word.
TESTS_BEHIND = 0.75
TESTS_A_FEW = 10
_REASON_LENGTH = 20


def check(root: Path) -> Iterator[Finding]:
    """Each setting that is lower than its floor, and each floor that was moved without a reason."""
    floor = tomllib.loads((root / FLOOR).read_text())
    changes = floor.pop("changed", [])
    now = facts.read(root)
    yield from (Finding("pyproject.toml", 1, message) for message in lowered(floor, now))
    yield from (Finding(FLOOR, 1, message) for message in _behind(floor, now))
    yield from (Finding(FLOOR, 1, message) for message in _unsigned(floor, changes))


def digest(floor: dict[str, Any]) -> str:
    """What the values come to: 16 hex digits, the same whatever their order and the comments beside them."""
    return hashlib.sha256(json.dumps(floor, sort_keys=True).encode()).hexdigest()[:16]


def lowered(floor: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """Each value that does not stand in the relation to its floor that the floor's section names."""
    for relation, values in floor.items():
        for name, least in values.items():
            value = facts.at(now, name)
            if not _HOLDS[relation](value, least):
                yield f"{name} is {_shown(value)}; {FLOOR} asks for {relation.replace('_', ' ')} {_shown(least)}"


def _shown(value: object) -> str:
    """A table by its keys, and no more of anything than a line holds."""
    return textwrap.shorten(repr(list(value) if isinstance(value, dict) else value), 300)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _within(value: Any, most: Any) -> bool:
    """Nothing besides: of a list its items, of a table its keys (and, where the floor has a table, what they hold)."""
    if value is None:
        return True
    if isinstance(value, dict) and isinstance(most, dict):
        return all(key in most and _within(held, most[key]) for key, held in value.items())
    return all(item in most for item in value)


def _in_order(value: Any, least: Any) -> bool:
    rest = iter(value or ())
    return all(item in rest for item in least)


_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "at_least": lambda value, least: _number(value) and value >= least,
    "at_most": lambda value, most: _number(value) and value <= most,
    "equal": lambda value, same: bool(value == same) and type(value) is type(same),
    "contains": lambda value, least: all(item in (value or ()) for item in least),
    "within": _within,
    "in_order": _in_order,
}


def _behind(floor: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    least, count = floor["at_least"]["tests.count"], now["tests"]["count"]
    if least < min(count * TESTS_BEHIND, count - TESTS_A_FEW):
        yield f"there are {count} tests, and tests.count is still {least}: raise it"


def _unsigned(floor: dict[str, Any], changes: list[dict[str, Any]]) -> Iterator[str]:
    if not changes or changes[-1].get("digest") != digest(floor):
        yield f'the values were changed: add a [[changed]] entry with date, reason and digest = "{digest(floor)}"'
    dates = [change.get("date") for change in changes]
    if not all(isinstance(day, date) for day in dates) or dates != sorted(dates):  # type: ignore[type-var]
        yield "each [[changed]] entry has a date, the newest last"
    for change in changes:
        if len(str(change.get("reason", "")).strip()) < _REASON_LENGTH:
            yield f"the change of {change.get('date')} does not say why"
