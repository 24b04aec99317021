"""Points, and what must be shown for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tools.audit.facts import Facts
from tools.audit.withheld import Kind, Withheld

POINTS = 5


@dataclass(frozen=True, slots=True)
class Evidence:
    """A fact that was shown: what it is, the file that says so, its value."""

    fact: str
    file: str
    value: str | int | float | bool


Shown = tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that must be shown, and how; `show` raises Withheld when it cannot be."""

    what: str
    show: Callable[[Facts], Shown]


@dataclass(frozen=True, slots=True)
class Point:
    """A claim that is worth one point when all its rules are shown."""

    claim: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Category:
    """Five claims."""

    name: str
    points: tuple[Point, Point, Point, Point, Point]


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """A rule with its evidence, or with why there is none."""

    what: str
    evidence: Shown
    withheld: Withheld | None


@dataclass(frozen=True, slots=True)
class PointVerdict:
    """A claim with all its rules."""

    claim: str
    rules: tuple[RuleVerdict, ...]

    @property
    def given(self) -> bool:
        """Whether the point is earned: every rule has evidence."""
        return bool(self.rules) and all(rule.evidence and rule.withheld is None for rule in self.rules)


@dataclass(frozen=True, slots=True)
class CategoryVerdict:
    """A category with its points."""

    name: str
    points: tuple[PointVerdict, ...]

    @property
    def score(self) -> int:
        """The points that were given, 0 to 5."""
        return sum(point.given for point in self.points)


def judge(category: Category, facts: Facts) -> CategoryVerdict:
    """Every point of a category, tried."""
    return CategoryVerdict(category.name, tuple(_point(point, facts) for point in category.points))


def _point(point: Point, facts: Facts) -> PointVerdict:
    return PointVerdict(point.claim, tuple(_rule(rule, facts) for rule in point.rules))


def _rule(rule: Rule, facts: Facts) -> RuleVerdict:
    try:
        shown = rule.show(facts)
    except Withheld as withheld:
        return RuleVerdict(rule.what, (), withheld)
    none = None if shown else Withheld(Kind.MISSING, "", "nothing was shown")
    return RuleVerdict(rule.what, shown, none)
