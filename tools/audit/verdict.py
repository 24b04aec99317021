"""The whole verdict on a run."""

from __future__ import annotations

from dataclasses import dataclass

from tools.audit import boot, coverage, determinism, execution, reproducibility
from tools.audit.facts import Facts
from tools.audit.not_run import NotRun, not_run
from tools.audit.score import Category, CategoryVerdict, judge
from tools.audit.withheld import Withheld

CATEGORIES: tuple[Category, ...] = (
    determinism.CATEGORY,
    reproducibility.CATEGORY,
    boot.CATEGORY,
    execution.CATEGORY,
    coverage.CATEGORY,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Scores with their evidence, where they come from, and what was not run."""

    revision: str
    dirty: bool
    python: str
    hosted: bool
    started: str
    seconds: float
    categories: tuple[CategoryVerdict, ...]
    not_run: tuple[NotRun, ...]

    @property
    def faults(self) -> list[Withheld]:
        """Each thing that is wrong with the evidence, once."""
        found = [rule.withheld for of in self.categories for point in of.points for rule in point.rules]
        distinct = {(fault.kind, fault.file, fault.reason): fault for fault in found if fault}
        return [distinct[key] for key in sorted(distinct)]


def verdict(facts: Facts) -> Verdict:
    """Judges a run."""
    started, seconds = _time(facts)
    return Verdict(
        revision=facts.here.revision,
        dirty=facts.here.dirty,
        python=facts.here.python,
        hosted=facts.here.hosted,
        started=started,
        seconds=seconds,
        categories=tuple(judge(category, facts) for category in CATEGORIES),
        not_run=tuple(not_run(facts)),
    )


def _time(facts: Facts) -> tuple[str, float]:
    try:
        steps = facts.ledger.steps
    except Withheld:
        return "unknown", 0.0
    return steps[0].started.isoformat(), round(sum(step.seconds for step in steps), 1)
