"""Commands as files write them: without comments, continued lines joined, make's own variables put in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TARGET = re.compile(r"^([\w$()./-]+(?: [\w$()./-]+)*)\s*:(?![:=])")
_VARIABLE = re.compile(r"^(?:export\s+)?(\w+)[ \t]*[:?]?=[ \t]*(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Line:
    """A logical line, the number (from 1) that it begins on, and in a Makefile the target it belongs to."""

    number: int
    text: str
    target: str = ""


def lines(path: Path) -> Iterator[Line]:
    """The logical lines of a file that are no comments."""
    text = path.read_text()
    made = path.name == "Makefile" or path.suffix == ".mk"
    variables = dict(_VARIABLE.findall(text)) if made else {}
    target = ""
    for number, line in _joined(text):
        if made and (match := _TARGET.match(line)):
            target = match[1]
        if not line.lstrip().startswith("#"):
            yield Line(number, _expanded(line, variables), target)


def _joined(text: str) -> Iterator[tuple[int, str]]:
    begun, so_far = 0, ""
    for number, line in enumerate(text.splitlines(), start=1):
        begun = begun if so_far else number
        so_far += line
        if so_far.endswith("\\"):
            so_far = f"{so_far[:-1]} "
            continue
        yield begun, so_far
        so_far = ""
    if so_far:
        yield begun, so_far


def _expanded(line: str, variables: dict[str, str]) -> str:
    for _ in range(5):  # a variable may name others, not for ever
        line = re.sub(r"\$\((\w+)\)", lambda match: variables.get(match[1], match[0]), line)
    return line
