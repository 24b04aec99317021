"""Faults planted for the guards that start other programs: zizmor, check-jsonschema, the code generator."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guard.clean import ACTION, CLEAN, WORKFLOW
from tests.guard.planted import plant, said
from tests.guard.scratch import copied
from tools.guard import generated

DEPENDABOT = ".github/dependabot.yml"
# With comments and names, as an auditor asks.
SOUND = f"""\
name: ci
on:
  push:
    branches: [main]
permissions: {{}}
concurrency:
  group: ci-${{{{ github.ref }}}}
  cancel-in-progress: true
jobs:
  run:
    name: run
    runs-on: ubuntu-24.04
    timeout-minutes: 20
    permissions:
      contents: read # to check it out
    steps:
      - name: check out
        uses: {ACTION} # v4.2.2
        with:
          persist-credentials: false
      - name: step
        run: .ci/step dev
"""


@pytest.fixture
def hosted(tmp_path: Path) -> Path:
    """A checkout of which the hosting service's part is sound."""
    files = {WORKFLOW: SOUND, DEPENDABOT: CLEAN[DEPENDABOT], "tools/guard/allowed.toml": ""}
    for name, text in files.items():
        plant(tmp_path, name, "", text)
    return tmp_path


def test_a_sound_workflow_is_left_alone(hosted: Path) -> None:
    assert said(hosted, ["zizmor", "schemas"]) == []


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("          persist-credentials: false\n", "          fetch-depth: 1\n", "artipacked"),
        ("run: .ci/step dev", "run: echo ${{ github.event.head_commit.message }}", "template-injection"),
        ("permissions:\n      contents: read # to check it out", "permissions: write-all", "excessive-permissions"),
        ("  push:\n    branches: [main]\n", "  pull_request_target:\n", "dangerous-triggers"),
    ],
)
def test_what_an_auditor_would_say_is_found(hosted: Path, old: str, new: str, finding: str) -> None:
    plant(hosted, WORKFLOW, old, new)
    assert any(f"zizmor {finding}: " in one and one.startswith(f"{WORKFLOW}: ") for one in said(hosted, ["zizmor"]))


def test_a_workflow_that_cannot_be_read_is_found(hosted: Path) -> None:
    plant(hosted, WORKFLOW, "", "jobs: [")
    assert said(hosted, ["zizmor"])[0].startswith(".github: zizmor ended with ")
    assert said(hosted, ["schemas"])[0].startswith(f"{WORKFLOW}: is no YAML: ")


def test_what_is_accepted_with_a_reason_is_left_alone(hosted: Path) -> None:
    plant(hosted, WORKFLOW, "# v4.2.2\n", "# v4.2.2\n        # zizmor: ignore[artipacked] it is pushed from\n")
    plant(
        hosted, ".github/zizmor.yml", "", "rules:\n  artipacked:\n    ignore:\n      - ci.yml:12 # it is pushed from\n"
    )
    assert said(hosted, ["zizmor"]) == []


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (WORKFLOW, "# v4.2.2\n", "# v4.2.2\n        # zizmor: ignore[artipacked]\n"),
        (".github/zizmor.yml", "", "rules:\n  artipacked:\n    ignore:\n      - ci.yml:12\n"),
    ],
)
def test_what_is_accepted_without_a_reason_is_found(hosted: Path, name: str, old: str, new: str) -> None:
    plant(hosted, name, old, new)
    assert said(hosted, ["zizmor"]) == [f"{name}: is accepted without a reason: write it behind (zizmor)"]


# One of each kind: together, since each kind is a program to start.
NOT_BY_THEIR_SCHEMA = (
    (WORKFLOW, "timeout-minutes: 20", "timeout: 20"),
    (DEPENDABOT, "interval: weekly", "interval: sometimes"),
    (".github/actions/own/action.yml", "", "name: own\nruns:\n  using: magic\n"),
    (".github/ISSUE_TEMPLATE/config.yml", "", "blank_issues_enabled: sometimes\n"),
    (".github/ISSUE_TEMPLATE/bug.yml", "", "name: bug\nbody: []\n"),
)


def test_what_is_not_by_its_schema_is_found(hosted: Path) -> None:
    for name, old, new in NOT_BY_THEIR_SCHEMA:
        plant(hosted, name, old, new)
    found = {finding.partition(":")[0] for finding in said(hosted, ["schemas"])}
    assert found == {name for name, _, _ in NOT_BY_THEIR_SCHEMA}


class TestGenerated:
    TYPES = "proto/latentwire/v1/types.proto"

    @pytest.fixture
    def contract(self, tmp_path: Path) -> Path:
        return copied(tmp_path, "proto", "third_party", "latentwire/v1")

    def say(self, contract: Path) -> list[str]:
        return [f"{finding.path}: {finding.message}" for finding in generated.check(contract)]

    def test_code_that_is_fresh_is_left_alone(self, contract: Path) -> None:
        assert self.say(contract) == []

    def test_code_that_is_stale_is_found(self, contract: Path) -> None:
        plant(contract, self.TYPES, "message Timings {", "message Clock {}\n\nmessage Timings {")
        assert "latentwire/v1/types_pb2.py: is not what proto/ gives: make proto" in self.say(contract)

    def test_code_that_was_edited_is_found(self, contract: Path) -> None:
        plant(contract, "latentwire/v1/__init__.py", "", "x = 1\n")
        assert self.say(contract) == ["latentwire/v1/__init__.py: is not what proto/ gives: make proto"]

    def test_a_contract_that_does_not_compile_is_found(self, contract: Path) -> None:
        plant(contract, self.TYPES, "message Timings {", "message Timings {{")
        assert self.say(contract) == ["proto: does not compile: protoc ended with 1"]
