"""What the pages on the Python client and the command line say is so: their programs run, their table is complete."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from latentwire.commands import exit_statuses
from tests.contract.engines import MakeBackend
from tests.contract.serving import Serving
from tests.contract.threaded import served_on_a_thread

ROOT = Path(__file__).parents[2]
ADDRESS = "127.0.0.1:50051"
PROGRAMS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python-client.md").read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def server(make_backend: MakeBackend) -> Iterator[Serving]:
    """A server of the engine under test."""
    with served_on_a_thread(make_backend) as running:
        yield running


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_a_program_of_the_page_runs(
    server: Serving, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before, _, after = PROGRAMS[number].partition(ADDRESS)
    assert after
    exec(compile(f"{before}127.0.0.1:{server.server.port}{after}", "the page", "exec"), {"__name__": "__main__"})


def test_the_table_of_exit_statuses_is_complete() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text().partition("## Exit status")[2]
    told = {int(status) for status in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    assert told == {value for value in vars(exit_statuses).values() if isinstance(value, int)}
