"""Builds sdist and wheel with the backend that the lock names, offline."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path


class BadPackage(Exception):
    """A package that is not fit to be released: the message says why."""


@dataclass(frozen=True, slots=True)
class Package:
    """A built source archive and the wheel that is the same whether built from it or from the checkout."""

    sdist: Path
    wheel: Path


def build(checkout: Path, into: Path) -> Package:
    """Builds both. BadPackage: the source archive gives another wheel than the checkout does."""
    (sdist,) = _hatch(checkout, "sdist", into)
    (wheel,) = _hatch(checkout, "wheel", into)
    with tarfile.open(sdist) as archive:
        archive.extractall(into / "unpacked", filter="data")
    (source,) = (into / "unpacked").iterdir()
    (again,) = _hatch(source, "wheel", into / "again")
    if digest(wheel) != digest(again):
        raise BadPackage(f"{sdist.name} gives a wheel that differs from the one that the checkout gives.")
    return Package(sdist, wheel)


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _hatch(source: Path, target: str, into: Path) -> list[Path]:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(into)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BadPackage(f"hatchling could not build the {target}:\n{done.stdout}{done.stderr}")
    return sorted(into.glob("*.tar.gz" if target == "sdist" else "*.whl"))
