"""Guard: the lock files are hashed, without addresses, of one mind, and not behind pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.guard.finding import Finding

DEV = "requirements-dev.txt"
INSTALLED = {"requirements.txt": "cpu", "requirements-gpu.txt": "gpu"}
_TOGETHER = (DEV, *INSTALLED)
_ENTRY = re.compile(r"[\w.-]+==.*?(\s+--hash=sha256:[0-9a-f]{64})+")
_ADDRESS = re.compile(r"\S*(?:://|--index|--find-links|@ )\S*")
# Not in the lock: its build for a processor has another hash than the one for a GPU (docs/dependencies.md).
_OUTSIDE = re.compile(r"(torch|nvidia-.*|triton)==")


def check(root: Path) -> Iterator[Finding]:
    """Each entry of a lock file that is inexact, and each wish of pyproject.toml that the locks do not meet."""
    project = tomllib.loads((root / "pyproject.toml").read_text())
    names = sorted({*_TOGETHER, *(path.name for path in root.glob("requirements*.txt"))})
    for name in names:
        yield from (Finding(name, 1, message) for message in _file(root, name))
    for name, extra in INSTALLED.items():
        wishes = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"][extra]]
        yield from (Finding(name, 1, f"is behind pyproject.toml: {wish}") for wish in _unmet(root, name, wishes))
        for pin in sorted({pin.split("==")[0] for pin in _pins(root, name) - _pins(root, DEV)} - {"onnxruntime-gpu"}):
            yield Finding(name, 1, f"installs another {pin} than the one that is tested")
    tools = [wish for wish in project["dependency-groups"]["dev"] if isinstance(wish, str)]
    yield from (Finding(DEV, 1, f"is behind pyproject.toml: {wish}") for wish in _unmet(root, DEV, tools))
    yield from (Finding("pyproject.toml", 1, message) for message in _generator(project))


def _entries(root: Path, name: str) -> list[str]:
    """The requirements of a lock file, each with its hashes, on one line; none where there is no file."""
    return (root / name).read_text().replace("\\\n", " ").splitlines() if (root / name).exists() else []


def _pins(root: Path, name: str) -> set[str]:
    return {entry.split(" --hash=")[0].strip() for entry in _entries(root, name)}


def _file(root: Path, name: str) -> Iterator[str]:
    entries = _entries(root, name)
    if not entries:
        yield "is missing or empty: make lock"
    for entry in entries:
        if not _ENTRY.fullmatch(entry):
            yield f"'{entry[:60]}' is no exact version with hashes"
        if _OUTSIDE.match(entry):
            yield f"'{entry.split(' ')[0]}' stays out of the locks"
        if address := _ADDRESS.search(entry):
            yield f"'{address[0]}' is an address: a lock works with any index"


def _unmet(root: Path, name: str, wishes: list[str]) -> Iterator[str]:
    locked = dict(pin.split(" ;")[0].split("==", 1) for pin in _pins(root, name) if "==" in pin)
    for wish in map(Requirement, wishes):
        version = locked.get(canonicalize_name(wish.name))
        if version is None or not wish.specifier.contains(version.strip(), prereleases=True):
            yield f"{wish} against {version or 'nothing'}"


def _generator(project: dict[str, Any]) -> Iterator[str]:
    """Generated code refuses to run on an older grpcio than its generator."""
    wishes = [Requirement(wish) for wish in (*project["project"]["dependencies"], *project["dependency-groups"]["dev"])]
    versions = {wish.name: re.sub(r"^[>=~]+", "", str(wish.specifier)) for wish in wishes}
    if versions.get("grpcio") != versions.get("grpcio-tools"):
        yield f"grpcio-tools {versions.get('grpcio-tools')} is not the oldest grpcio accepted, {versions.get('grpcio')}"
