"""Test execution: every suite ran, every test in it passed, none was lost on the way."""

from __future__ import annotations

from tools.audit.facts import Facts
from tools.audit.floor import COUNT, FILE, floor
from tools.audit.score import Category, Evidence, Point, Rule, Shown
from tools.audit.withheld import Kind, demand
from tools.audit.written_tests import written
from tools.guard.table import EVERY

# Which pytest run has which suites.
SUITES = {"test": ("unit", "contract", "guard"), "test-again": ("unit", "contract"), "e2e": ("e2e",)}
ONCE = ("test", "e2e")
ENGINES = ("fake", "onnx")
# All steps but the audit's own, in their order.
STEPS = (
    *("dev", "proto-fresh", "buf", "lint", "types", "walls", "smoke", "test", "test-again", "coverage", "e2e"),
    *("determinism", "wheel", "guard"),
)


def suites_ran(facts: Facts) -> Shown:
    """Each suite with its count."""
    return tuple(_suite(facts, step, suite) for step in ONCE for suite in SUITES[step])


def nothing_failed(facts: Facts) -> Shown:
    """Every pytest run: none failed, none skipped, the file's counts those of the log."""
    return tuple(
        Evidence(
            f"tests that passed, none failed or skipped, in step {step}", f"{step}.xml", len(facts.tests(step).cases)
        )
        for step in SUITES
    )


def none_is_lost(facts: Facts) -> Shown:
    """The test functions in the source, against those that ran."""
    ran = {f"{case.place}.{case.function}" for step in ONCE for case in facts.tests(step).cases}
    wanted = {name for step in ONCE for suite in SUITES[step] for name in written(facts.root, suite)}
    lost = sorted(wanted - ran)
    demand(
        not lost,
        Kind.CONTRADICTORY,
        "test.xml",
        f"{len(lost)} tests are written and did not run: {', '.join(lost[:1])}",
    )
    demand(bool(wanted), Kind.MISSING, "tests", "no test is written")
    return (Evidence("test functions that are written and ran", "test.xml, e2e.xml", len(wanted)),)


def no_fewer_than_recorded(facts: Facts) -> Shown:
    """The tests that ran, against the guards' floor."""
    count = len({name for step in ONCE for name in facts.tests(step).names()})
    least = floor(facts.root, COUNT)
    demand(count >= least, Kind.REFUTED, FILE, f"{count} tests ran, the floor is {least:g}")
    return (Evidence("the recorded floor, reached", FILE, least),)


def both_engines(facts: Facts) -> Shown:
    """e2e on the fake and on the real model."""
    return tuple(_engine(facts, engine) for engine in ENGINES)


def second_order(facts: Facts) -> Shown:
    """Every suite of the second run."""
    return tuple(_suite(facts, "test-again", suite) for suite in SUITES["test-again"])


def steps_in_order(facts: Facts) -> Shown:
    """All of the run's steps, once each, as `make steps` lists them."""
    records = [facts.step(name) for name in STEPS]
    begun = [record.started for record in records]
    demand(begun == sorted(begun), Kind.CONTRADICTORY, "steps.jsonl", "the steps did not begin in their order")
    seconds = round(sum(record.seconds for record in records), 1)
    return (
        Evidence("steps that succeeded", "steps.jsonl", ", ".join(STEPS)),
        Evidence("seconds that they took", "steps.jsonl", seconds),
    )


def guards_are_silent(facts: Facts) -> Shown:
    """Every guard, with nothing found."""
    checks = facts.guard().checks
    silent = sorted({*EVERY} - {check.name for check in checks})
    demand(not silent, Kind.MISSING, "guard.json", f"{len(silent)} guards did not look: {', '.join(silent[:3])}")
    loud = [f"{check.name}: {check.findings}" for check in checks if check.findings]
    demand(not loud, Kind.REFUTED, "guard.json", f"findings: {', '.join(loud)}")
    return (Evidence("guards that found nothing", "guard.json", ", ".join(check.name for check in checks)),)


def _suite(facts: Facts, step: str, suite: str) -> Evidence:
    tests = facts.tests(step)
    demand(tests.count(suite) > 0, Kind.REFUTED, tests.file, f"no test of tests/{suite} was run")
    return Evidence(f"tests of tests/{suite}", tests.file, tests.count(suite))


def _engine(facts: Facts, engine: str) -> Evidence:
    tests = facts.tests("e2e")
    count = sum(engine in case.parameters for case in tests.cases)
    demand(count > 0, Kind.REFUTED, tests.file, f"no test ran on the {engine} engine")
    return Evidence(f"e2e tests on the {engine} engine", tests.file, count)


CATEGORY = Category(
    "Test execution",
    (
        Point(
            "Every everyday suite ran",
            (Rule("unit, contract, guard and e2e each ran at least one test", suites_ran),),
        ),
        Point(
            "Every test passed",
            (Rule("no test failed or was skipped; each JUnit file agrees with its log", nothing_failed),),
        ),
        Point(
            "No test is lost",
            (
                Rule("every test function in the source ran, but those marked slow", none_is_lost),
                Rule("no fewer tests ran than the guards' recorded floor", no_fewer_than_recorded),
            ),
        ),
        Point(
            "They ran where it matters",
            (
                Rule("e2e on the fake engine and on the embedded model", both_engines),
                Rule("unit and contract a second time, in another order", second_order),
            ),
        ),
        Point(
            "The checks were checked, and nothing left out",
            (
                Rule("every step of the run succeeded, once, in order, on this revision", steps_in_order),
                Rule("every guard looked and found nothing", guards_are_silent),
            ),
        ),
    ),
)
