"""make, and the scripts of .ci, as a contributor runs them, in any folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.guard.scratch import ROOT

_OURS = ("MAKE", "MFLAGS", "PYTEST_", "COV_", "COVERAGE_", "GIT_", "ARGS")


def outside() -> dict[str, str]:
    """The environment without what belongs to the run of make and pytest that this is a part of."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A command in a folder; its exit status and all its output in `stdout`."""
    return subprocess.run(
        command,
        cwd=folder,
        env=outside(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=55,
    )


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`make` with the tools of this environment, which it takes as installed."""
    return run(folder, "make", "--no-print-directory", f"VENV={sys.prefix}", "-o", "dev", *arguments)


def listed(target: str) -> list[str]:
    """What a target of this repository prints, by lines."""
    return make(ROOT, target).stdout.splitlines()


def with_ci(folder: Path, makefile: str) -> Path:
    """Puts .ci and a Makefile into a folder."""
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    (folder / "Makefile").write_text(makefile)
    return folder
