"""What this run did not show, whatever its scores."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tools.audit.execution import STEPS, SUITES
from tools.audit.facts import Facts
from tools.audit.reproducibility import HOSTED
from tools.audit.withheld import Withheld

_PYTHON = "Programming Language :: Python :: "
_EVERYDAY = frozenset(suite for suites in SUITES.values() for suite in suites)


@dataclass(frozen=True, slots=True)
class NotRun:
    """Something that was not run, and why, or what that leaves open."""

    what: str
    why: str


def not_run(facts: Facts) -> list[NotRun]:
    """All of it, plainly; what cannot be told is said too."""
    parts: tuple[Callable[[Facts], Iterator[NotRun]], ...] = (_steps, _hosted, _slow, _suites, _pythons, _always)
    return [entry for part in parts for entry in _told(part, facts)]


def _told(part: Callable[[Facts], Iterator[NotRun]], facts: Facts) -> list[NotRun]:
    try:
        return list(part(facts))
    except Withheld as withheld:
        return [NotRun(f"unknown: {withheld.file}", withheld.reason)]


def _steps(facts: Facts) -> Iterator[NotRun]:
    recorded = {step.step for step in facts.ledger.steps}
    yield from (NotRun(f"step {name}", "the run did not come to it") for name in STEPS if name not in recorded)


def _hosted(facts: Facts) -> Iterator[NotRun]:
    if not facts.here.hosted:
        yield NotRun(HOSTED, "only the hosting service's run asks for known vulnerabilities of what is locked")


def _slow(facts: Facts) -> Iterator[NotRun]:
    for step in SUITES:
        if count := facts.tests(step).deselected:
            yield NotRun(f"{count} tests in step {step}", "left out: they are marked slow; `make slow` runs them")


def _suites(facts: Facts) -> Iterator[NotRun]:
    markers = dict(marker.split(":", 1) for marker in facts.project.tool.pytest.ini_options.markers if ":" in marker)
    for name in sorted(markers.keys() - _EVERYDAY - {"slow"}):
        note = re.sub(r"\s*\(.*\)", "", markers[name]).strip()
        yield NotRun(f"the {name} suite", f"{note}; `make {name}` runs it")


def _pythons(facts: Facts) -> Iterator[NotRun]:
    supported = [line.removeprefix(_PYTHON) for line in facts.project.project.classifiers if line.startswith(_PYTHON)]
    for version in supported:
        if re.fullmatch(r"\d+\.\d+", version) and not facts.here.python.startswith(f"{version}."):
            yield NotRun(f"Python {version}", f"this run had Python {facts.here.python} alone")


def _always(facts: Facts) -> Iterator[NotRun]:
    yield NotRun(
        "network refusal beyond Python's own sockets",
        "native code and the processes that tests start are kept in only as far as they heed a proxy that is closed",
    )
    yield NotRun("other machines", "bytes were compared between processes of one machine, on one kind of processor")
