"""`make test` fails where nothing is collected; `make coverage` below the gate, or where nothing was measured."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.guard.making import make
from tests.guard.scratch import ROOT

SUITES = ("unit", "contract", "guard", "e2e")
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
    done = make(scratch, "test")
    assert done.returncode == 2
    assert "no tests ran" in done.stdout


def test_a_test_that_fails_is_red(scratch: Path) -> None:
    put(scratch, "unit", TEST.replace("== 3", "== 4"))
    assert make(scratch, "test").returncode == 2


def test_a_run_that_passes_leaves_its_report_and_what_it_covered(scratch: Path) -> None:
    put(scratch, "unit")
    assert make(scratch, "test").returncode == 0
    assert 'tests="1"' in (scratch / "out/evidence/test.xml").read_text()
    assert make(scratch, "coverage").returncode == 0
    assert (scratch / "out/evidence/coverage.json").exists()


def test_code_that_no_test_runs_is_red_and_shown(scratch: Path) -> None:
    (scratch / "latentwire/sums.py").write_text(ADD + "\n\ndef halve(a: int) -> int:\n    return a // 2\n" * 5)
    put(scratch, "unit")
    assert make(scratch, "test").returncode == 0
    done = make(scratch, "coverage")
    assert done.returncode == 2
    assert "is less than fail-under=" in done.stdout
    assert (scratch / "out/evidence/coverage.json").exists()


def test_a_gate_without_a_run_before_it_is_red(scratch: Path) -> None:
    done = make(scratch, "coverage")
    assert done.returncode == 2
    assert "No data to report." in done.stdout


def test_the_second_run_never_has_the_order_of_the_first(scratch: Path) -> None:
    put(scratch, "unit")
    put(scratch, "contract", TEST.replace("test_sum", "test_sum_again"))
    first, again = make(scratch, "test"), make(scratch, "test-again")
    assert (first.returncode, again.returncode) == (0, 0)
    assert (seed(first.stdout) % 2, seed(again.stdout) % 2) == (0, 1)
