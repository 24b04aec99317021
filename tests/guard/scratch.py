"""A copy of the product in a scratch folder, for faults to be planted in, and commands run there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("latentwire", "inference_svc", "gateway_svc")
_MODEL = Path("inference_svc/models/flatland")
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.onnx", "*.safetensors")


def copied(folder: Path, *names: str) -> Path:
    """Copies files and folders of this repository, the model's weights as links. Returns the folder."""
    for name in names:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_file():
            shutil.copy(source, target)
        else:
            shutil.copytree(source, target, ignore=_LEFT_OUT)
    if "inference_svc" in names:
        _link_model(folder)
    return folder


def _link_model(folder: Path) -> None:
    shutil.rmtree(folder / _MODEL)
    (folder / _MODEL).symlink_to(ROOT / _MODEL)


def plant(path: Path, old: str, new: str) -> None:
    """Replaces a piece of a file that must be there."""
    text = path.read_text()
    assert old in text, f"{old!r} is no longer in {path}"
    path.write_text(text.replace(old, new))


def run(folder: Path, module: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m MODULE` in the folder, whose packages come before those of this repository."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        env={**_outside(), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


def _outside() -> dict[str, str]:
    """The environment without what belongs to the run of tests that this is a part of."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_", "COVERAGE_"))}


def suite(folder: Path) -> Path:
    """Copies what configures this repository's runs of tests, and no test. Returns the folder."""
    (folder / "tests" / "unit").mkdir(parents=True)
    return copied(folder, "pyproject.toml", "tests/conftest.py", "tests/flatland.py", "tests/loopback.py")


def outcome(folder: Path, source: str, *flags: str) -> tuple[int, str, dict[str, str]]:
    """Runs one file of tests in such a folder. Returns the exit status, what was printed, and each test's problem.

    By name; empty where a test passed.
    """
    (folder / "tests" / "unit" / "test_planted.py").write_text(source)
    done = run(folder, "pytest", "-q", "--junitxml=results.xml", *flags, "tests/unit")
    problems: dict[str, str] = {}
    for test in ET.parse(folder / "results.xml").iter("testcase"):  # twice where its end failed as well
        problems[test.attrib["name"]] = problems.get(test.attrib["name"], "") + _problem(test)
    return done.returncode, done.stdout + done.stderr, problems


def _problem(test: ET.Element) -> str:
    return "".join([part.attrib.get("message", "") for part in test] + list(test.itertext()))
