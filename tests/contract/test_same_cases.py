"""Both engines have the same cases, but for those of a reviewed list."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.one_engine import ONE_ENGINE

_FOLDER = Path(__file__).parent
# Its place is the first but in suites that run before one replica and before two.
_PARAMETER = re.compile(r"\[((?:(?:one|two)-)?)(fake|real)(?=[-\]])")


@pytest.fixture(scope="module")
def ids() -> list[str]:
    """Every case of the suite, from this folder on."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests/contract"]
    done = subprocess.run(command, cwd=_FOLDER.parents[1], capture_output=True, text=True, check=False, timeout=50)
    assert done.returncode == 0, done.stdout
    return [line.removeprefix("tests/contract/") for line in done.stdout.splitlines() if "::" in line]


def of(engine: str, ids: list[str]) -> set[str]:
    """The cases that run against an engine, without its name."""
    return {_PARAMETER.sub(r"[\1", id_) for id_ in ids if (found := _PARAMETER.search(id_)) and found[2] == engine}


def reviewed(id_: str) -> set[str]:
    """The entries of the list that excuse a case."""
    return {id_.partition("::")[0], id_.partition("[")[0]} & set(ONE_ENGINE)


def test_the_fake_and_the_real_engine_have_the_same_cases(ids: list[str]) -> None:
    assert of("fake", ids) == of("real", ids) != set()


def test_a_case_of_one_engine_is_on_the_reviewed_list(ids: list[str]) -> None:
    assert [id_ for id_ in ids if not _PARAMETER.search(id_) and not reviewed(id_)] == []


def test_a_case_of_both_engines_is_not_on_the_list(ids: list[str]) -> None:
    assert [id_ for id_ in ids if _PARAMETER.search(id_) and reviewed(id_)] == []


def test_the_list_names_what_is_there(ids: list[str]) -> None:
    assert set(ONE_ENGINE) == {entry for id_ in ids for entry in reviewed(id_)}
