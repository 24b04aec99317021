"""JUnit files as pytest writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tools.audit.reading import content
from tools.audit.withheld import Kind, Withheld, demand

_NOT_PASSED = frozenset({"failure", "error", "skipped"})


@dataclass(frozen=True, slots=True)
class Case:
    """One test that was run: its module and class, its name with parameters, and how it ended."""

    place: str
    name: str
    outcome: str

    @property
    def suite(self) -> str:
        """The folder under tests/ that it lies in."""
        parts = self.place.split(".")
        return parts[1] if len(parts) > 1 else ""

    @property
    def full_name(self) -> str:
        """All of it."""
        return f"{self.place}.{self.name}"

    @property
    def function(self) -> str:
        """Its name without parameters."""
        return self.name.partition("[")[0]

    @property
    def parameters(self) -> frozenset[str]:
        """The words between its brackets."""
        return frozenset(re.split(r"[^\w.]+", self.name.partition("[")[2]))


@dataclass(frozen=True, slots=True)
class Junit:
    """All tests of a file, and how many tests and faults it says there are."""

    cases: tuple[Case, ...]
    tests: int
    faults: int


def read(path: Path) -> Junit:
    """A file as cases and claimed counts."""
    root = _root(path)
    suites = list(root.iter("testsuite"))
    demand(bool(suites), Kind.UNREADABLE, path.name, "there is no testsuite in it")
    cases = tuple(_case(path, case) for case in root.iter("testcase"))
    tests = sum(_count(path, suite, "tests") for suite in suites)
    faults = sum(_count(path, suite, name) for suite in suites for name in ("failures", "errors", "skipped"))
    return Junit(cases, tests, faults)


def _root(path: Path) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(content(path))
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise Withheld(Kind.UNREADABLE, path.name, f"is not XML: {error}") from None


def _case(path: Path, case: ElementTree.Element) -> Case:
    place, name = case.get("classname", ""), case.get("name", "")
    demand(bool(place and name), Kind.UNREADABLE, path.name, "a test in it has no name")
    ends = [child.tag for child in case if child.tag in _NOT_PASSED]
    return Case(place, name, ends[0] if ends else "passed")


def _count(path: Path, suite: ElementTree.Element, name: str) -> int:
    value = suite.get(name, "")
    demand(
        value.isascii() and value.isdigit(), Kind.UNREADABLE, path.name, f"its count of {name} is no number: {value!r}"
    )
    return int(value)
