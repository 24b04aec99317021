"""Coverage: the gate is what it says, and holds for all of the source."""

from __future__ import annotations

from tools.audit.facts import Facts
from tools.audit.floor import FILE as FLOOR_FILE
from tools.audit.floor import GATE, floor
from tools.audit.project import sources
from tools.audit.score import Category, Evidence, Point, Rule, Shown
from tools.audit.shapes import Lines
from tools.audit.withheld import Kind, demand

FILE = "coverage.json"
# Percent: what rounding may make of the same counts.
ROUNDING = 0.01


def whole_source(facts: Facts) -> Shown:
    """The files measured are the files there are."""
    measured, there = set(facts.coverage().files), sources(facts.root, facts.project.tool.coverage.run)
    demand(bool(there), Kind.MISSING, "pyproject.toml", "there is no source to measure")
    missing, strange = sorted(there - measured), sorted(measured - there)
    demand(not missing, Kind.CONTRADICTORY, FILE, f"{len(missing)} files are not measured: {', '.join(missing[:3])}")
    demand(
        not strange, Kind.CONTRADICTORY, FILE, f"{len(strange)} files are not of this source: {', '.join(strange[:3])}"
    )
    return (Evidence("files measured, all that there are", FILE, len(measured)),)


def of_the_tests(facts: Facts) -> Shown:
    """Taken right after the tests that it is of."""
    facts.coverage()
    tests, coverage = facts.step("test-again"), facts.step("coverage")
    demand(coverage.started >= tests.started, Kind.STALE, "steps.jsonl", "step coverage ran before step test-again")
    return (Evidence("tests that were measured", "test-again.xml", len(facts.tests("test-again").cases)),)


def with_branches(facts: Facts) -> Shown:
    """Branches asked for and counted."""
    demand(facts.project.tool.coverage.run.branch, Kind.REFUTED, "pyproject.toml", "branches are not asked for")
    coverage = facts.coverage()
    demand(coverage.meta.branch_coverage, Kind.REFUTED, FILE, "branches were not measured")
    demand(coverage.totals.num_branches > 0, Kind.REFUTED, FILE, "no branch was counted")
    counts = f"{coverage.totals.covered_branches} of {coverage.totals.num_branches}"
    return (Evidence("branches covered", FILE, counts),)


def gate_held(facts: Facts) -> Shown:
    """The total against the gate."""
    total, gate = facts.coverage().totals.percent, facts.project.tool.coverage.report.fail_under
    demand(total >= gate, Kind.REFUTED, FILE, f"{total:.2f} % is under the gate of {gate:g} %")
    return (Evidence("percent covered", FILE, round(total, 2)), Evidence("gate, percent", "pyproject.toml", gate))


def gate_not_lowered(facts: Facts) -> Shown:
    """The gate against its floor, which the guards watch."""
    facts.step("guard")
    gate, least = facts.project.tool.coverage.report.fail_under, floor(facts.root, GATE)
    demand(gate >= least, Kind.REFUTED, "pyproject.toml", f"the gate is {gate:g} %, its floor {least:g} %")
    return (Evidence("the gate's recorded floor, percent", FLOOR_FILE, least),)


def each_package(facts: Facts) -> Shown:
    """A figure for every package of the source."""
    return tuple(_package(facts, name) for name in facts.project.tool.coverage.run.source)


def total_agrees(facts: Facts) -> Shown:
    """The files' counts add up to the total's, and the total's to its percent."""
    coverage = facts.coverage()
    summed, total = _sum([measured.summary for measured in coverage.files.values()]), coverage.totals
    same = summed.model_dump() == total.model_dump(exclude={"percent_covered"})
    demand(same, Kind.CONTRADICTORY, FILE, "the files do not add up to the total")
    demand(
        abs(total.percent_covered - total.percent) <= ROUNDING,
        Kind.CONTRADICTORY,
        FILE,
        f"it says {total.percent_covered:.2f} %, its counts give {total.percent:.2f} %",
    )
    return (Evidence("lines covered", FILE, f"{total.covered_lines} of {total.num_statements}"),)


def _package(facts: Facts, name: str) -> Evidence:
    lines = _sum([of.summary for path, of in facts.coverage().files.items() if path.startswith(f"{name}/")])
    demand(lines.num_statements > 0, Kind.MISSING, FILE, f"nothing of {name} was measured")
    return Evidence(f"percent of {name}", FILE, round(lines.percent, 2))


def _sum(parts: list[Lines]) -> Lines:
    return Lines(
        covered_lines=sum(part.covered_lines for part in parts),
        num_statements=sum(part.num_statements for part in parts),
        covered_branches=sum(part.covered_branches for part in parts),
        num_branches=sum(part.num_branches for part in parts),
    )


CATEGORY = Category(
    "Coverage",
    (
        Point(
            "All of the source was measured, by the tests of this run",
            (
                Rule("the files measured are exactly the files of the source", whole_source),
                Rule("the coverage is of step test-again, in which every test passed", of_the_tests),
            ),
        ),
        Point("Branches count", (Rule("branches are asked for, and were counted", with_branches),)),
        Point("The gate held", (Rule("step coverage succeeded, and the total is no lower than the gate", gate_held),)),
        Point(
            "The gate was not lowered",
            (Rule("fail_under is no lower than the guards' recorded floor", gate_not_lowered),),
        ),
        Point(
            "The figures add up",
            (
                Rule("every package of the source has a figure of its own", each_package),
                Rule("the files' counts are the total's, and the total's are its percent", total_agrees),
            ),
        ),
    ),
)
