"""A small checkout in which everything is right, for a fault to be planted in."""

from __future__ import annotations

from pathlib import Path

import pytest

CLEAN = {
    ".github/workflows/ci.yml": """\
on: push
permissions: {}
jobs:
  run:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
      - uses: ./.github/actions/own
      - if: github.ref == 'refs/heads/main'
        continue-on-error: false
        run: .ci/run
""",
    ".ci/run": "#!/usr/bin/env bash\nset -euo pipefail\nmake test\n",
    "Makefile": ".SHELLFLAGS := -euo pipefail -c\ntest:\n\t@pytest\n",
    "tests/unit/test_sum.py": "def test_one_and_one_is_two() -> None:\n    assert 1 + 1 == 2\n",
    "tools/guard/allowed.toml": "",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A scratch folder with the clean files."""
    for name, text in CLEAN.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path
