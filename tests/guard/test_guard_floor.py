"""Lowered gates: each setting of this repository against its floor, and a floor that is moved itself."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.guard.planted import plant, said
from tests.guard.repository import begin, commit
from tests.guard.scratch import copied
from tools.guard import facts, floor

PROJECT = "pyproject.toml"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """This repository's settings, to be lowered, and as many tests as it must have."""
    folder = copied(
        tmp_path, PROJECT, "buf.yaml", "Makefile", ".ci", "tools/guard/floor.toml", "tools/guard/allowed.toml"
    )
    least = tomllib.loads((folder / floor.FLOOR).read_text())["at_least"]["tests.count"]
    plant(folder, "tests/test_many.py", "", "def test_it() -> None: ...\n" * least)
    return folder


def test_the_settings_as_they_are_stand_on_their_floors(own: Path) -> None:
    assert said(own, ["floor"]) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "what"),
    [
        (PROJECT, "fail_under = ", "fail_under = 1  # was ", "coverage.report.fail_under is 1"),
        (PROJECT, "fail_under = ", "fail_above = ", "coverage.report.fail_under is None"),
        (PROJECT, "branch = true", "branch = false", "coverage.run.branch is False"),
        (PROJECT, 'omit = ["latentwire/v1/*"', 'omit = ["latentwire/v1/*", "*/rpc/*"', "coverage.run.omit is"),
        (PROJECT, '"if TYPE_CHECKING:"', '"if TYPE_CHECKING:", "raise"', "coverage.report.exclude_also is"),
        (PROJECT, "show_missing = true", "show_missing = true\nignore_errors = true", "coverage.report is"),
        (PROJECT, 'source = ["latentwire", ', "source = [", "coverage.run.source is"),
        (PROJECT, "strict = true\n", "strict = false\n", "mypy.strict is False"),
        (PROJECT, "strict = true\n", 'strict = true\nexclude = ["tests"]\n', "mypy is"),
        (PROJECT, '"tools", "tests", "examples"]', '"tools", "examples"]', "mypy.packages is"),
        (PROJECT, '"diffusers.*",', '"diffusers.*", "inference_svc.*",', "mypy.overrides is"),
        (PROJECT, '"ASYNC", "B"', '"ASYNC"', "ruff.lint.select is"),
        (PROJECT, '"PLW0108"', '"F401", "PLW0108"', "ruff.lint.ignore is"),
        (PROJECT, '"tools/**" = ["T20"', '"tools/**" = ["F", "T20"', "ruff.lint.per-file-ignores is"),
        (PROJECT, 'exclude = ["latentwire/v1"', 'exclude = ["latentwire/v1", "tests"', "ruff.extend-exclude is"),
        (PROJECT, 'filterwarnings = ["error"]', 'filterwarnings = ["default"]', "pytest.ini_options.filterwarnings is"),
        (PROJECT, "xfail_strict = true", "xfail_strict = false", "pytest.ini_options.xfail_strict is False"),
        (PROJECT, '  "--strict-markers",\n', "", "pytest.ini_options.addopts is"),
        (PROJECT, "--allow-hosts=127.0.0.1", "--allow-hosts=0.0.0.0", "pytest.ini_options.addopts is"),
        (PROJECT, "timeout = 60", "timeout = 600", "pytest.ini_options.timeout is 600"),
        (PROJECT, '"tests/guard", ', "", "pytest.ini_options.testpaths is"),
        (PROJECT, 'asyncio_mode = "auto"', 'asyncio_mode = "auto"\npython_files = ["a.py"]', "pytest.ini_options is"),
        (PROJECT, '"(fake)", "rpc", ', '"rpc", ', "importlinter.contracts.down.layers is"),
        (PROJECT, '"(fake)", "rpc"', '"rpc", "(fake)"', "importlinter.contracts.down.layers is"),
        (PROJECT, 'id = "wire"', 'id = "other"', "importlinter.contracts.wire.type is None"),
        (PROJECT, 'id = "wire"', 'id = "wire"\nignore_imports = ["a -> b"]', "importlinter.contracts.wire is"),
        (PROJECT, '["google", "grpc", ', '["google", ', "importlinter.contracts.wire.forbidden_modules is"),
        ("buf.yaml", "    - COMMENTS\n", "", "buf.lint.use is"),
        ("buf.yaml", "    - FILE\n", "    - WIRE\n", "buf.breaking.use is"),
        ("buf.yaml", "breaking:\n  use", "breaking:\n  ignore: [proto]\n  use", "buf.breaking is"),
        ("setup.cfg", "", "[mypy]\nstrict = False\n", "overrides is ['setup.cfg']"),
        ("tests/ruff.toml", "", "", "overrides is ['tests/ruff.toml']"),
        ("tests/pyproject.toml", "", "", "overrides is ['tests/pyproject.toml']"),
        ("tests/new.py", "", "# mypy: ignore-errors\n", "suppressions.whole_files is 1"),
        ("inference_svc/new.py", "", "x = 1  # pragma: no cover", "suppressions.uncovered_lines is 1"),
    ],
)  # fmt: skip
def test_a_lowered_setting_is_found(own: Path, name: str, old: str, new: str, what: str) -> None:
    plant(own, name, old, new)
    assert any(finding.startswith(f"pyproject.toml: {what}") for finding in said(own, ["floor"]))


