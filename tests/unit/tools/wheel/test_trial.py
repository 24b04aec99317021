"""An installed package is run away from this checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.wheel.__main__ import leave
from tools.wheel.building import BadPackage, Package
from tools.wheel.trial import clean, install


def test_nothing_leads_back_to_the_checkout_or_changes_the_settings() -> None:
    led = {"PYTHONPATH": ".", "VIRTUAL_ENV": ".venv", "COVERAGE_FILE": "x", "LATENTWIRE_INFERENCE_ENGINE": "fake"}
    assert clean({**led, "PATH": "/bin", "HOME": "/home/me"}) == {"PATH": "/bin", "HOME": "/home/me"}


def test_a_lock_without_hashes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock.txt").write_text("click==8.3.0\n")
    with pytest.raises(BadPackage, match="hash"):
        install(tmp_path / "a.whl", tmp_path / "lock.txt", tmp_path / "environment")


def test_the_package_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    package = Package(tmp_path / "latentwire-2.tar.gz", tmp_path / "latentwire-2-py3-none-any.whl")
    (tmp_path / "dist").mkdir()
    for path in (
        package.sdist,
        package.wheel,
        tmp_path / "dist/latentwire-1-py3-none-any.whl",
        tmp_path / "dist/notes",
    ):
        path.touch()
    leave(package, tmp_path / "dist")
    assert sorted(path.name for path in (tmp_path / "dist").iterdir()) == [
        "latentwire-2-py3-none-any.whl",
        "latentwire-2.tar.gz",
        "notes",
    ]
