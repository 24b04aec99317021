"""Faults planted in tests: what asserts nothing, never runs, is never collected, or left the everyday suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guard.clean import TEST
from tests.guard.planted import after

CLAIM = "def test_a_claim() -> None:\n    assert 1 + 1 == 2\n"


@pytest.mark.parametrize(
    ("decorators", "body"),
    [
        ("", "print(1 + 1)"),
        ("", "assert True"),
        ("", "assert (1 + 1, 3)"),
        ("", "assert 2 == 2"),
        ("", "assert False or True"),
        ("", "try:\n        assert 1 == 2\n    except AssertionError: pass"),
        ("", "try:\n        assert 1 == 2\n    except: pass"),
        ("", "pytest.skip('later')\n    assert 1 == 2"),
        ("", "pytest.exit('enough', 0)\n    assert 1 == 2"),
        ("", "torch = pytest.importorskip('torch')\n    assert torch"),
        ("", "if False:\n        assert 1 == 2"),
        ("", "while 0:\n        assert 1 == 2"),
        ("", "return\n    assert 1 == 2"),
        ("", "if not device:\n        return\n    assert 1 == 2"),
        ("@pytest.mark.skip\n", "assert 1 == 2"),
        ("@pytest.mark.skipif(sys.platform == 'linux', reason='')\n", "assert 1 == 2"),
        ("@pytest.mark.xfail(reason='later')\n", "assert 1 == 2"),
        ("from unittest import skip\n", "assert 1 + 1 == 2"),
        ("pytestmark = pytest.mark.skip\n", "assert 1 + 1 == 2"),
        ("collect_ignore = ['test_sum.py']\n", "assert 1 + 1 == 2"),
        ("collect_ignore_glob: list[str] = ['*']\n", "assert 1 + 1 == 2"),
        ("", "assert not False"),
        ("", "assert [1 + 1]"),
        ("", "assert f'{1 + 1}'"),
        ("", "assert lambda: 1 == 2"),
        ("", "assert 1 <= 2"),
        ("", "assert len(given) >= 0"),
        ("", "assert given is given"),
        ("", "with suppress(AssertionError):\n        assert given == 2"),
        ("", "with pytest.raises(AssertionError):\n        assert given == 2"),
        ("", "with pytest.raises(Exception): given()"),
        ("", "try:\n        assert given == 2\n    except AssertionError:\n        print(given)"),
        ("import pytest as it\n", "it.skip('later')\n    assert given == 2"),
        ("mark = pytest.mark\n", "assert given == 2"),
        ("from _pytest.outcomes import Skipped\n", "assert given == 2"),
        ("@getattr(pytest.mark, 'sk' + 'ip')\n", "assert given == 2"),
        ("@pytest.mark.enable_socket\n", "assert given == 2"),
    ],
)
def test_a_test_that_tests_nothing_is_found(checkout: Path, decorators: str, body: str) -> None:
    (finding,) = after(checkout, TEST, "", f"{decorators}def test_a_claim() -> None:\n    {body}\n")
    assert finding.startswith(f"{TEST}: ")
    assert finding.endswith("(idle-tests)")


@pytest.mark.parametrize(
    "body",
    [
        "with pytest.raises(ValueError): int('x')",
        "with pytest.warns(UserWarning): warn()",
        "np.testing.assert_array_equal(a, b)",
        "check_round_trip(message)",
        "await asyncio.wait_for(cancelled.wait(), 5)",
        "def inner() -> None:\n        assert 1 + 1 == 2\n    inner()",
        "def inner() -> int:\n        return 1\n    assert inner() == 1",
        "assert client.skip().status == 200",
        "assert shuffled(seed=1) == shuffled(seed=1)",
    ],
)
def test_a_test_that_can_fail_is_left_alone(checkout: Path, body: str) -> None:
    assert after(checkout, TEST, "", f"async def test_a_claim() -> None:\n    {body}\n") == []


def test_methods_of_a_test_class_are_looked_at_too(checkout: Path) -> None:
    assert after(checkout, TEST, "", "class TestSum:\n    def test_it(self) -> None:\n        print(2)\n") == [
        f"{TEST}: test_it asserts nothing (idle-tests)"
    ]


METHOD = "    def test_it(self) -> None:\n        assert 1 + 1 == 2\n"


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        (TEST, CLAIM + CLAIM, "test_a_claim is defined 2 times: only the last one runs"),
        (TEST, f"class TestIt:\n{METHOD}" * 2, "TestIt is defined 2 times: only the last one runs"),
        (TEST, f"class TestIt:\n{METHOD}{METHOD}", "test_it is defined 2 times: only the last one runs"),
        (TEST, f"class Sums:\n{METHOD}{CLAIM}", "test_it is never collected: the class's name must begin with Test"),
        ("tests/unit/sums.py", CLAIM, "test_a_claim is never collected: the file's name must begin with test_"),
        (TEST, f"{CLAIM}del test_a_claim\n", "test_a_claim is taken away: it never runs"),
        (TEST, f"{CLAIM}test_a_claim = None\n", "test_a_claim is taken away: it never runs"),
        (TEST, f"{CLAIM}if device:\n{METHOD}", "test_it is defined only sometimes"),
        (TEST, f"class TestIt:\n    def __init__(self): ...\n{METHOD}", "TestIt has __init__: pytest passes it over"),
        (
            "tests/conftest.py",
            "pytest_plugins = ['it']\n",
            "pytest_plugins may change what runs and what its outcome is",
        ),
        ("tests/conftest.py", "@pytest.hookimpl\ndef it(): ...\n", "hookimpl may give a hook another name"),
        (TEST, f"@pytest.mark.parametrize('x', [])\n{CLAIM}", "has no cases: the test is never run"),
        (TEST, f"@pytest.mark.parametrize('x', argvalues=())\n{CLAIM}", "has no cases: the test is never run"),
    ],
)
def test_a_test_that_is_never_run_is_found(checkout: Path, name: str, source: str, message: str) -> None:
    found = after(checkout, name, "", source)
    assert f"{name}: {message} (lost-tests)" in found
    assert {finding.rpartition(" ")[2] for finding in found} == {"(lost-tests)"}


@pytest.mark.parametrize(
    "hook",
    [
        "ignore_collect",
        "collect_file",
        "deselected",
        "runtest_protocol",
        "runtest_makereport",
        "sessionfinish",
        "cmdline_main",
    ],
)
def test_a_hook_that_may_change_what_runs_is_found(checkout: Path, hook: str) -> None:
    assert after(checkout, "tests/conftest.py", "", f"def pytest_{hook}() -> None: ...\n") == [
        f"tests/conftest.py: pytest_{hook} may change what runs and what its outcome is (lost-tests)"
    ]


@pytest.mark.parametrize(
    "body",
    [
        "config.option.keyword = 'x'",
        "items[:] = items[:1]",
        "items += []",
        "del items[1:]",
        "items.clear()",
        "items.pop()",
        "deselected(items)",
    ],
)
def test_a_hook_that_takes_tests_away_is_found(checkout: Path, body: str) -> None:
    assert after(checkout, "tests/conftest.py", "", f"def pytest_collection_modifyitems(items):\n    {body}\n") == [
        "tests/conftest.py: pytest_collection_modifyitems takes collected tests away (lost-tests)"
    ]


def test_a_hook_that_marks_tests_is_left_alone(checkout: Path) -> None:
    hook = "def pytest_collection_modifyitems(items):\n    for item in items:\n        item.add_marker('unit')\n"
    assert after(checkout, "tests/conftest.py", "", hook) == []


def test_the_same_name_in_two_classes_is_left_alone(checkout: Path) -> None:
    assert after(checkout, TEST, "", f"class TestA:\n{METHOD}class TestB:\n{METHOD}") == []


@pytest.mark.parametrize("mark", ["slow", "gpu", "load"])
@pytest.mark.parametrize("place", ["@pytest.mark.{}\n", "pytestmark = pytest.mark.{}\n"])
def test_a_test_that_left_the_everyday_suite_is_found(checkout: Path, place: str, mark: str) -> None:
    assert after(checkout, TEST, "def test", f"{place.format(mark)}def test") == [
        f"{TEST}: '{mark}' keeps it out of the everyday suite (suites)"
    ]


def test_a_test_where_nobody_looks_is_found(checkout: Path) -> None:
    assert after(checkout, "tests/attic/test_old.py", "", CLAIM) == [
        "tests/attic/test_old.py: lies outside pytest's testpaths: it is not in the everyday suite (suites)"
    ]