def test_a_test_that_goes_is_found(own: Path) -> None:
    plant(own, "tests/test_many.py", "def test_it", "def it")
    (finding,) = said(own, ["floor"])
    assert finding.startswith("pyproject.toml: tests.count is ")


def test_a_raised_gate_is_left_alone(own: Path) -> None:
    plant(own, PROJECT, "fail_under = ", "fail_under = 99  # was ")
    assert said(own, ["floor"]) == []


class TestMoved:
    FLOOR = "tools/guard/floor.toml"
    OLD = '"coverage.report.fail_under" = 90'
    NEW = '"coverage.report.fail_under" = 80'

    def lower(self, checkout: Path, entry: str) -> list[str]:
        plant(checkout, "pyproject.toml", "fail_under = 90", "fail_under = 80")
        plant(checkout, self.FLOOR, self.OLD, self.NEW)
        values = tomllib.loads((checkout / self.FLOOR).read_text())
        values.pop("changed")
        with (checkout / self.FLOOR).open("a") as file:
            file.write(entry.replace("DIGEST", floor.digest(values)))
        return [finding.rpartition(" (")[0] for finding in said(checkout, ["floor"])]

    def test_a_floor_lowered_in_silence_is_found(self, checkout: Path) -> None:
        (finding,) = self.lower(checkout, "")
        assert finding.startswith(f"{self.FLOOR}: the values were changed: add a [[changed]] entry with date, reason")

    def test_a_floor_lowered_with_a_reason_is_a_matter_for_review(self, checkout: Path) -> None:
        entry = (
            '[[changed]]\ndate = 2026-02-01\nreason = "half of it moved elsewhere, with its tests"\ndigest = "DIGEST"\n'
        )
        assert self.lower(checkout, entry) == []

    def test_a_reason_that_says_nothing_is_found(self, checkout: Path) -> None:
        entry = '[[changed]]\ndate = 2026-02-01\nreason = "lower"\ndigest = "DIGEST"\n'
        assert self.lower(checkout, entry) == [f"{self.FLOOR}: the change of 2026-02-01 does not say why"]

    def test_a_change_without_a_date_of_its_own_is_found(self, checkout: Path) -> None:
        entry = '[[changed]]\ndate = 2025-02-01\nreason = "half of it moved elsewhere"\ndigest = "DIGEST"\n'
        assert self.lower(checkout, entry) == [f"{self.FLOOR}: each [[changed]] entry has a date, the newest last"]

    def test_a_floor_that_tests_have_outgrown_is_found(self, checkout: Path) -> None:
        more = "".join(f"\n\ndef test_{number}() -> None:\n    assert 1 + {number} > 1\n" for number in range(1, 12))
        plant(checkout, "tests/unit/test_sum.py", "== 2\n", f"== 2\n{more}")
        assert said(checkout, ["floor"]) == [
            f"{self.FLOOR}: there are 12 tests, and tests.count is still 1: raise it (floor)"
        ]


