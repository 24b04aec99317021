"""`make test` fails where nothing is collected; `make coverage` below the gate, or where nothing was measured."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.guard.making import make
from tests.guard.scratch import ROOT

SUITES = ("unit", "contract", "guard")
ONE_AT_A_TIME = "TWO_AT_A_TIME="
ADD = "def add(a: int, b: int) -> int:\n    return a + b\n"
TEST = "from latentwire.sums import add\n\n\ndef test_sum() -> None:\n    assert add(1, 2) == 3\n"


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """This repository's Makefile and settings over one function and no test."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for name in (*(f"tests/{suite}" for suite in SUITES), "latentwire", "inference_svc", "gateway_svc"):
        (tmp_path / name).mkdir(parents=True)
    for package in ("latentwire", "inference_svc", "gateway_svc"):
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "latentwire/sums.py").write_text(ADD)
    return tmp_path


def put(scratch: Path, suite: str, text: str = TEST) -> None:
    (scratch / "tests" / suite / "test_it.py").write_text(text)


def seed(output: str) -> int:
    found = re.search(r"Using --randomly-seed=(\d+)", output)
    assert found is not None, output
    return int(found[1])


def test_a_run_that_collects_nothing_is_red(scratch: Path) -> None:
    done = make(scratch, ONE_AT_A_TIME, "test")
    assert done.returncode == 2
    assert "no tests ran" in done.stdout


def test_a_test_that_fails_is_red_and_so_is_code_that_no_test_runs(scratch: Path) -> None:
    (scratch / "latentwire/sums.py").write_text(ADD + "\n\ndef halve(a: int) -> int:\n    return a // 2\n" * 5)
    put(scratch, "unit", TEST.replace("== 3", "== 4"))
    failed, gate = make(scratch, ONE_AT_A_TIME, "test-again"), make(scratch, "coverage")
    assert (failed.returncode, "1 failed" in failed.stdout) == (2, True)
    assert (gate.returncode, "is less than fail-under=" in gate.stdout) == (2, True)
    assert (scratch / "out/evidence/coverage.json").exists()


def test_a_gate_without_a_run_before_it_is_red(scratch: Path) -> None:
    done = make(scratch, "coverage")
    assert done.returncode == 2
    assert "No data to report." in done.stdout


def test_runs_that_pass_leave_their_reports_and_never_have_the_same_order(scratch: Path) -> None:
    put(scratch, "unit")
    put(scratch, "contract", TEST.replace("test_sum", "test_sum_again"))
    first, again, gate = (
        make(scratch, ONE_AT_A_TIME, "test"),
        make(scratch, ONE_AT_A_TIME, "test-again"),
        make(scratch, "coverage"),
    )
    assert (first.returncode, again.returncode, gate.returncode) == (0, 0, 0), gate.stdout
    assert (seed(first.stdout) % 2, seed(again.stdout) % 2) == (0, 1)
    assert [(scratch / f"out/evidence/{name}").exists() for name in ("coverage.json", "test-again.xml")] == [True, True]
    assert 'tests="2"' in (scratch / "out/evidence/test.xml").read_text()
