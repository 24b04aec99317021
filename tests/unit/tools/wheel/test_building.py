"""A source archive has to give the wheel that the checkout gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.wheel.building import BadPackage, build

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "grain"
version = "1.0"
requires-python = ">=3.11"
[tool.hatch.build.targets.wheel]
packages = ["grain"]
[tool.hatch.build.targets.sdist]
include = [{include}]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A package of two files."""
    (tmp_path / "project" / "grain").mkdir(parents=True)
    for name in ("__init__.py", "data.json"):
        (tmp_path / "project" / "grain" / name).write_text("{}\n")
    return tmp_path / "project"


def configure(project: Path, *include: str) -> None:
    (project / "pyproject.toml").write_text(PYPROJECT.format(include=", ".join(f'"{path}"' for path in include)))


def test_a_whole_source_archive_passes(project: Path, tmp_path: Path) -> None:
    configure(project, "/grain")
    package = build(project, tmp_path / "built")
    assert (package.sdist.name, package.wheel.name) == ("grain-1.0.tar.gz", "grain-1.0-py3-none-any.whl")


def test_a_source_archive_that_lacks_a_file_is_refused(project: Path, tmp_path: Path) -> None:
    configure(project, "/grain/*.py")
    with pytest.raises(BadPackage, match=r"grain-1\.0\.tar\.gz gives a wheel that differs"):
        build(project, tmp_path / "built")


def test_what_does_not_build_is_refused_with_what_the_backend_said(project: Path, tmp_path: Path) -> None:
    (project / "pyproject.toml").write_text("[project]\nname = 'grain'\n")
    with pytest.raises(BadPackage, match="hatchling could not build the sdist"):
        build(project, tmp_path / "built")
