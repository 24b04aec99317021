"""Each guard turns red on its planted fault, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.guard.__main__ import ROOT, findings, main

WORKFLOW = ".github/workflows/ci.yml"
PINNED = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2"
TEST = "tests/unit/test_sum.py"


def plant(checkout: Path, name: str, old: str, new: str) -> list[str]:
    """Replaces a piece of a file of the checkout; returns what the guards then say, without the place."""
    text = (checkout / name).read_text()
    assert old in text
    (checkout / name).write_text(text.replace(old, new))
    return [f"{finding.path}: {finding.message}" for finding in findings(checkout)]


def test_this_repository_is_clean() -> None:
    assert [str(finding) for finding in findings(ROOT)] == []


def test_the_scratch_checkout_is_clean(checkout: Path) -> None:
    assert main(["--root", str(checkout)]) == 0


def test_a_finding_makes_the_command_fail_and_names_the_place(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(checkout, "Makefile", "@pytest", "@pytest || true")
    assert main(["--root", str(checkout)]) == 1
    assert capsys.readouterr().err == "Makefile:3: '|| true' swallows a failure\n"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("actions/checkout@v4", "actions/checkout@v4 is not pinned to a commit: write the 40 hex digits"),
        ("actions/checkout@main # v4.2.2", "actions/checkout@main is not pinned to a commit: write the 40 hex digits"),
        ("docker://alpine:3", "docker://alpine:3 is not pinned to a commit: write the 40 hex digits"),
        (
            PINNED.removesuffix(" # v4.2.2"),
            f"{PINNED.removesuffix(' # v4.2.2')} does not say which version it is: end with '# v1.2.3'",
        ),
    ],
)
def test_an_action_that_is_not_pinned_is_found(checkout: Path, reference: str, message: str) -> None:
    assert plant(checkout, WORKFLOW, PINNED, reference) == [f"{WORKFLOW}: {message}"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("continue-on-error: false", "continue-on-error: true"),
        ("continue-on-error: false", "continue-on-error: ${{ matrix.experimental }}"),
        ("if: github.ref == 'refs/heads/main'", "if: false"),
        ("if: github.ref == 'refs/heads/main'", "if: ${{ false }}"),
        ("run: .ci/run", "run: .ci/run || true"),
        ("run: .ci/run", "run: .ci/run || exit 0"),
        ("run: .ci/run", "run: |\n          set +e\n          .ci/run"),
        ("run: .ci/run", "shell: bash {0}\n        run: .ci/run"),
    ],
)
def test_a_failure_swallowed_in_a_workflow_is_found(checkout: Path, old: str, new: str) -> None:
    (finding,) = plant(checkout, WORKFLOW, old, new)
    assert finding.startswith(f"{WORKFLOW}: ")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (".ci/run", "make test", "make test || :"),
        (".ci/run", "make test", "make test; true"),
        (".ci/run", "make test", "make test || echo failed"),
        (".ci/run", "make test", "make -k test"),
        (".ci/run", "make test", "set +o errexit"),
        (".ci/run", "make test", "trap 'exit 0' EXIT"),
        (".ci/run", "make test", "ruff check --exit-zero"),
        (".ci/run", "set -euo pipefail\n", ""),
        ("Makefile", "@pytest", "@-pytest"),
        ("Makefile", "@pytest", "-pytest"),
        ("Makefile", ".SHELLFLAGS := -euo pipefail -c", "SHELL := bash"),
        ("Makefile", "test:", ".IGNORE: test\ntest:"),
    ],
)
def test_a_failure_swallowed_in_a_script_or_makefile_is_found(checkout: Path, name: str, old: str, new: str) -> None:
    (finding,) = plant(checkout, name, old, new)
    assert finding.startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("decorators", "body"),
    [
        ("", "print(1 + 1)"),
        ("", "assert True"),
        ("", "assert (1 + 1, 3)"),
        ("", "assert 2 == 2"),
        ("", "try:\n        assert 1 == 2\n    except AssertionError: pass"),
        ("", "try:\n        assert 1 == 2\n    except: pass"),
        ("", "pytest.skip('later')\n    assert 1 == 2"),
        ("", "torch = pytest.importorskip('torch')\n    assert torch"),
        ("@pytest.mark.skip\n", "assert 1 == 2"),
        ("@pytest.mark.skipif(sys.platform == 'linux', reason='')\n", "assert 1 == 2"),
        ("@pytest.mark.xfail(reason='later')\n", "assert 1 == 2"),
        ("from unittest import skip\n", "assert 1 + 1 == 2"),
        ("pytestmark = pytest.mark.skip\n", "assert 1 + 1 == 2"),
        ("collect_ignore = ['test_sum.py']\n", "assert 1 + 1 == 2"),
    ],
)
def test_a_test_that_tests_nothing_is_found(checkout: Path, decorators: str, body: str) -> None:
    source = f"{decorators}def test_a_claim() -> None:\n    {body}\n"
    (checkout / TEST).write_text(source)
    assert {finding.path for finding in findings(checkout)} == {TEST}


@pytest.mark.parametrize(
    "body",
    [
        "with pytest.raises(ValueError): int('x')",
        "with pytest.warns(UserWarning): warn()",
        "np.testing.assert_array_equal(a, b)",
        "check_round_trip(message)",
        "await asyncio.wait_for(cancelled.wait(), 5)",
        "def inner() -> None:\n        assert 1 + 1 == 2\n    inner()",
        "assert client.skip().status == 200",
        "assert shuffled(seed=1) == shuffled(seed=1)",
    ],
)
def test_a_test_that_can_fail_is_left_alone(checkout: Path, body: str) -> None:
    (checkout / TEST).write_text(f"async def test_a_claim() -> None:\n    {body}\n")
    assert list(findings(checkout)) == []


def test_methods_of_a_test_class_are_looked_at_too(checkout: Path) -> None:
    (checkout / TEST).write_text("class TestSum:\n    def test_it(self) -> None:\n        print(2)\n")
    assert [finding.message for finding in findings(checkout)] == ["test_it asserts nothing"]


class TestAllowList:
    ENTRY = '[[allowed]]\npath = "tests/unit/test_sum.py"\nname = "test_it"\nreason = "{reason}"\n'
    IDLE = "def test_it() -> None:\n    pytest.skip('no device')\n"

    def say(self, checkout: Path, test: str, reason: str) -> list[str]:
        (checkout / TEST).write_text(test)
        (checkout / "tools/guard/allowed.toml").write_text(self.ENTRY.format(reason=reason))
        return [finding.message for finding in findings(checkout)]

    def test_a_reviewed_exception_is_silent(self, checkout: Path) -> None:
        assert self.say(checkout, self.IDLE, "needs a device") == []

    def test_an_exception_without_a_reason_excuses_nothing(self, checkout: Path) -> None:
        assert len(self.say(checkout, self.IDLE, " ")) == 2

    def test_an_exception_that_excuses_nothing_is_found(self, checkout: Path) -> None:
        said = self.say(checkout, "def test_it() -> None:\n    assert 1 + 1 == 2\n", "was needed once")
        assert said == ["the entry for tests/unit/test_sum.py test_it excuses nothing: remove it"]
