"""Faults planted in workflows: what is not pinned, not needed, not in time, not waited for, not the same locally."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guard.clean import ACTION, RELEASE, WORKFLOW
from tests.guard.planted import after

PINNED = f"{ACTION} # v4.2.2"
DEPENDABOT = ".github/dependabot.yml"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("actions/checkout@v4", "actions/checkout@v4 is not pinned to a commit: write the 40 hex digits"),
        ("actions/checkout@main # v4.2.2", "actions/checkout@main is not pinned to a commit: write the 40 hex digits"),
        ("docker://alpine:3", "docker://alpine:3 is not pinned to a commit: write the 40 hex digits"),
        (
            "a/b/.github/workflows/c.yml@v1",
            "a/b/.github/workflows/c.yml@v1 is not pinned to a commit: write the 40 hex digits",
        ),
        (ACTION, f"{ACTION} does not say which version it is: end with '# v1.2.3'"),
    ],
)
def test_an_action_that_is_not_pinned_is_found(checkout: Path, reference: str, message: str) -> None:
    assert f"{WORKFLOW}: {message} (pinned)" in after(checkout, WORKFLOW, PINNED, reference)


def test_a_composite_action_that_is_not_pinned_inside_is_found(checkout: Path) -> None:
    action = "runs:\n  using: composite\n  steps:\n    - uses: actions/cache@v4\n"
    assert after(checkout, ".github/actions/own/action.yml", "", action) == [
        ".github/actions/own/action.yml: actions/cache@v4 is not pinned to a commit: write the 40 hex digits (pinned)"
    ]


@pytest.mark.parametrize("where", ["container: alpine:3", "services:\n      db:\n        image: alpine:3"])
def test_an_image_without_its_digest_is_found(checkout: Path, where: str) -> None:
    finding = f"{WORKFLOW}: alpine:3 is not pinned to a digest: write @sha256: and its 64 hex digits (pinned)"
    assert finding in after(checkout, WORKFLOW, "timeout-minutes: 20", f"timeout-minutes: 20\n    {where}")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("continue-on-error: false", "continue-on-error: true"),
        ("continue-on-error: false", "continue-on-error: ${{ matrix.experimental }}"),
        ("if: github.ref == 'refs/heads/main'", "if: false"),
        ("if: github.ref == 'refs/heads/main'", "if: ${{ false }}"),
        ("success\n", "success || true\n"),
        ("success\n", "success || exit 0\n"),
        ("run: test", "run: set +e; test"),
        ("      - run: .ci/step test", "      - shell: bash {0}\n        run: .ci/step test"),
        ("      - run: .ci/step test", "      - shell: bash +e {0}\n        run: .ci/step test"),
        ("run: .ci/step test", "run: if .ci/step test; then date; fi"),
        ("run: .ci/step test", "run: '! .ci/step test'"),
        ("run: .ci/step test", "run: .ci/step test & wait"),
        ("run: .ci/step test", "run: .ci/step test | tee log"),
        ("run: .ci/step test", "run: |\n          .ci/step test ||\n            date"),
    ],
)
def test_a_failure_swallowed_in_a_workflow_is_found(checkout: Path, old: str, new: str) -> None:
    found = [finding for finding in after(checkout, WORKFLOW, old, new) if finding.endswith("(swallowed)")]
    assert [finding.partition(": ")[0] for finding in found] == [WORKFLOW]


def test_a_pipe_that_is_heard_is_left_alone(checkout: Path) -> None:
    assert after(checkout, RELEASE, "- run: .ci/step dev", "- run: .ci/step dev | tee log\n        shell: bash") == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("run: .ci/step test", "run: .ci/step test && date", "'.ci/step test && date' is more, or other, than one"),
        ("run: .ci/step test", "run: .ci/step test\n        working-directory: a", "'.ci/step test' has 'working-dir"),
        ("    timeout-minutes: 20\n", "    timeout-minutes: 20\n    needs: [all-green]\n", "'needs' may change what"),
        ("  push:\n", "  push:\n    branches: [other]\n", "does not run on every push"),
        ("  pull_request:\n", "  pull_request:\n    branches: [main]\n", "does not run on every pull_request"),
    ],
)
def test_a_step_that_is_bent_is_found(checkout: Path, old: str, new: str, message: str) -> None:
    assert any(message in finding for finding in after(checkout, WORKFLOW, old, new) if finding.endswith("(steps)"))


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ("    env: {MAKEFLAGS: -i}\n", "job run sets MAKEFLAGS, which changes what its commands do"),
        ("    env: {BASH_ENV: it}\n", "job run sets BASH_ENV, which changes what its commands do"),
        (
            "    env: {A: '${{ toJSON(secrets) }}'}\n",
            "uses a secret: what a job may do is asked for by its permissions",
        ),
        ("    env: {A: '${{ github.token }}'}\n", "uses a secret: what a job may do is asked for by its permissions"),
    ],
)
def test_what_a_job_is_given_besides_is_found(checkout: Path, new: str, message: str) -> None:
    found = after(checkout, WORKFLOW, "    timeout-minutes: 20\n", f"    timeout-minutes: 20\n{new}")
    assert found == [f"{WORKFLOW}: {message} (hygiene)"]


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ("- run: echo A=b >>$GITHUB_ENV", "changes the environment of later steps: what they do then is not what they"),
        ("- run: date\n        env: {PYTEST_ADDOPTS: -q}", "a step of job run sets PYTEST_ADDOPTS"),
        (f"- uses: {ACTION.replace('checkout', 'cache')} # v4", "takes from a cache, which holds what other runs left"),
        (
            f"- uses: {ACTION.replace('checkout', 'setup')} # v4\n        with: {{cache: pip}}",
            "takes from a cache, which",
        ),
        (
            f"- uses: {PINNED}\n        with: {{persist-credentials: false, repository: a/b}}",
            "checks out other code: repository",
        ),
    ],
)
def test_a_step_that_brings_in_what_was_not_read_is_found(checkout: Path, new: str, message: str) -> None:
    found = after(checkout, WORKFLOW, "      - run: .ci/step dev\n", f"      {new}\n      - run: .ci/step dev\n")
    assert [finding for finding in found if message in finding and finding.endswith("(hygiene)")] != []


def test_settings_for_every_command_are_found(checkout: Path) -> None:
    found = after(checkout, WORKFLOW, "permissions: {}\n", "permissions: {}\ndefaults: {run: {working-directory: a}}\n")
    assert found == [f"{WORKFLOW}: defaults change how every command is run (hygiene)"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "permissions: {}",
            "permissions: read-all",
            "permissions: {} belongs at the top; each job asks for what it needs",
        ),
        ("concurrency: ci\n", "", "has no concurrency: a newer run cannot take an older one's place"),
        (
            "persist-credentials: false",
            "fetch-depth: 1",
            "job run leaves credentials behind its checkout: persist-credentials: false",
        ),
        ("    timeout-minutes: 20\n", "", "job run has no timeout-minutes"),
        (
            "24.04\n    timeout-minutes: 20",
            "latest\n    timeout-minutes: 20",
            "job run runs on ubuntu-latest, which changes by itself: name the version",
        ),
        (
            "  push:\n",
            "  push:\n  pull_request_target:\n",
            "pull_request_target runs what strangers write with rights of this repository",
        ),
        (
            "concurrency: ci\n",
            "concurrency: ci\nenv: {KEY: '${{ secrets.KEY }}'}\n",
            "uses a secret: what a job may do is asked for by its permissions",
        ),
        (
            "    timeout-minutes: 20\n",
            "    timeout-minutes: 20\n    permissions: {contents: write}\n",
            "a pull request runs it, so no job may have contents: write",
        ),
        (
            "    timeout-minutes: 20\n",
            "    timeout-minutes: 20\n    permissions: write-all\n",
            "a pull request runs it, so no job may have everything: write",
        ),
        (
            "          persist-credentials: false\n",
            "          persist-credentials: false\n          python-version: 3.x\n",
            "job run takes whichever Python is newest: 3.x",
        ),
        ("    needs: [run]\n", "", "all-green does not need run"),
        ("    if: ${{ always() }}\n", "", "all-green is skipped when another job fails: if: ${{ always() }}"),
        (
            'test "${{ needs.run.result }}" = success',
            "echo fine",
            "all-green does not look at the results of what it needs",
        ),
        ("  all-green:\n", "  some-green:\n", "has no job all-green, which stands for all"),
    ],
)
def test_a_liberty_that_a_workflow_takes_is_found(checkout: Path, old: str, new: str, message: str) -> None:
    assert after(checkout, WORKFLOW, old, new) == [f"{WORKFLOW}: {message} (hygiene)"]


def test_a_job_that_the_verdict_does_not_wait_for_is_found(checkout: Path) -> None:
    job = "  other:\n    runs-on: ubuntu-24.04\n    timeout-minutes: 5\n    steps: []\n  all-green:\n"
    assert after(checkout, WORKFLOW, "  all-green:\n", job) == [f"{WORKFLOW}: all-green does not need other (hygiene)"]


@pytest.mark.parametrize("trigger", ["pull_request", "schedule", "workflow_run"])
def test_a_release_that_others_can_start_is_found(checkout: Path, trigger: str) -> None:
    message = f"{RELEASE}: {trigger} starts a release: only a tag, a release or a person may (hygiene)"
    assert message in after(checkout, RELEASE, "on:\n", f"on:\n  {trigger}:\n")


@pytest.mark.parametrize("name", [WORKFLOW, RELEASE, DEPENDABOT])
def test_a_workflow_that_is_gone_is_found(checkout: Path, name: str) -> None:
    (checkout / name).unlink()
    assert [
        finding for finding in after(checkout, "Makefile", "dev", "dev") if finding.startswith(f"{name}: is missing")
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "    cooldown: {default-days: 7}\n",
            "",
            "github-actions is taken on its first day: cooldown, default-days 3 or more",
        ),
        (
            "default-days: 7",
            "default-days: 0",
            "github-actions is taken on its first day: cooldown, default-days 3 or more",
        ),
        ("ecosystem: pip", "ecosystem: npm", "does not watch Python packages"),
    ],
)
def test_a_new_version_taken_at_once_is_found(checkout: Path, old: str, new: str, message: str) -> None:
    assert after(checkout, DEPENDABOT, old, new) == [f"{DEPENDABOT}: {message} (dependabot)"]


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (
            WORKFLOW,
            "      - run: .ci/step test\n",
            "",
            f"{WORKFLOW}: job run: its steps are dev pip-audit; `make steps` says dev test",
        ),
        (
            WORKFLOW,
            "step test\n",
            "step test\n      - run: .ci/step lint\n",
            f"{WORKFLOW}: job run: its steps are dev pip-audit test lint; `make steps` says dev test",
        ),
        (WORKFLOW, "step pip-audit", "step dev", f"{WORKFLOW}: job run: runs not each of HOSTED once: pip-audit"),
        (
            WORKFLOW,
            "step test\n",
            "step test\n      - run: make lint\n",
            f"{WORKFLOW}: job run: 'make' is run past .ci/step, so not by `make check`",
        ),
        (
            WORKFLOW,
            "step test\n",
            "step test\n      - run: .venv/bin/ruff check\n",
            f"{WORKFLOW}: job run: '.venv/bin/ruff' is run past .ci/step, so not by `make check`",
        ),
        (
            "Makefile",
            "STEPS := dev test",
            "STEPS := test dev",
            f"{WORKFLOW}: job run: its steps are dev pip-audit test; `make steps` says test dev",
        ),
        ("Makefile", "pip-audit:\n\t@pip-audit", "audit:\n\t@pip-audit", "Makefile: step pip-audit is no target"),
        (
            "Makefile",
            "\t@.ci/run",
            "\t@pytest",
            ".ci/run: `make check` runs .ci/run, and that what `make steps` prints: one of the two does not",
        ),
        (
            ".ci/run",
            "make --no-print-directory steps",
            "echo dev",
            ".ci/run: `make check` runs .ci/run, and that what `make steps` prints: one of the two does not",
        ),
    ],
)
def test_a_step_that_is_not_the_same_locally_is_found(
    checkout: Path, name: str, old: str, new: str, message: str
) -> None:
    assert f"{message} (steps)" in after(checkout, name, old, new)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "      - run: .ci/step test",
            "      - if: github.ref == 'x'\n        run: .ci/step test",
            "'.ci/step test' runs on",
        ),
        ("    timeout-minutes: 20\n", "    timeout-minutes: 20\n    if: github.actor == 'ann'\n", "runs on"),
    ],
)
def test_a_step_that_runs_only_sometimes_is_found(checkout: Path, old: str, new: str, message: str) -> None:
    assert after(checkout, WORKFLOW, old, new) == [f"{WORKFLOW}: job run: {message} a condition only (steps)"]


def test_a_step_that_runs_although_another_failed_is_left_alone(checkout: Path) -> None:
    step = "      - if: ${{ !cancelled() }}\n        run: .ci/step test"
    assert after(checkout, WORKFLOW, "      - run: .ci/step test", step) == []


@pytest.mark.parametrize(
    ("old", "new", "trigger"),
    [
        ("  pull_request:\n", "", "pull_request"),
        ("  pull_request:\n", "  pull_request:\n    paths: [docs/**]\n", "pull_request"),
        ("  push:\n", "  push:\n    paths-ignore: [docs/**]\n", "push"),
    ],
)
def test_a_change_that_starts_no_run_is_found(checkout: Path, old: str, new: str, trigger: str) -> None:
    assert after(checkout, WORKFLOW, old, new) == [
        f"{WORKFLOW}: does not run on every {trigger}: no paths, no types (steps)"
    ]


def test_steps_in_another_order_are_found(checkout: Path) -> None:
    assert f"{WORKFLOW}: job run: its steps are test pip-audit dev; `make steps` says dev test (steps)" in [
        *after(checkout, WORKFLOW, "step dev", "step swapped"),
        *after(checkout, WORKFLOW, "step test", "step dev"),
        *after(checkout, WORKFLOW, "step swapped", "step test"),
    ]
