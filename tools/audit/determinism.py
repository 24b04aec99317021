"""Determinism: no network, no order, no chance in the tests; the same bytes from another process."""

from __future__ import annotations

from pathlib import Path

from tools.audit.checkout import is_committed
from tools.audit.facts import Facts, Tests
from tools.audit.score import Category, Evidence, Point, Rule, Shown
from tools.audit.shapes import Process
from tools.audit.withheld import Kind, demand

ORDERS = ("test", "test-again")
PROBE = "test_a_connection_that_leaves_the_machine_is_refused"
# Whose pictures are compared; a case is called "engine: name".
ENGINES = frozenset({"fake", "onnx"})
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
MODEL = Path("inference_svc/models/flatland")
_OPENERS = ("--force-enable-socket", "-p no:socket", "no:pytest_socket")


def loopback_only(facts: Facts) -> Shown:
    """pytest-socket's setting in pyproject.toml."""
    options = facts.project.tool.pytest.ini_options.addopts
    hosts = [option.removeprefix("--allow-hosts=").split(",") for option in options if "--allow-hosts" in option]
    allowed = {host for given in hosts for host in given}
    demand(bool(allowed), Kind.MISSING, "pyproject.toml", "pytest has no --allow-hosts")
    wrong = sorted(allowed - LOOPBACK) + [option for option in options if option.startswith(_OPENERS)]
    demand(not wrong, Kind.REFUTED, "pyproject.toml", f"pytest's addopts let tests out: {', '.join(wrong)}")
    return (Evidence("hosts that tests may reach", "pyproject.toml", ", ".join(sorted(allowed))),)


def probe_refused(facts: Facts) -> Shown:
    """The test that tries to leave, in both orders."""
    return tuple(_named(tests, PROBE, "the probe") for tests in _both(facts))


def seeds_recorded(facts: Facts) -> Shown:
    """The seed of each order."""
    return tuple(Evidence("seed of the order", tests.file, tests.seed) for tests in _both(facts))


def seeds_differ(facts: Facts) -> Shown:
    """Two orders, not one order twice."""
    first, second = _both(facts)
    demand(first.seed != second.seed, Kind.CONTRADICTORY, second.file, f"both orders have the seed {first.seed}")
    return (Evidence("the seeds", second.file, f"{first.seed}, {second.seed}"),)


def same_tests(facts: Facts) -> Shown:
    """What passed in one order passed in the other."""
    first, second = _both(facts)
    suites = {case.suite for case in second.cases}
    once = {case.full_name for case in first.cases if case.suite in suites}
    odd = sorted(once ^ {case.full_name for case in second.cases})
    demand(not odd, Kind.CONTRADICTORY, second.file, f"{len(odd)} tests ran in one order alone: {', '.join(odd[:1])}")
    return (Evidence("tests that passed in both orders", second.file, len(once)),)


def processes_differ(facts: Facts) -> Shown:
    """At least two processes, no two with the same hash seed, orders too."""
    processes = facts.determinism().processes
    demand(len(processes) >= 2, Kind.REFUTED, "determinism.json", f"{len(processes)} process is none to compare with")
    for name in ("hash_seed", "order_seed"):
        values = {str(getattr(process, name)) for process in processes}
        demand(
            len(values) == len(processes), Kind.CONTRADICTORY, "determinism.json", f"two processes share their {name}"
        )
    hashes = ", ".join(str(process.hash_seed) for process in processes)
    return (Evidence("hash seeds of the processes", "determinism.json", hashes),)


def pictures_identical(facts: Facts) -> Shown:
    """The digests, compared here; the file's own verdict must agree."""
    determinism = facts.determinism()
    differing = _differing(determinism.processes)
    demand(not differing, Kind.REFUTED, "determinism.json", f"pictures differ: {', '.join(differing)}")
    demand(
        determinism.identical and not determinism.differing,
        Kind.CONTRADICTORY,
        "determinism.json",
        "its digests are equal, its verdict says otherwise",
    )
    demand(bool(determinism.processes), Kind.MISSING, "determinism.json", "no process made pictures")
    made = {name.partition(":")[0] for name in determinism.processes[0].pictures}
    demand(made >= ENGINES, Kind.MISSING, "determinism.json", f"only of {', '.join(sorted(made))}")
    return (Evidence("pictures equal byte for byte", "determinism.json", len(determinism.processes[0].pictures)),)


def model_in_repository(facts: Facts) -> Shown:
    """The embedded model's files are those of the revision."""
    demand((facts.root / MODEL / "model_index.json").is_file(), Kind.MISSING, str(MODEL), "no model is embedded")
    paths = sorted(path.relative_to(facts.root) for path in (facts.root / MODEL).rglob("*") if path.is_file())
    odd = [path.as_posix() for path in paths if not is_committed(facts.root, path.as_posix(), facts.here.committed)]
    demand(not odd, Kind.STALE, str(MODEL), f"not as committed: {', '.join(odd)}")
    return (Evidence("files of the embedded model, as committed", MODEL.as_posix(), len(paths)),)


def model_without_network(facts: Facts) -> Shown:
    """The contract suite's cases of the real engine run where the network is refused."""
    tests = facts.tests("test")
    real = sum(case.suite == "contract" and "real" in case.parameters for case in tests.cases)
    demand(real > 0, Kind.MISSING, tests.file, "no contract test ran on the real engine")
    return (Evidence("contract tests on the real engine, network refused", tests.file, real),)


def _both(facts: Facts) -> tuple[Tests, Tests]:
    first, second = (facts.tests(step) for step in ORDERS)
    return first, second


def _named(tests: Tests, function: str, what: str) -> Evidence:
    found = [case for case in tests.cases if case.function == function]
    demand(bool(found), Kind.MISSING, tests.file, f"{what} {function} was not run")
    return Evidence(f"{what} passed", tests.file, found[0].full_name)


def _differing(processes: tuple[Process, ...]) -> list[str]:
    names = {name for process in processes for name in process.pictures}
    return sorted(name for name in names if len({process.pictures.get(name) for process in processes}) != 1)


CATEGORY = Category(
    "Determinism",
    (
        Point(
            "Tests reach no network but loopback",
            (
                Rule("pyproject.toml lets pytest reach loopback addresses only", loopback_only),
                Rule("a test that tries to leave the machine was refused, in both orders", probe_refused),
            ),
        ),
        Point(
            "The order is random, and its seed recorded",
            (Rule("the logs of both orders name their seed, and agree with their JUnit files", seeds_recorded),),
        ),
        Point(
            "The tests pass in another order",
            (
                Rule("the second order has another seed", seeds_differ),
                Rule("the same tests passed in both orders", same_tests),
            ),
        ),
        Point(
            "Another process makes the same bytes",
            (
                Rule("at least two processes, each with a hash seed and an order of its own", processes_differ),
                Rule(
                    "every picture, of both engines, has one digest in all of them, compared here",
                    pictures_identical,
                ),
            ),
        ),
        Point(
            "No model is downloaded",
            (
                Rule("the embedded model's files are, byte for byte, those of the revision", model_in_repository),
                Rule("contract tests ran on the real engine where the network is refused", model_without_network),
            ),
        ),
    ),
)
