"""What the audit reads: logs, written tests, actions, its own list of what was not run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.tools.audit.complete import rewrite
from tools.audit import log
from tools.audit.facts import Facts
from tools.audit.log import Log
from tools.audit.not_run import not_run
from tools.audit.pins import is_pinned
from tools.audit.written_tests import written


@pytest.mark.parametrize(
    ("closing", "expected"),
    [
        ("7 passed in 0.53s", Log("4", 7, 0, 0)),
        ("======= 7 passed, 2 deselected in 61.20s (0:01:01) =======", Log("4", 7, 2, 0)),
        ("\x1b[31m=== \x1b[31m\x1b[1m1 failed\x1b[0m, \x1b[32m6 passed\x1b[0m in 2.0s ===\x1b[0m", Log("4", 6, 0, 1)),
        ("=== 6 passed, 1 skipped, 3 warnings, 1 error in 1.0s ===", Log("4", 6, 0, 5)),
        ("5 deselected in 0.1s", Log("4", 0, 5, 0)),
    ],
)
def test_a_log_gives_its_seed_and_closing_counts(tmp_path: Path, closing: str, expected: Log) -> None:
    (tmp_path / "test.log").write_text(f"Using --randomly-seed=4\n1 passed in 9s, said a test\n{closing}\nout\n")
    assert log.read(tmp_path / "test.log") == expected


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def test_a(): ...\nasync def test_b(): ...\ndef other(): ...\n", {"test_a", "test_b"}),
        ("class TestIt:\n    def test_a(self): ...\nclass Base:\n    def test_b(self): ...\n", {"TestIt.test_a"}),
        ("@pytest.mark.slow\ndef test_a(): ...\n@pytest.mark.timeout(3)\ndef test_b(): ...\n", {"test_b"}),
        ("@pytest.mark.slow\nclass TestIt:\n    def test_a(self): ...\n", set()),
        ("pytestmark = [pytest.mark.slow]\ndef test_a(): ...\n", set()),
        ("slow = 1\ndef test_a(): ...\n", {"test_a"}),
    ],
)
def test_written_tests_are_those_that_pytest_collects_less_the_slow_ones(
    tmp_path: Path, source: str, names: set[str]
) -> None:
    (tmp_path / "tests/unit/deep").mkdir(parents=True)
    (tmp_path / "tests/unit/deep/test_it.py").write_text(source)
    assert written(tmp_path, "unit") == {f"tests.unit.deep.test_it.{name}" for name in names}


@pytest.mark.parametrize(
    ("action", "pinned"),
    [
        ("actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683", True),
        ("owner/repo/.github/workflows/x.yml@11bd71901bbe5b1630ceea73d27597364c9af683", True),
        ("./.github/actions/own", True),
        (f"docker://alpine@sha256:{'0' * 64}", True),
        ("actions/checkout@11bd719", False),
        ("actions/checkout@v4", False),
        ("actions/checkout", False),
        ("docker://alpine:3", False),
    ],
)
def test_an_action_is_pinned_by_commit_or_digest(action: str, pinned: bool) -> None:
    assert is_pinned(action) is pinned


def test_what_was_not_run_is_said_even_where_nothing_is_missing(facts: Facts) -> None:
    said = [entry.what for entry in not_run(facts)]
    assert said == [
        "pip-audit",
        "1 tests in step test",
        "1 tests in step test-again",
        "1 tests in step e2e",
        "the gpu suite",
        "Python 3.12",
        "network refusal beyond Python's own sockets",
        "other machines",
    ]


def test_what_cannot_be_told_is_said_to_be_unknown(facts: Facts) -> None:
    rewrite(facts.evidence / "test.log", lambda _: "")
    assert ("unknown: test.log", "no seed of a random order is in it") in [
        (entry.what, entry.why) for entry in not_run(facts)
    ]
