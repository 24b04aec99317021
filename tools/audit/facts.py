"""The facts of one run. Asking for one that cannot be shown raises Withheld."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from tools.audit import junit, ledger, log, project
from tools.audit.checkout import Surroundings
from tools.audit.junit import Case, Junit
from tools.audit.ledger import SLACK, Ledger
from tools.audit.log import Log
from tools.audit.project import Project
from tools.audit.reading import content, from_json
from tools.audit.shapes import Coverage, Determinism, Guard, Shape, Smoke, Step, Wheel
from tools.audit.withheld import Kind, demand

S = TypeVar("S", bound=Shape)


@dataclass(frozen=True, slots=True)
class Tests:
    """One run of pytest: its JUnit file and its log, which agree."""

    file: str
    cases: tuple[Case, ...]
    seed: str
    deselected: int

    def names(self) -> frozenset[str]:
        """Which tests they were."""
        return frozenset(case.full_name for case in self.cases)

    def count(self, suite: str) -> int:
        """How many of them lie in tests/<suite>."""
        return sum(case.suite == suite for case in self.cases)


@dataclass(frozen=True)
class Facts:
    """What a run left in `evidence`, and the checkout `root` that it ran on; what many rules ask for is read once."""

    root: Path
    evidence: Path
    here: Surroundings
    _tests: dict[str, Tests] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def ledger(self) -> Ledger:
        """All steps."""
        return ledger.read(self.evidence)

    def step(self, name: str) -> Step:
        """A step that succeeded on this checkout."""
        return self.ledger.succeeded(name, self.here)

    @cached_property
    def project(self) -> Project:
        """pyproject.toml."""
        return project.read(self.root)

    def smoke(self) -> Smoke:
        """The boot on port 7860, its times in order and no longer than the step took."""
        smoke = self._json(Smoke, "smoke", "smoke.json")
        times = [event.at_s for event in smoke.events]
        demand(
            times == sorted(times), Kind.CONTRADICTORY, "smoke.json", "its events are not in the order of their times"
        )
        longest = self.step("smoke").seconds + SLACK.total_seconds()
        demand(
            max(times, default=0.0) <= longest,
            Kind.CONTRADICTORY,
            "smoke.json",
            f"an event is {max(times, default=0.0):g} s in, the step took {longest - SLACK.total_seconds():g} s",
        )
        return smoke

    def determinism(self) -> Determinism:
        """The same pictures in several processes."""
        return self._json(Determinism, "determinism", "determinism.json")

    def wheel(self) -> Wheel:
        """The built wheel."""
        return self._json(Wheel, "wheel", "wheel.json")

    def guard(self) -> Guard:
        """What the guards found."""
        return self._json(Guard, "guard", "guard.json")

    def coverage(self) -> Coverage:
        """What the tests reached."""
        return self._json(Coverage, "coverage", "coverage.json")

    def tests(self, step: str) -> Tests:
        """A pytest run in which every test passed, and whose file and log count the same tests."""
        if step not in self._tests:
            suite, said = junit.read(self._fresh(step, f"{step}.xml")), log.read(self._fresh(step, f"{step}.log"))
            _agree(step, suite, said)
            self._tests[step] = Tests(f"{step}.xml", suite.cases, said.seed, said.deselected)
        return self._tests[step]

    def _json(self, shape: type[S], step: str, file: str) -> S:
        return from_json(shape, content(self._fresh(step, file)), file)

    def _fresh(self, step: str, file: str) -> Path:
        """The path of a file that this step wrote while it ran."""
        record, path = self.step(step), self.evidence / file
        content(path)
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        from_, until = record.started - SLACK, record.started + SLACK
        demand(written >= from_, Kind.STALE, file, f"is older than step {step}")
        late = (written - until).total_seconds() > record.seconds
        demand(not late, Kind.CONTRADICTORY, file, f"was written after step {step} had ended")
        return path


def _agree(step: str, suite: Junit, said: Log) -> None:
    file, count = f"{step}.xml", len(suite.cases)
    bad = [f"{case.full_name}: {case.outcome}" for case in suite.cases if case.outcome != "passed"]
    demand(not bad, Kind.REFUTED, file, f"{len(bad)} tests did not pass: {', '.join(bad[:1])}")
    demand(count > 0, Kind.REFUTED, file, "no test was run")
    once = len({case.full_name for case in suite.cases}) == count
    demand(once, Kind.CONTRADICTORY, file, "a test is in it twice")
    claimed = f"it counts {suite.tests} and {suite.faults} faults"
    demand((suite.tests, suite.faults) == (count, 0), Kind.CONTRADICTORY, file, f"{count} tests are in it; {claimed}")
    printed = f"{step}.log counts {said.passed} that passed and {said.other} others"
    demand((said.passed, said.other) == (count, 0), Kind.CONTRADICTORY, file, f"{count} tests are in it; {printed}")
