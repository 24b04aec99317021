"""The files of a small checkout in which everything is right."""

from __future__ import annotations

import hashlib

ACTION = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683"
WORKFLOW = ".github/workflows/ci.yml"
RELEASE = ".github/workflows/release.yml"
TEST = "tests/unit/test_sum.py"
IMAGE = b"a contract"

CI = f"""\
on:
  push:
  pull_request:
permissions: {{}}
concurrency: ci
jobs:
  run:
    runs-on: ubuntu-24.04
    timeout-minutes: 20
    steps:
      - uses: {ACTION} # v4.2.2
        with:
          persist-credentials: false
      - if: github.ref == 'refs/heads/main'
        continue-on-error: false
        uses: ./.github/actions/own
      - run: .ci/step dev
      - run: .ci/step pip-audit
      - run: .ci/step test
  all-green:
    if: ${{{{ always() }}}}
    needs: [run]
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - run: test "${{{{ needs.run.result }}}}" = success
"""

RELEASED = """\
on:
  push:
    tags: ["v*"]
permissions: {}
concurrency: release
jobs:
  publish:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions:
      id-token: write
    steps:
      - run: .ci/step dev
"""

DEPENDABOT = """\
version: 2
updates:
  - package-ecosystem: github-actions
    directory: /
    schedule: {interval: weekly}
    cooldown: {default-days: 7}
  - package-ecosystem: pip
    directory: /
    schedule: {interval: weekly}
    cooldown: {default-days: 7}
"""

MAKEFILE = """\
.SHELLFLAGS := -euo pipefail -c
STEPS := dev test
HOSTED := pip-audit
TOOL := uv==0.9.1
dev:
\t@pip install --quiet --require-hashes -r requirements-dev.txt
\t@pip install $(TOOL)
\t@pip install --no-deps -e .
test: dev
\t@pytest -m "not slow"
pip-audit:
\t@pip-audit --strict
lint:
\t@ruff check .
check:
\t@.ci/run
steps:
\t@echo $(STEPS)
"""

PROJECT = """\
[project]
dependencies = ["grpcio>=1.2"]
[project.optional-dependencies]
cpu = []
gpu = []
[dependency-groups]
dev = ["grpcio-tools==1.2"]
[tool.coverage.report]
fail_under = 90
[tool.mypy]
strict = true
[tool.pytest.ini_options]
testpaths = ["tests/unit"]
addopts = ["--strict-markers"]
[tool.importlinter]
contracts = [{id = "down", layers = ["rpc", "engine"]}]
"""

FLOOR = """\
[at_least]
"coverage.report.fail_under" = 90
"tests.count" = 1
[at_most]
"suppressions.whole_files" = 0
[equal]
"mypy.strict" = true
[contains]
"pytest.ini_options.testpaths" = ["tests/unit"]
[within]
"overrides" = []
"mypy" = ["strict"]
[in_order]
"importlinter.contracts.down.layers" = ["rpc", "engine"]
[[changed]]
date = 2026-01-01
reason = "the first floor of this checkout"
digest = "3f2dd8f2e4d1a76f"
"""

README = """\
# It

`make test`, `make lint check` and `python -m tools.job --out FILE`; see [the start](#it) and `tools/`.

```console
$ latentwire serve --engine fake && .ci/step test
```

| `latentwire serve` | what |
|---|---|
| `--port 0` | a free port |
"""

JOB = """\
import subprocess

FLAG = "--out"
subprocess.run(["pytest", "tests"], check=True)
"""

RUN = """\
#!/usr/bin/env bash
set -euo pipefail
for name in $(make --no-print-directory steps); do .ci/step $name; done
"""

HOOKS = f"""\
repos:
  - repo: https://example.org/hooks
    rev: {"0" * 40} # v1
    hooks: [{{id: tidy, additional_dependencies: [tool==1.0]}}]
"""


def pin(name: str, version: str = "1.2") -> str:
    """An entry of a lock file."""
    return f"{name}=={version} \\\n    --hash=sha256:{hashlib.sha256(name.encode()).hexdigest()}\n"


CLEAN = {
    WORKFLOW: CI,
    RELEASE: RELEASED,
    ".github/dependabot.yml": DEPENDABOT,
    ".ci/run": RUN,
    ".ci/step": "#!/usr/bin/env bash\nset -euo pipefail\nmake $1\n",
    ".pre-commit-config.yaml": HOOKS,
    "Makefile": MAKEFILE,
    "pyproject.toml": PROJECT,
    "buf.yaml": "version: v2\n",
    "requirements.txt": pin("grpcio"),
    "requirements-gpu.txt": pin("grpcio"),
    "requirements-dev.txt": pin("grpcio") + pin("grpcio-tools"),
    "README.md": README,
    "CHANGELOG.md": f"- contract image {hashlib.sha256(IMAGE).hexdigest()[:12]}\n",
    "proto/released.binpb": IMAGE.decode(),
    TEST: "def test_one_and_one_is_two() -> None:\n    assert 1 + 1 == 2\n",
    "tools/job.py": JOB,
    "tools/guard/allowed.toml": "",
    "tools/guard/floor.toml": FLOOR,
}
