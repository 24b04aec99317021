"""The lock files: hashed, without addresses, of one mind, and not behind pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted(path.name for path in ROOT.glob("requirements*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def entries(name: str) -> list[str]:
    """The requirements of a lock file, each with its hashes, on one line."""
    return (ROOT / name).read_text().replace("\\\n", " ").splitlines()


def pins(name: str) -> set[str]:
    return {entry.split(" --hash=")[0].strip() for entry in entries(name)}


def asked_for(extra: str) -> list[Requirement]:
    project = PROJECT["project"]
    return [Requirement(text) for text in [*project["dependencies"], *project["optional-dependencies"][extra]]]


@pytest.mark.parametrize("name", LOCKS)
def test_every_entry_is_an_exact_version_with_hashes(name: str) -> None:
    assert entries(name) != []
    assert [
        entry for entry in entries(name) if not re.fullmatch(r"[\w.-]+==.*?(\s+--hash=sha256:[0-9a-f]{64})+", entry)
    ] == []


@pytest.mark.parametrize("name", LOCKS)
def test_no_entry_names_an_index_or_a_folder(name: str) -> None:
    assert re.findall(r"\S*(?:://|--index|--find-links|@ )\S*", (ROOT / name).read_text()) == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-gpu.txt"])
def test_what_is_installed_is_what_was_tested(name: str) -> None:
    assert {pin.split("==")[0] for pin in pins(name) - pins("requirements-dev.txt")} <= {"onnxruntime-gpu"}


@pytest.mark.parametrize(("name", "extra"), [("requirements.txt", "cpu"), ("requirements-gpu.txt", "gpu")])
def test_the_lock_has_what_the_project_asks_for(name: str, extra: str) -> None:
    locked = dict(pin.split(" ;")[0].split("==") for pin in pins(name))
    missing = [
        str(wish)
        for wish in asked_for(extra)
        if not wish.specifier.contains(locked.get(canonicalize_name(wish.name), "0"))
    ]
    assert missing == []


def test_the_generator_is_the_oldest_runtime_that_is_accepted() -> None:
    (floor,) = (wish.specifier for wish in asked_for("cpu") if wish.name == "grpcio")
    (generator,) = (text for text in PROJECT["dependency-groups"]["dev"] if str(text).startswith("grpcio-tools"))
    assert str(floor).removeprefix(">=") == generator.removeprefix("grpcio-tools==")


def test_torch_stays_out() -> None:
    assert [pin for name in LOCKS for pin in pins(name) if re.match(r"(torch|nvidia-.*|triton)==", pin)] == []
