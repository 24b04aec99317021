"""The workflow, `make steps` and `.ci/run` are one list; a step that fails fails the run, and its evidence is kept."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.guard.making import listed, make, run, with_ci
from tests.guard.scratch import ROOT

STEPS, HOSTED = listed("steps"), listed("steps-hosted")
MAKEFILE = """\
steps: ; @printf '%s\\n' first second third audit
first third audit: ; @echo this is $@
second: ; @echo this is $@; exit $${FAILS:-0}
"""


def workflow(name: str) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load((ROOT / ".github/workflows" / name).read_text())
    return found


def verdicts(checkout: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (checkout / "out/evidence/steps.jsonl").read_text().splitlines()]


def passed(checkout: Path) -> list[tuple[str, int]]:
    return [(verdict["step"], verdict["status"]) for verdict in verdicts(checkout)]


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Four steps in a folder under version control."""
    with_ci(tmp_path, MAKEFILE)
    (tmp_path / ".gitignore").write_text("out/\n")
    identity = ("-c", "user.name=me", "-c", "user.email=me@localhost")
    for words in (("init", "--quiet"), ("add", "."), (*identity, "commit", "--quiet", "-m", "Begin")):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    return tmp_path


def test_the_workflow_runs_what_make_lists_in_its_order() -> None:
    commands = [step["run"] for step in workflow("ci.yml")["jobs"]["ci"]["steps"] if "run" in step]
    names = [match[1] for command in commands if (match := re.fullmatch(r"\.ci/step (\S+)", command))]
    assert names == [STEPS[0], *HOSTED, *STEPS[1:]]


@pytest.mark.parametrize("name", [*STEPS, *HOSTED])
def test_each_step_is_a_target_that_does_something(name: str) -> None:
    planned = run(ROOT, "make", "--no-print-directory", "--always-make", "--dry-run", name)
    assert planned.returncode == 0
    assert "Nothing to be done" not in planned.stdout


def test_a_run_whose_steps_pass_passes_and_says_so_of_each(scratch: Path) -> None:
    done = run(scratch, ".ci/run")
    assert (done.returncode, passed(scratch)) == (0, [("first", 0), ("second", 0), ("third", 0), ("audit", 0)])
    assert [line for line in done.stdout.splitlines() if line.startswith("this is")] == [
        f"this is {name}" for name in ("first", "second", "third", "audit")
    ]


def test_a_step_that_fails_fails_the_run_and_only_the_audit_follows(scratch: Path) -> None:
    done = run(scratch, "env", "FAILS=7", ".ci/run")
    assert (done.returncode, passed(scratch)) == (2, [("first", 0), ("second", 2), ("audit", 0)])
    assert "== second failed: out/evidence/second.log" in done.stdout
    assert "this is second" in (scratch / "out/evidence/second.log").read_text()


def test_an_audit_that_fails_fails_the_run(scratch: Path) -> None:
    makefile = scratch / "Makefile"
    makefile.write_text(makefile.read_text().replace("third audit:", "third:") + "audit: ; @exit 1\n")
    assert run(scratch, ".ci/run").returncode == 2


def test_evidence_of_an_earlier_run_does_not_count(scratch: Path) -> None:
    (scratch / "out/evidence").mkdir(parents=True)
    (scratch / "out/evidence/test.xml").write_text("<testsuites/>")
    run(scratch, ".ci/run")
    assert not (scratch / "out/evidence/test.xml").exists()


def test_a_verdict_says_when_how_long_and_of_which_revision(scratch: Path) -> None:
    run(scratch, ".ci/step", "first")
    head = run(scratch, "git", "rev-parse", "HEAD").stdout.strip()
    (verdict,) = verdicts(scratch)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", verdict["started"])
    assert 0 < verdict["seconds"] < 30
    assert (verdict["revision"], verdict["dirty"]) == (head, False)


def test_a_verdict_says_that_the_files_are_not_those_of_the_revision(scratch: Path) -> None:
    (scratch / "Makefile").write_text(MAKEFILE + "# edited\n")
    run(scratch, ".ci/step", "first")
    assert [verdict["dirty"] for verdict in verdicts(scratch)] == [True]


def test_without_version_control_there_is_no_revision(tmp_path: Path) -> None:
    run(with_ci(tmp_path, MAKEFILE), ".ci/step", "first")
    assert [(verdict["revision"], verdict["dirty"]) for verdict in verdicts(tmp_path)] == [(None, True)]


