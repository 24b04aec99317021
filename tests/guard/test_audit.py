"""The audit's rules and what contributors are told agree with what there is."""

from __future__ import annotations

import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.audit.determinism import PROBE
from tools.audit.execution import ENGINES, STEPS, SUITES
from tools.audit.ledger import AUDIT
from tools.audit.reproducibility import HOSTED
from tools.audit.rules import rules
from tools.audit.verdict import CATEGORIES
from tools.audit.written_tests import written

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / ".github/ISSUE_TEMPLATE"
STEP_TABLE = re.compile(r"^\| `([a-z0-9-]+)` \|", re.MULTILINE)


def make(target: str) -> list[str]:
    """The lines that a target prints."""
    command = ["make", "--no-print-directory", "-C", str(ROOT), target]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def hooks() -> list[dict[str, Any]]:
    """The hooks of pre-commit."""
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repository["repo"] == "local"
    hooks: list[dict[str, Any]] = repository["hooks"]
    return hooks


def test_the_audit_judges_exactly_the_steps_of_the_run() -> None:
    assert [*STEPS, AUDIT] == make("steps")
    assert make("steps-hosted") == [HOSTED]


def test_the_written_rules_are_the_rules() -> None:
    assert rules() in (ROOT / "docs/audit.md").read_text()


def test_each_category_has_five_points_and_no_rule_twice() -> None:
    whats = [rule.what for category in CATEGORIES for point in category.points for rule in point.rules]
    assert [len(category.points) for category in CATEGORIES] == [5, 5, 5, 5, 5]
    assert len(set(whats)) == len(whats)


def test_the_suites_that_the_audit_asks_for_have_tests() -> None:
    assert {suite for suites in SUITES.values() for suite in suites if not written(ROOT, suite)} == set()


def test_the_probe_of_the_network_refusal_is_a_test_of_both_orders() -> None:
    assert [name for name in written(ROOT, "unit") if name.endswith(f".{PROBE}")] != []
    assert "unit" in SUITES["test-again"]


@pytest.mark.parametrize("engine", ENGINES)
def test_e2e_names_its_engines_as_the_audit_does(engine: str) -> None:
    assert f'"{engine}"' in (ROOT / "tests/e2e/conftest.py").read_text()


def test_contributors_are_told_what_to_do_about_every_step() -> None:
    told = STEP_TABLE.findall((ROOT / "CONTRIBUTING.md").read_text())
    assert told == [*make("steps"), *make("steps-hosted")]


def test_contributing_can_be_read_in_one_go() -> None:
    assert len((ROOT / "CONTRIBUTING.md").read_text().splitlines()) < 150


def test_each_hook_is_a_target_that_ci_runs() -> None:
    assert {hook["entry"] for hook in hooks()} <= {f"make {step}" for step in make("steps")}
    assert {(hook["language"], hook["pass_filenames"]) for hook in hooks()} == {("system", False)}


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        *((path.name, "vendor.github-issue-forms") for path in sorted(TEMPLATES.glob("[!c]*.yml"))),
        ("config.yml", "vendor.github-issue-config"),
    ],
)
def test_an_issue_form_is_one_that_the_service_understands(name: str, schema: str) -> None:
    checker = str(Path(sysconfig.get_path("scripts")) / "check-jsonschema")
    command = [checker, "--builtin-schema", schema, str(TEMPLATES / name)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("[!c]*.yml")), ids=lambda path: path.stem)
def test_the_fields_of_an_issue_form_have_ids_of_their_own(path: Path) -> None:
    fields = [field for field in yaml.safe_load(path.read_text())["body"] if field["type"] != "markdown"]
    names = [field["id"] for field in fields]
    assert len(set(names)) == len(names) > 1
