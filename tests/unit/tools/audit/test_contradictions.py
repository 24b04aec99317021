"""A fact that is there, but stale, refuted or at odds with another, gives no point, and the report says why."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.tools.audit.complete import REVISION, began, rewrite
from tools.audit.facts import Facts
from tools.audit.verdict import verdict

OTHER = REVISION[::-1]
PYPROJECT, FLOOR = "../pyproject.toml", "../tools/guard/floor.toml"


def costs(facts: Facts) -> set[tuple[str, str]]:
    """The points that are not given, and why."""
    return {
        (category.name, rule.withheld.reason)
        for category in verdict(facts).categories
        for point in category.points
        for rule in point.rules
        if rule.withheld
    }


def replaced(old: str, new: str, count: int = 1) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, count)


@pytest.mark.parametrize(
    ("name", "old", "new", "category", "reason"),
    [
        ("smoke.json", "7860", "7861", "Server boot", "port 7861 was bound, not 7860"),
        ("smoke.json", '"fake"', '"onnx"', "Server boot", "the fake engine was asked for, onnx answered"),
        ("smoke.json", '"exit_status": 0', '"exit_status": -9', "Server boot", "the pair ended with -9"),
        ("smoke.json", '"error": ""', '"error": "no answer"', "Server boot", "no answer"),
        ("smoke.json", '"at_s": 1.0', '"at_s": 99', "Server boot", "its events are not in the order of their times"),
        ("smoke.json", '"at_s": 2.0', '"at_s": 99', "Server boot", "an event is 99 s in, the step took 8 s"),
        (
            "smoke.json",
            '"port open"',
            '"ready"',
            "Server boot",
            "happened: started, ready, ready, picture, stopped; not: started, port open, ready, picture, stopped",
        ),
        ("wheel.json", '"onnx"', '"fake"', "Server boot", "onnx was asked for, fake answered"),
        ("wheel.json", "3.11.7", "3.12.1", "Reproducibility", "the wheel's environment has Python 3.12.1, not 3.11"),
        ("e2e.xml", "[onnx]", "[torch]", "Server boot", "no e2e test ran on the onnx engine"),
        ("e2e.xml", "[fake]", "[torch]", "Test execution", "no test ran on the fake engine"),
        ("test-again.log", "=3", "=2", "Determinism", "both orders have the seed 2"),
        ("test-again.log", "Using", "using", "Determinism", "no seed of a random order is in it"),
        ("test.log", "....", "Using --randomly-seed=9", "Determinism", "several seeds are in it: 2, 9"),
        ("test.xml", "[real]", "[onnx]", "Determinism", "no contract test ran on the real engine"),
        (
            "test-again.xml",
            "[real]",
            "[onnx]",
            "Determinism",
            "2 tests ran in one order alone: tests.contract.test_call.TestCall.test_answer[onnx]",
        ),
        (
            "test-again.xml",
            "test_a_connection",
            "test_no_connection",
            "Determinism",
            "the probe test_a_connection_that_leaves_the_machine_is_refused was not run",
        ),
        ("determinism.json", '"hash_seed": 1', '"hash_seed": 0', "Determinism", "two processes share their hash_seed"),
        (
            "determinism.json",
            '"order_seed": 1',
            '"order_seed": 0',
            "Determinism",
            "two processes share their order_seed",
        ),
        ("determinism.json", '": "ab', '": "cd', "Determinism", "pictures differ: fake: a circle"),
        ("guard.json", '"zizmor"', '"zizmar"', "Test execution", "1 guards did not look: zizmor"),
        ("determinism.json", "a circle", "a square", "Determinism", "pictures differ: fake: a circle, fake: a square"),
        (
            "determinism.json",
            "true",
            "false",
            "Determinism",
            "its digests are equal, its verdict says otherwise",
        ),
        ("guard.json", '"findings": 0', '"findings": 2', "Test execution", "findings: pinned: 2"),
        (
            "coverage.json",
            "gateway_svc/app",
            "gateway_svc/other",
            "Coverage",
            "1 files are not measured: gateway_svc/app.py",
        ),
        (
            "coverage.json",
            '"branch_coverage": true',
            '"branch_coverage": false',
            "Coverage",
            "branches were not measured",
        ),
        ("coverage.json", "93.3333", "99.9", "Coverage", "it says 99.90 %, its counts give 93.33 %"),
        (
            "coverage.json",
            '"covered_lines": 9',
            '"covered_lines": 8',
            "Coverage",
            "the files do not add up to the total",
        ),
        (PYPROJECT, "fail_under = 90", "fail_under = 89", "Coverage", "the gate is 89 %, its floor 90 %"),
        (PYPROJECT, "fail_under = 90", "fail_under = 95", "Coverage", "93.33 % is under the gate of 95 %"),
        (PYPROJECT, "branch = true", "branch = false", "Coverage", "branches are not asked for"),
        (PYPROJECT, "127.0.0.1,", "10.0.0.1,", "Determinism", "pytest's addopts let tests out: 10.0.0.1"),
        (PYPROJECT, "--allow-hosts", "--allow-unix", "Determinism", "pytest has no --allow-hosts"),
        (
            PYPROJECT,
            '"--strict-markers"',
            '"--force-enable-socket"',
            "Determinism",
            "pytest's addopts let tests out: --force-enable-socket",
        ),
        (FLOOR, "= 5", "= 500", "Test execution", "7 tests ran, the floor is 500"),
        (FLOOR, "tests.count", "tests.counts", "Test execution", "records no floor for tests.count"),
        (
            "../tests/unit/test_sum.py",
            "def test_sum",
            "def test_more(): ...\ndef test_sum",
            "Test execution",
            "1 tests are written and did not run: tests.unit.test_sum.test_more",
        ),
    ],
)
def test_a_fact_that_does_not_hold_costs_its_point(
    facts: Facts, name: str, old: str, new: str, category: str, reason: str
) -> None:
    rewrite(facts.evidence / name, replaced(old, new))
    assert (category, reason) in costs(facts)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("</testsuites>", "", "is not XML"),
        ('tests="5"', 'tests="8"', "5 tests are in it; it counts 8 and 0 faults"),
        ('failures="0"', 'failures="1"', "5 tests are in it; it counts 5 and 1 faults"),
        ('tests="5"', 'tests="seven"', "its count of tests is no number: 'seven'"),
        ('"test_sum"', '""', "a test in it has no name"),
        ('.guard.test_pins" name="test_pins"', '.unit.test_sum" name="test_sum"', "a test is in it twice"),
        ("<testcase ", "<testcase><skipped/></testcase><testcase ", "a test in it has no name"),
        (
            '<testcase classname="tests.unit.test_sum" name="test_sum" time="0.1" />',
            "",
            "4 tests are in it; it counts 5",
        ),
    ],
)
def test_a_junit_file_that_contradicts_itself_costs_the_points_of_its_run(
    facts: Facts, old: str, new: str, reason: str
) -> None:
    rewrite(facts.evidence / "test.xml", replaced(old, new))
    assert any(said.startswith(reason) for category, said in costs(facts) if category == "Test execution")


@pytest.mark.parametrize("end", ["failure", "error", "skipped"])
@pytest.mark.parametrize(
    ("run", "categories"),
    [
        ("test.xml", {"Determinism", "Test execution"}),
        ("test-again.xml", {"Determinism", "Test execution", "Coverage"}),
    ],
)
def test_a_test_that_did_not_pass_costs_the_points_of_its_run(
    facts: Facts, end: str, run: str, categories: set[str]
) -> None:
    case = '<testcase classname="tests.unit.test_sum" name="test_sum" time="0.1"'
    rewrite(facts.evidence / run, replaced(f"{case} />", f"{case}><{end}/></testcase>"))
    reason = f"1 tests did not pass: tests.unit.test_sum.test_sum: {end}"
    assert {category for category, said in costs(facts) if said == reason} == categories


def test_a_run_that_collected_nothing_costs_its_points(facts: Facts) -> None:
    none = '<testsuites><testsuite errors="0" failures="0" skipped="0" tests="0" /></testsuites>'
    rewrite(facts.evidence / "test.xml", lambda _: none)
    assert ("Test execution", "no test was run") in costs(facts)


def test_counts_that_the_log_does_not_have_cost_the_points_of_the_run(facts: Facts) -> None:
    rewrite(facts.evidence / "test.log", lambda text: text.replace("5 passed", "4 passed\x1b[0m, 1 xfailed"))
    reason = "5 tests are in it; test.log counts 4 that passed and 1 others"
    assert ("Test execution", reason) in costs(facts)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"status": 0', '"status": 2', "step dev ended with 2"),
        (REVISION, OTHER, f"step dev ran on {OTHER[:12]}, the checkout is {REVISION[:12]}"),
        ("false", "true", f"step dev ran on {REVISION[:12]} with changes, the checkout is {REVISION[:12]}"),
        ("12:00:00", "12:00:15", "step proto-fresh began before the run did"),
        ('"step": "buf"', '"step": "dev"', "step dev is recorded 2 times"),
        ("12:00:50", "12:01:35", "the steps did not begin in their order"),
    ],
)
def test_a_step_that_belongs_to_no_run_costs_its_points(facts: Facts, old: str, new: str, reason: str) -> None:
    rewrite(facts.evidence / "steps.jsonl", replaced(old, new))
    assert ("Test execution", reason) in costs(facts)


@pytest.mark.parametrize(
    ("late_s", "reason"),
    [(-60, "is older than step wheel"), (60, "was written after step wheel had ended")],
)
def test_a_file_that_its_step_did_not_write_costs_its_points(facts: Facts, late_s: int, reason: str) -> None:
    at = began("wheel").timestamp() + late_s
    os.utime(facts.evidence / "wheel.json", (at, at))
    assert {category for category, said in costs(facts) if said == reason} == {"Reproducibility", "Server boot"}


def test_evidence_of_another_revision_gives_no_point(facts: Facts) -> None:
    moved = Facts(facts.root, facts.evidence, dataclasses.replace(facts.here, revision=OTHER))
    assert {category.score for category in verdict(moved).categories} == {0}


def test_changes_since_the_steps_leave_no_point(facts: Facts) -> None:
    changed = Facts(facts.root, facts.evidence, dataclasses.replace(facts.here, dirty=True))
    assert {category.score for category in verdict(changed).categories} == {0}


def test_changes_that_were_there_all_along_cost_one_point(facts: Facts) -> None:
    rewrite(facts.evidence / "steps.jsonl", lambda text: text.replace("false", "true"))
    changed = Facts(facts.root, facts.evidence, dataclasses.replace(facts.here, dirty=True))
    assert [category.score for category in verdict(changed).categories] == [5, 4, 5, 5, 5]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"python": "3.12.1"}, "the environment has Python 3.12.1, not 3.11"),
        ({"python": "3.1"}, "the environment has Python 3.1, not 3.11"),
        ({"installed": {}}, "numpy==2.2.0 is locked, nothing is installed"),
        ({"hosted": True}, "step pip-audit was not run"),
    ],
)
def test_surroundings_that_are_not_the_recorded_ones_cost_one_point(
    facts: Facts, change: dict[str, Any], reason: str
) -> None:
    elsewhere = Facts(facts.root, facts.evidence, dataclasses.replace(facts.here, **change))
    assert any(said.startswith(reason) for category, said in costs(elsewhere) if category == "Reproducibility")
    assert [category.score for category in verdict(elsewhere).categories] == [5, 4, 5, 5, 5]


def test_a_package_that_no_lock_names_costs_a_point(facts: Facts) -> None:
    installed = {**facts.here.installed, "left-pad": "1.0"}
    elsewhere = Facts(facts.root, facts.evidence, dataclasses.replace(facts.here, installed=installed))
    assert costs(elsewhere) == {("Reproducibility", "left-pad is installed, no lock names it")}


@pytest.mark.parametrize(
    ("name", "old", "new", "reason"),
    [
        (".github/workflows/ci.yml", REVISION, "v4", "not pinned: actions/checkout@v4"),
        (".github/workflows/ci.yml", "uses", "run", "no workflow uses an action"),
        (".github/workflows/ci.yml", "jobs:", "jobs: [", "is not YAML: while parsing a flow sequence"),
        ("requirements.txt", "--hash=sha256:", "--hash=md5:", "without hash or exact version: numpy==2.2.0"),
        ("requirements.txt", "==", ">=", "without hash or exact version: numpy>=2.2.0"),
        ("requirements.txt", "numpy==", "-r other", "no requirement: '-r other2.2.0"),
        ("requirements.txt", "2.2.0", "2.2.1", "is not the file of the revision"),
        ("requirements-uv.txt", "0.9.0", "0.9.1", "uv==0.9.1 is locked, 0.9.0 is installed"),
        (".python-version", "3.11", "3.1", "the environment has Python 3.11.7, not 3.1"),
    ],
)
def test_a_checkout_that_is_not_reproducible_costs_a_point(
    facts: Facts, name: str, old: str, new: str, reason: str
) -> None:
    rewrite(facts.root / name, replaced(old, new))
    assert any(said.startswith(reason) for category, said in costs(facts) if category == "Reproducibility")


def test_a_model_that_is_not_the_committed_one_costs_a_point(facts: Facts) -> None:
    (facts.root / "inference_svc/models/flatland/more.onnx").write_text("downloaded")
    reason = "not as committed: inference_svc/models/flatland/more.onnx"
    assert costs(facts) == {("Determinism", reason)}


def test_a_hosted_run_with_every_step_has_every_point(facts: Facts) -> None:
    audited = '{"step": "pip-audit", "status": 0, "started": "2026-01-01T12:00:09Z", "seconds": 1, '
    audited += f'"revision": "{REVISION}", "dirty": false}}\n'
    rewrite(facts.evidence / "steps.jsonl", lambda text: text + audited)
    hosted = Facts(facts.root, facts.evidence, dataclasses.replace(facts.here, hosted=True))
    assert {category.score for category in verdict(hosted).categories} == {5}
    assert "pip-audit" not in {entry.what for entry in verdict(hosted).not_run}


def test_a_link_that_leads_nowhere_is_a_missing_file(facts: Facts, tmp_path: Path) -> None:
    (facts.evidence / "wheel.json").unlink()
    (facts.evidence / "wheel.json").symlink_to(tmp_path / "nowhere")
    assert ("Reproducibility", "there is no such file") in costs(facts)


def test_a_folder_where_a_file_should_be_is_no_file(facts: Facts) -> None:
    (facts.evidence / "wheel.json").unlink()
    (facts.evidence / "wheel.json").mkdir()
    assert ("Reproducibility", "cannot be read: Is a directory") in costs(facts)


def test_pictures_of_one_engine_alone_cost_their_point(facts: Facts) -> None:
    rewrite(facts.evidence / "determinism.json", replaced("onnx: a circle", "fake: a square", 2))
    assert ("Determinism", "only of fake") in costs(facts)
