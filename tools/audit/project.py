"""What pyproject.toml sets, as far as the audit looks."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from tools.audit.reading import from_toml
from tools.audit.shapes import Name, Shape


class Pytest(Shape):
    """[tool.pytest.ini_options]"""

    addopts: list[str]
    markers: list[str]


class PytestTable(Shape):
    """[tool.pytest]"""

    ini_options: Pytest


class CoverageRun(Shape):
    """[tool.coverage.run]"""

    branch: bool
    source: list[Name] = Field(min_length=1)
    omit: list[str]


class CoverageReport(Shape):
    """[tool.coverage.report]"""

    fail_under: float


class CoverageTable(Shape):
    """[tool.coverage]"""

    run: CoverageRun
    report: CoverageReport


class Tool(Shape):
    """[tool]"""

    pytest: PytestTable
    coverage: CoverageTable


class Metadata(Shape):
    """[project]"""

    classifiers: list[str]


class Project(Shape):
    """The whole file."""

    project: Metadata
    tool: Tool


def read(root: Path) -> Project:
    """pyproject.toml of a checkout."""
    return from_toml(Project, root / "pyproject.toml")


def sources(root: Path, run: CoverageRun) -> set[str]:
    """The files that coverage has to measure, relative to the root."""
    found = {path.relative_to(root) for source in run.source for path in (root / source).rglob("*.py")}
    return {path.as_posix() for path in found if not any(path.match(pattern) for pattern in run.omit)}
