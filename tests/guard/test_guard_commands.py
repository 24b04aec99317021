"""Faults planted in what CI runs: failures swallowed, things installed unpinned, suites made smaller."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guard.planted import after

HOOKS = ".pre-commit-config.yaml"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (".ci/step", "make $1", "make $1 || :"),
        (".ci/step", "make $1", "make $1; true"),
        (".ci/step", "make $1", "make $1 || echo failed"),
        (".ci/step", "make $1", "make $1 || { true; }"),
        (".ci/step", "make $1", "make $1 || status=0"),
        (".ci/step", "make $1", "make $1 || \\\n  /usr/bin/true"),
        (".ci/step", "make $1", "make $1 || [ 1 ]"),
        (".ci/step", "make $1", "[ $1 ] && make $1 || date"),
        (".ci/step", "make $1", "if make $1; then date; fi"),
        (".ci/step", "make $1", "until make $1; do date; done"),
        (".ci/step", "make $1", "! make $1"),
        (".ci/step", "make $1", "make $1 & wait"),
        (".ci/step", "make $1", "make $1; true # fine"),
        (".ci/step", "make $1", "make $1\nexit 0"),
        (".ci/step", "make $1", "shopt -uo errexit"),
        (".ci/step", "make $1", "trap 'exit' ERR"),
        ("Makefile", "lint:\n\t@ruff", "lint: ; -@ruff"),
        (".ci/step", "make $1", "make -k $1"),
        (".ci/step", "make $1", "set +o errexit"),
        (".ci/step", "make $1", "trap 'exit 0' EXIT"),
        (".ci/step", "make $1", "ruff check --exit-zero"),
        (".ci/run", "set -euo pipefail\n", ""),
        ("Makefile", "@ruff", "@-ruff"),
        ("Makefile", "@ruff", "-ruff"),
        ("Makefile", ".SHELLFLAGS := -euo pipefail -c", "SHELL := bash"),
        ("Makefile", "lint:", ".IGNORE: lint\nlint:"),
        (HOOKS, "id: tidy", "id: tidy, entry: tidy || true"),
    ],
)
def test_a_failure_swallowed_in_a_script_is_found(checkout: Path, name: str, old: str, new: str) -> None:
    (finding,) = after(checkout, name, old, new)
    assert finding.startswith(f"{name}: ")
    assert finding.endswith("(swallowed)")


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ('subprocess.run(["make"])', "nobody reads the exit status of subprocess.run"),
        ('subprocess.run(["make"], check=False)', "nobody reads the exit status of subprocess.run"),
        ('subprocess.call(["make"])', "nobody reads the exit status of subprocess.call"),
        ('os.system("make")', "nobody reads the exit status of os.system"),
        ("try:\n    run()\nexcept Exception:\n    pass", "catches every error and goes on"),
        ("try:\n    run()\nexcept:\n    done = True", "catches every error and goes on"),
        ("with contextlib.suppress(Exception):\n    run()", "suppresses every error"),
        ("try:\n    run()\nexcept Exception as error:\n    print(error)", "catches every error and goes on"),
        ('subprocess.Popen(["make"])', "nobody reads the exit status of subprocess.Popen"),
        (
            "from subprocess import run",
            "imports what starts a program by a bare name: subprocess.run can be looked for",
        ),
    ],
)
def test_a_failure_that_a_tool_drops_is_found(checkout: Path, new: str, message: str) -> None:
    assert after(checkout, "tools/job.py", "import subprocess", new) == [f"tools/job.py: {message} (dropped)"]


@pytest.mark.parametrize(
    "new",
    [
        'status = subprocess.run(["make"], check=False).returncode',
        "try:\n    run()\nexcept Exception as error:\n    raise SystemExit(1) from error",
        "try:\n    run()\nexcept OSError:\n    pass",
        "with contextlib.suppress(FileNotFoundError):\n    run()",
    ],
)
def test_a_failure_that_a_tool_heeds_is_left_alone(checkout: Path, new: str) -> None:
    assert after(checkout, "tools/job.py", "import subprocess", new) == []


@pytest.mark.parametrize(
    "command",
    [
        "git clone https://example.org/code",
        "git submodule update --init",
        "sh -c '$(curl -fsSL https://example.org/install.sh)'",
        "wget https://example.org/tool",
        "pip install ruff",
        "pip install --upgrade pip",
        "pip install ruff==1.0 mypy",
        "pip install -r requirements.txt",
        "python -m pip install 'ruff>=1'",
        "uv pip install ruff",
        "pip install .",
        "pip install -e .",
        "pip3.11 install ruff",
        "pip --quiet install ruff",
        "uv --quiet pip install ruff",
        "uv pip sync requirements.txt",
        "pip download ruff",
        "git fetch https://example.org/code",
        "gh repo clone a/b",
        "hf download a/b",
        "pip install git+https://example.org/code@main",
        "uvx ruff check",
        "uv tool install ruff",
        "uv run --with ruff ruff",
        "uv sync",
        "pipx install ruff",
        "npm install",
        "npx prettier",
        "apt-get install -y jq",
        "cargo install tool",
        "go install example.org/tool@latest",
        "playwright install chromium",
        "docker run alpine:3",
    ],
)
@pytest.mark.parametrize(
    ("name", "old"),
    [(".ci/step", "make $1"), ("Makefile", "@ruff check ."), (".github/workflows/release.yml", ".ci/step dev")],
)
def test_what_is_installed_unpinned_is_found(checkout: Path, name: str, old: str, command: str) -> None:
    (finding,) = after(checkout, name, old, command)
    assert finding.startswith(f"{name}: ")
    assert finding.endswith("(installs)")


@pytest.mark.parametrize(
    "command",
    [
        "pip install --require-hashes -r requirements.txt",
        "uv pip install --quiet --python .venv/bin/python ruff==1.0 'mypy[x]==2.0'",
        "pip install $(TOOL)",
        "pip install --no-deps -e .",
        "pip install --no-deps dist/it-1.0-py3-none-any.whl",
        "uv sync --locked",
        "npm ci",
        "cargo install tool --locked",
        "apt-get install -y jq=1.7.1-3",
        "curl -fsS http://127.0.0.1:7860/readyz",
        "pip uninstall ruff",
        "git rev-parse HEAD",
    ],
)
def test_what_is_installed_pinned_is_left_alone(checkout: Path, command: str) -> None:
    assert after(checkout, "Makefile", "@ruff check .", f"@{command}") == []


def test_an_install_on_two_lines_is_found_at_the_first(checkout: Path) -> None:
    assert after(checkout, "Makefile", "@ruff check .", "@pip install \\\n\t  ruff") == [
        "Makefile: 'pip install  \t  ruff' is neither from a hashed lock nor an exact version (installs)"
    ]


def test_an_install_by_a_tool_is_found(checkout: Path) -> None:
    assert after(checkout, "tools/job.py", '"pytest", "tests"', 'python, "-m", "pip", "install", "ruff"') == [
        "tools/job.py: 'pip install ruff' is neither from a hashed lock nor an exact version (installs)"
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0" * 40, "v1.2.3", "rev: v1.2.3 is a name that can be moved: a commit"),
        ("[tool==1.0]", "[tool]", "tool is not an exact version"),
    ],
)
def test_a_hook_that_is_not_pinned_is_found(checkout: Path, old: str, new: str, message: str) -> None:
    assert after(checkout, HOOKS, old, new) == [f"{HOOKS}: {message} (installs)"]


@pytest.mark.parametrize(
    "command",
    [
        "pytest -k fast",
        "pytest --ignore tests/unit",
        "pytest --ignore-glob '*sum*'",
        "pytest --deselect tests/unit/test_sum.py::test_it",
        "pytest -m fast",
        'pytest -m "unit and not contract"',
        'python -m pytest -m "not slow and not contract"',
        "pytest --maxfail=1",
        "pytest -x",
        "pytest --lf",
        "pytest --collect-only",
        "pytest -p no:randomly",
        "pytest -p no:socket",
        "pytest --no-cov",
        "pytest --cov-fail-under=10",
        "pytest -W ignore",
        "pytest --disable-warnings",
        "pytest --force-enable-socket",
        "pytest --allow-hosts=example.org",
        "pytest -o xfail_strict=false",
        "pytest -c other.toml",
        "pytest --noconftest",
        "export PYTEST_ADDOPTS=-kfast",
        "make test ARGS='-k fast'",
        "ruff check . --ignore E501",
        "ruff check --select F .",
        "mypy --no-strict-optional",
        "mypy --ignore-missing-imports",
        "coverage report --fail-under=10",
        "coverage run --omit 'tests/*'",
        "lint-imports --contract walls",
        "zizmor --persona=regular .",
        "zizmor --min-severity=high .",
        "pip-audit --ignore-vuln CVE-2026-1",
    ],
)
@pytest.mark.parametrize(("name", "old"), [(".ci/step", "make $1"), ("Makefile", "@ruff check .")])
def test_a_suite_or_check_made_smaller_is_found(checkout: Path, name: str, old: str, command: str) -> None:
    (finding,) = after(checkout, name, old, command)
    assert finding.startswith(f"{name}: ")
    assert finding.endswith("(narrowed)")


@pytest.mark.parametrize(
    "command",
    [
        'python -m pytest --cov -m "not slow" --junitxml=out/test.xml',
        "python -m pytest -m slow",
        "python -m tools.determinism --pytest",
        "pytest -p no:cacheprovider -p randomly tests/unit",
        "coverage json -o out/coverage.json",
        "zizmor --offline --persona=auditor .github",
        "buf breaking proto --exclude-imports --against proto/released.binpb",
        "git clean --exclude x",
        'make "$1" ARGS=',
    ],
)
def test_a_suite_or_check_as_it_should_be_is_left_alone(checkout: Path, command: str) -> None:
    assert after(checkout, "Makefile", "@ruff check .", f"@{command}") == []


def test_an_option_among_pytest_s_own_settings_is_found(checkout: Path) -> None:
    assert after(checkout, "pyproject.toml", '"--strict-markers"', '"--deselect=tests/unit/test_sum.py"') == [
        "pyproject.toml: addopts: '--deselect' leaves tests out (narrowed)"
    ]


def test_an_option_that_a_tool_gives_pytest_is_found(checkout: Path) -> None:
    assert after(checkout, "tools/job.py", '"tests"', '"-k", "fast"') == [
        "tools/job.py: '-k' leaves tests out (narrowed)"
    ]
