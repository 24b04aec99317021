"""Faults planted in the lock files: without hashes, with addresses, of two minds, behind pyproject.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guard.clean import pin
from tests.guard.planted import after, plant, said

LOCK = "requirements.txt"
DEV = "requirements-dev.txt"


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (LOCK, "==1.2 ", ">=1.2 ", "is no exact version with hashes"),
        (LOCK, "--hash=sha256:", "--hash=md5:", "is no exact version with hashes"),
        (LOCK, "grpcio", "--index simple\ngrpcio", "is an address: a lock works with any index"),
        (LOCK, "grpcio==1.2", "grpcio @ https://example.org/grpcio.whl", "is an address: a lock works with any index"),
        (LOCK, "grpcio", f"{pin('torch')}grpcio", "'torch==1.2' stays out of the locks"),
        (DEV, "grpcio", f"{pin('nvidia-cuda')}grpcio", "'nvidia-cuda==1.2' stays out of the locks"),
        (LOCK, "", "", "is missing or empty: make lock"),
        (LOCK, "==1.2", "==1.1", "is behind pyproject.toml: grpcio>=1.2 against 1.1"),
        (LOCK, "==1.2", "==1.3", "installs another grpcio than the one that is tested"),
        (LOCK, "grpcio", f"{pin('extra')}grpcio", "installs another extra than the one that is tested"),
        (DEV, "grpcio-tools", "grpcio-tool", "is behind pyproject.toml: grpcio-tools==1.2 against nothing"),
    ],
)  # fmt: skip
def test_a_lock_that_is_not_sound_is_found(checkout: Path, name: str, old: str, new: str, message: str) -> None:
    found = [finding for finding in after(checkout, name, old, new) if finding.endswith("(locks)")]
    assert any(finding.startswith(f"{name}: ") and message in finding for finding in found)


def test_a_lock_that_is_gone_is_found(checkout: Path) -> None:
    (checkout / DEV).unlink()
    assert f"{DEV}: is missing or empty: make lock (locks)" in said(checkout)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"grpcio>=1.2"', '"grpcio>=1.2", "click>=8"', f"{LOCK}: is behind pyproject.toml: click>=8 against nothing"),
        ("gpu = []", 'gpu = ["numpy"]', "requirements-gpu.txt: is behind pyproject.toml: numpy against nothing"),
        (
            '"grpcio-tools==1.2"',
            '"grpcio-tools==1.2", "ruff"',
            f"{DEV}: is behind pyproject.toml: ruff against nothing",
        ),
    ],
)
def test_a_wish_that_the_locks_do_not_meet_is_found(checkout: Path, old: str, new: str, message: str) -> None:
    assert f"{message} (locks)" in after(checkout, "pyproject.toml", old, new)


def test_a_generator_newer_than_the_oldest_runtime_is_found(checkout: Path) -> None:
    plant(checkout, DEV, "grpcio-tools==1.2", "grpcio-tools==1.3")
    assert after(checkout, "pyproject.toml", "grpcio-tools==1.2", "grpcio-tools==1.3") == [
        "pyproject.toml: grpcio-tools 1.3 is not the oldest grpcio accepted, 1.2 (locks)"
    ]


def test_a_name_written_in_another_way_is_the_same_package(checkout: Path) -> None:
    plant(checkout, DEV, "grpcio-tools", f"{pin('typing-extensions')}grpcio-tools")
    assert after(checkout, "pyproject.toml", '"grpcio-tools==1.2"', '"grpcio-tools==1.2", "Typing_Extensions"') == []
