"""steps.jsonl: which steps ran, on what, when, and how each ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tools.audit.checkout import Surroundings
from tools.audit.reading import from_json, text
from tools.audit.shapes import Step
from tools.audit.withheld import Kind, demand

FILE = "steps.jsonl"
# The verdict itself is no evidence.
AUDIT = "audit"
# A clock that is written in whole seconds, a file that is closed as the step ends.
SLACK = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The steps in the order they were written, the audit's own left out."""

    steps: tuple[Step, ...]

    def succeeded(self, name: str, here: Surroundings) -> Step:
        """The record of a step that ran once, on this very checkout, within this run, and ended with 0."""
        records = [step for step in self.steps if step.step == name]
        demand(bool(records), Kind.MISSING, FILE, f"step {name} was not run")
        demand(len(records) == 1, Kind.CONTRADICTORY, FILE, f"step {name} is recorded {len(records)} times")
        self._is_of(records[0], here)
        demand(records[0].status == 0, Kind.REFUTED, FILE, f"step {name} ended with {records[0].status}")
        return records[0]

    def _is_of(self, step: Step, here: Surroundings) -> None:
        ran, now = (step.revision, step.dirty), (here.revision, here.dirty)
        demand(
            ran == now,
            Kind.STALE,
            FILE,
            f"step {step.step} ran on {_state(*ran)}, the checkout is {_state(*now)}",
        )
        demand(
            step.started >= self.steps[0].started,
            Kind.STALE,
            FILE,
            f"step {step.step} began before the run did",
        )


def _state(revision: str, dirty: bool) -> str:
    return f"{revision[:12] or 'no revision'}{' with changes' if dirty else ''}"


def read(evidence: Path) -> Ledger:
    """The ledger of a folder of evidence; one line that cannot be read spoils it."""
    lines = [line for line in text(evidence / FILE).splitlines() if line.strip()]
    steps = tuple(step for step in (from_json(Step, line, FILE) for line in lines) if step.step != AUDIT)
    demand(bool(steps), Kind.MISSING, FILE, "no step is recorded")
    return Ledger(steps)
