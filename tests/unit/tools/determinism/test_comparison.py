"""What two processes made, compared."""

from __future__ import annotations

import pytest

from tools.determinism.__main__ import CONDITIONS, Run, differing, report, verdict
from tools.determinism.digests import WrongEngine, check_engine, sha256

FIRST, SECOND = CONDITIONS


def runs(first: dict[str, str], second: dict[str, str]) -> list[Run]:
    return [Run(FIRST, first), Run(SECOND, second)]


def test_the_processes_differ_in_all_that_must_not_matter() -> None:
    assert FIRST.hash_seed != SECOND.hash_seed
    assert FIRST.order_seed != SECOND.order_seed
    assert FIRST.together != SECOND.together


def test_cases_with_other_bytes_or_missing_from_a_process_differ() -> None:
    assert differing(runs({"a": "1", "b": "2", "c": "3"}, {"c": "3", "b": "0", "d": "4"})) == ["a", "b", "d"]


def test_the_report_says_under_what_each_process_ran() -> None:
    assert report(runs({"a": "1"}, {"a": "1"})) == {
        "processes": [
            {"hash_seed": 1, "order_seed": 1, "together": False, "pictures": {"a": "1"}},
            {"hash_seed": 2, "order_seed": 2, "together": True, "pictures": {"a": "1"}},
        ],
        "identical": True,
        "differing": [],
    }


def test_a_difference_is_a_failure_that_names_the_cases(capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict(["a", "b"], 2) == 1
    assert capsys.readouterr().err == "Not the same bytes in both processes: a, b\n"


def test_nothing_compared_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict([], 0) == 1
    assert capsys.readouterr().err == "No case was made.\n"


def test_equal_bytes_are_a_success(capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict([], 3) == 0
    assert capsys.readouterr().out == "3 cases gave the same bytes in both processes.\n"


def test_parts_that_are_divided_otherwise_have_another_digest() -> None:
    assert sha256([b"ab", b"c"]) != sha256([b"a", b"bc"])


def test_an_answer_of_another_engine_is_an_error() -> None:
    with pytest.raises(WrongEngine, match="asked 'onnx', was answered by 'fake'"):
        check_engine("onnx", "fake")
