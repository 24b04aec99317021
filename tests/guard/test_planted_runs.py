"""A run of tests that proves nothing is red under this repository's own configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guard.scratch import outcome, plant, suite

GREEN, RED, NOTHING_COLLECTED = 0, 1, 5
SUM = "def test_sum():\n    assert 1 + 1 == 2\n"
CHAIN = "LIST = []\n" + "".join(
    f"def test_{number}():\n    LIST.append({number})\n    assert LIST == list(range({number + 1}))\n"
    for number in range(4)
)
PLANTED = {
    "a_warning": ("warnings.warn('it is old')", "UserWarning: it is old"),
    "never_awaited": ("later()", "was never awaited"),
    "never_closed": ("open(__file__)", "ResourceWarning"),
    "failing_thread": ("t = threading.Thread(target=int, args='x'); t.start(); t.join()", "invalid literal for int()"),
    "returning": ("return 1 + 1 == 2", "returned"),
    "hanging": ("threading.Event().wait()", "Timeout (>1.0s) from pytest-timeout"),
}
HEAD = """\
import asyncio, threading, warnings
import pytest
async def later(): pass
@pytest.mark.xfail
def test_expected_to_fail():
    assert 1 + 1 == 2
async def test_hanging_in_the_loop():
    await asyncio.Event().wait()
"""


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A checkout with this repository's configuration of pytest and nothing to test."""
    return suite(tmp_path)


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What was said of each planted test, by its name."""
    scratch = suite(tmp_path_factory.mktemp("checkout"))
    plant(scratch / "pyproject.toml", "\ntimeout = 60\n", "\ntimeout = 1\n")
    tests = "".join(f"def test_{name}():\n    {body}\n" for name, (body, _) in PLANTED.items())
    return outcome(scratch, HEAD + tests)[2]


def test_without_a_fault_a_run_is_green_and_says_its_seed(scratch: Path) -> None:
    status, told, problems = outcome(scratch, SUM, "-v")
    assert (status, problems, "Using --randomly-seed=" in told) == (GREEN, {"test_sum": ""}, True)


def test_a_run_that_selects_nothing_is_red(scratch: Path) -> None:
    assert outcome(scratch, SUM, "-m", "slow")[0] == NOTHING_COLLECTED


@pytest.mark.parametrize("name", PLANTED)
def test_what_warns_hangs_or_only_looks_like_a_test_is_red(problems: dict[str, str], name: str) -> None:
    assert PLANTED[name][1] in problems[f"test_{name}"]


def test_a_coroutine_that_hangs_is_red(problems: dict[str, str]) -> None:
    assert "Timeout (>1.0s) from pytest-timeout" in problems["test_hanging_in_the_loop"]


def test_a_test_that_is_expected_to_fail_and_passes_is_red(problems: dict[str, str]) -> None:
    assert "XPASS(strict)" in problems["test_expected_to_fail"]


def test_a_marker_that_nobody_declared_is_red(scratch: Path) -> None:
    status, told, _ = outcome(scratch, f"import pytest\n@pytest.mark.nobody\n{SUM}")
    assert (status, "'nobody' not found in `markers`" in told) == (2, True)


def test_tests_that_depend_on_their_order_are_red_in_another(scratch: Path) -> None:
    status, _, problems = outcome(scratch, CHAIN, "--randomly-seed=1")
    assert (status, len(problems)) == (RED, 4)