class TestHistory:
    ENTRY = '[[changed]]\ndate = 2026-02-01\nreason = "half of it moved elsewhere"\ndigest = "0"\n'

    @pytest.fixture
    def cloned(self, checkout: Path) -> Path:
        """A checkout with a parent: the entry was added in the last commit."""
        begin(checkout)
        text = (checkout / floor.FLOOR).read_text()
        plant(checkout, floor.FLOOR, "", text + self.ENTRY)
        commit(checkout)
        return checkout

    def test_entries_that_are_added_are_left_alone(self, cloned: Path) -> None:
        plant(cloned, floor.FLOOR, "", (cloned / floor.FLOOR).read_text() + self.ENTRY)
        assert said(cloned, ["floor-history"]) == []

    @pytest.mark.parametrize(
        ("old", "new"), [("half of it", "all of it"), ('digest = "0"', 'digest = "1"'), (ENTRY, "")]
    )
    def test_an_entry_that_is_rewritten_is_found(self, cloned: Path, old: str, new: str) -> None:
        plant(cloned, floor.FLOOR, old, new)
        assert said(cloned, ["floor-history"]) == [
            f"{floor.FLOOR}: [[changed]] entries of HEAD were rewritten or taken away: add one instead (floor-history)"
        ]

    def test_an_entry_that_a_commit_rewrote_is_found(self, cloned: Path) -> None:
        plant(cloned, floor.FLOOR, "half of it", "all of it")
        commit(cloned)
        (finding,) = said(cloned, ["floor-history"])
        assert "entries of HEAD^1 were" in finding


@pytest.mark.parametrize(
    ("relation", "value", "least", "holds"),
    [
        ("at_least", True, 1, False),
        ("at_least", None, 1, False),
        ("equal", 1, True, False),
        ("contains", None, ["a"], False),
        ("contains", ["b", "a"], ["a"], True),
        ("within", None, [], True),
        ("within", {"a": 1}, ["a", "b"], True),
        ("within", {"a": ["x", "y"]}, {"a": ["x"]}, False),
        ("in_order", ["a", "new", "b"], ["a", "b"], True),
        ("in_order", ["b", "a"], ["a", "b"], False),
        ("in_order", None, ["a"], False),
    ],
)
def test_what_a_floor_of_each_kind_holds(relation: str, value: object, least: object, holds: bool) -> None:
    tree = {"it": value}
    assert (list(floor.lowered({relation: {"it": least}}, tree)) == []) is holds


def test_a_fact_that_is_not_there_is_none() -> None:
    assert facts.at({"a": {"b": 1}}, "a.b.c") is None


@pytest.mark.parametrize(
    ("name", "old", "new", "what"),
    [
        ("Makefile", '-m "not slow" --junit', '-m "not slow" tests/unit --junit', "commands.test is"),
        ("Makefile", "$(BIN)/ruff check .", "$(BIN)/ruff check tools", "commands.lint is"),
        ("Makefile", "pip-audit --strict", "pip-audit", "commands.pip-audit is"),
        ("Makefile", "requirements-gpu.txt requirements-dev.txt", "requirements-dev.txt", "commands.pip-audit is"),
        ("Makefile", "\nload: dev", "\nwalls: ; @date\nload: dev", "commands.walls is"),
        ("Makefile", "SHELL := bash", "SHELL := /bin/true", "make.settings is"),
        ("Makefile", "SHELL := bash", "SHELL := bash\nMAKEFLAGS += -i", "make.settings is"),
        ("Makefile", "SHELL := bash", "SHELL := bash\n-include local.mk", "make.settings is"),
        ("Makefile", "\nload: dev", "\nlint: .SHELLFLAGS := -c\nload: dev", "commands.lint is"),
        (".ci/run", 'exit "$failure"', "date", "scripts.run is"),
        (".ci/step", 'exit "$status"', "date", "scripts.step is"),
        (".ci/more", "", "date", "scripts is"),
    ],
)
def test_a_step_that_does_something_else_is_found(own: Path, name: str, old: str, new: str, what: str) -> None:
    plant(own, name, old, new)
    assert any(finding.startswith(f"pyproject.toml: {what} ") for finding in said(own, ["floor"]))


@pytest.mark.parametrize("name", ["GNUmakefile", ".coveragerc.toml", "conftest.py", "pytest.py", "pytest/__main__.py"])
def test_a_file_that_takes_the_place_of_another_is_found(own: Path, name: str) -> None:
    plant(own, name, "", "x = 1\n")
    assert [finding.split(" ")[1] for finding in said(own, ["floor"])] == ["overrides"]


@pytest.mark.parametrize("words", ["pragma: no cover", "PRAGMA NO COVER", "pragma:nocover", "pragma: no branch"])
def test_a_line_kept_from_being_measured_is_found(own: Path, words: str) -> None:
    plant(own, "latentwire/sums.py", "", f"x = 1  # {words}\n")
    assert [finding.split(" ")[1] for finding in said(own, ["floor"])] == ["suppressions.uncovered_lines"]