def test_a_step_takes_no_arguments_from_whoever_starts_the_run(scratch: Path) -> None:
    (scratch / "Makefile").write_text(MAKEFILE + "told: ; @echo told [$(ARGS)]\n")
    done = run(scratch, "env", "ARGS=-k nothing", ".ci/step", "told")
    assert done.stdout == "told []\n"


@pytest.mark.parametrize("arguments", [(), ("nowhere",)])
def test_a_step_that_does_not_exist_fails(scratch: Path, arguments: tuple[str, ...]) -> None:
    assert run(scratch, ".ci/step", *arguments).returncode != 0


@pytest.mark.parametrize(
    ("results", "status"),
    [("success", 0), ("success success", 0), ("success failure", 1), ("skipped", 1), ("cancelled success", 1)],
)
def test_all_green_is_red_unless_every_job_succeeded(results: str, status: int) -> None:
    job = workflow("ci.yml")["jobs"]["all-green"]
    (step,) = job["steps"]
    done = run(ROOT, "env", f"RESULTS={results}", "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"])
    assert (job["if"], step["shell"], done.returncode) == ("always()", "bash", status)


def test_all_green_needs_every_other_job() -> None:
    jobs = workflow("ci.yml")["jobs"]
    assert sorted(jobs["all-green"]["needs"]) == sorted(set(jobs) - {"all-green"})


def test_the_fixed_python_is_the_one_of_the_repository_and_the_other_is_declared() -> None:
    fixed, newest = workflow("ci.yml")["jobs"]["ci"]["strategy"]["matrix"]["include"]
    assert fixed["python-version-file"] == ".python-version"
    declared = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', (ROOT / "pyproject.toml").read_text())
    assert newest["python-version"] == declared[-1]


def test_what_runs_at_night_are_targets() -> None:
    includes = workflow("nightly.yml")["jobs"]["nightly"]["strategy"]["matrix"]["include"]
    assert [make(ROOT, "--dry-run", each["target"]).returncode for each in includes] == [0] * len(includes)


def test_only_a_tag_that_fits_publishes_and_only_that_job_may_sign() -> None:
    release = workflow("release.yml")
    build, publish = release["jobs"]["build"], release["jobs"]["publish"]
    commands = [step["run"] for step in build["steps"] if "run" in step]
    assert release[True] == {"push": {"tags": ["v*"]}}  # YAML reads `on` as true
    assert commands == ['make tag-fits TAG="$GITHUB_REF_NAME"', ".ci/run", ".ci/step pip-audit"]
    assert (publish["needs"], publish["environment"]) == (["build"], "release")
    assert publish["if"] == "github.event_name == 'push' && github.ref_type == 'tag'"
    assert [name for name, job in release["jobs"].items() if "id-token" in job["permissions"]] == ["publish"]


@pytest.mark.parametrize("flags", ["MAKEFLAGS=i", "MAKEFLAGS=n", "MAKEFLAGS=k", "GNUMAKEFLAGS=-i"])
def test_flags_in_the_environment_do_not_change_the_verdict(scratch: Path, flags: str) -> None:
    done = run(scratch, "env", "FAILS=7", flags, ".ci/run")
    assert (done.returncode, passed(scratch)) == (2, [("first", 0), ("second", 2), ("audit", 0)])


def test_pytest_is_given_nothing_by_the_environment(scratch: Path) -> None:
    (scratch / "Makefile").write_text(MAKEFILE + "told: ; @echo told [$$PYTEST_ADDOPTS$$COVERAGE_RCFILE]\n")
    done = run(scratch, "env", "PYTEST_ADDOPTS=-k nothing", "COVERAGE_RCFILE=mine", ".ci/step", "told")
    assert done.stdout == "told []\n"


def test_a_file_that_nobody_added_is_a_change(scratch: Path) -> None:
    (scratch / "new.py").touch()
    run(scratch, ".ci/step", "first")
    assert [verdict["dirty"] for verdict in verdicts(scratch)] == [True]


def test_a_run_is_the_same_from_elsewhere_and_the_second_time(scratch: Path) -> None:
    moved = scratch.rename(scratch.with_name("a folder with blanks"))
    done = [run(Path("/"), "env", "CI=true", str(moved / ".ci/run")).returncode for _ in range(2)]
    assert (done, len(verdicts(moved))) == ([0, 0], 4)
