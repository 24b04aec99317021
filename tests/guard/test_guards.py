"""The guards together: what they say of this repository and of a clean one, the command, the reviewed list."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.guard.clean import TEST
from tests.guard.planted import after, plant, said
from tools.guard.__main__ import ROOT, main
from tools.guard.table import EVERY, GUARDS, unknown


# The others read every file or start programs: `make guard` runs them all, once.
@pytest.mark.parametrize(
    "name", ["pinned", "swallowed", "installs", "hygiene", "dependabot", "steps", "locks", "released"]
)
def test_this_repository_is_clean(name: str) -> None:
    assert said(ROOT, [name]) == []


def test_the_reviewed_list_of_this_repository_names_guards_that_there_are() -> None:
    assert list(unknown(ROOT)) == []


def test_the_scratch_checkout_is_clean(checkout: Path) -> None:
    assert said(checkout) == []


class TestCommand:
    @pytest.fixture
    def only(self, checkout: Path) -> list[str]:
        return ["--root", str(checkout), *(f"--only={name}" for name in GUARDS)]

    def test_it_ends_well_when_nothing_is_found(self, only: list[str]) -> None:
        assert main(only) == 0

    def test_a_finding_makes_it_fail_and_names_the_place_and_the_guard(
        self, checkout: Path, only: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        plant(checkout, "Makefile", "@ruff check .", "@ruff check . || true")
        assert main(only) == 1
        assert capsys.readouterr().err == "Makefile:14: '|| true' swallows a failure (swallowed)\n"

    def test_it_writes_how_much_each_guard_found(self, checkout: Path, only: list[str]) -> None:
        plant(checkout, "Makefile", "@ruff check .", "@ruff check . || true")
        main([*only, "--json", str(checkout / "out/guard.json")])
        checks = json.loads((checkout / "out/guard.json").read_text())["checks"]
        assert {check["name"]: check["findings"] for check in checks} == {
            **dict.fromkeys(GUARDS, 0),
            "swallowed": 1,
            "allowed": 0,
        }

    def test_it_lists_the_guards(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--list"]) == 0
        assert capsys.readouterr().out.split() == list(EVERY)


class TestAllowList:
    LIST = "tools/guard/allowed.toml"
    ENTRY = '[[allowed]]\nguard = "{guard}"\npath = "tests/unit/test_sum.py"\nname = "test_it"\nreason = "{reason}"\n'
    IDLE = "def test_it() -> None:\n    pytest.skip('no device')\n    assert 1 + 1 == 2\n"

    def say(self, checkout: Path, test: str, reason: str, guard: str = "idle-tests") -> list[str]:
        plant(checkout, self.LIST, "", self.ENTRY.format(reason=reason, guard=guard))
        return after(checkout, TEST, "", test)

    def test_a_reviewed_exception_is_silent(self, checkout: Path) -> None:
        assert self.say(checkout, self.IDLE, "needs a device") == []

    def test_an_exception_for_another_guard_excuses_nothing(self, checkout: Path) -> None:
        assert len(self.say(checkout, self.IDLE, "needs a device", "lost-tests")) == 2

    def test_an_exception_without_a_reason_excuses_nothing(self, checkout: Path) -> None:
        assert len(self.say(checkout, self.IDLE, " ")) == 1

    def test_an_exception_that_excuses_nothing_is_found(self, checkout: Path) -> None:
        assert self.say(checkout, "def test_it() -> None:\n    assert 1 + 1 == 2\n", "was needed once") == [
            f"{self.LIST}: the entry for tests/unit/test_sum.py test_it excuses nothing: remove it (idle-tests)"
        ]

    def test_an_exception_for_no_guard_is_found(self, checkout: Path) -> None:
        plant(checkout, self.LIST, "", self.ENTRY.format(reason="a name with a slip", guard="idle-test"))
        assert [finding.message for finding in unknown(checkout)] == [
            "the entry for tests/unit/test_sum.py is for no guard: idle-test"
        ]
