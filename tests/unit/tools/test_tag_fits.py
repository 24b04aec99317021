"""A release is refused unless tag, package and changelog are of one mind."""

from __future__ import annotations

import pytest

from tools.tag_fits import main, objections

CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-01-31\n\n### Added\n"


def test_a_tag_that_is_the_version_passes() -> None:
    assert list(objections("v1.2.3", "1.2.3", CHANGELOG)) == []


@pytest.mark.parametrize("tag", ["v1.2.4", "1.2.3", "v1.2.3-rc1", "", "v1.2.3\nv1.2.3"])
def test_any_other_tag_is_refused(tag: str) -> None:
    (said,) = objections(tag, "1.2.3", CHANGELOG)
    assert said == f"The tag is {tag!r}, the package's version 1.2.3: the tag has to be v1.2.3."


@pytest.mark.parametrize("heading", ["", "## [1.2.3]\n", "## [1.2.30] - 2026-01-31\n", "## [1x2.3] - 2026-01-31\n"])
def test_a_version_that_the_changelog_does_not_tell_of_is_refused(heading: str) -> None:
    assert list(objections("v1.2.3", "1.2.3", heading)) == ["CHANGELOG.md has no section '## [1.2.3] - YYYY-MM-DD'."]


def test_the_command_fails_with_the_objection(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["v0"]) == 1
    assert capsys.readouterr().err.startswith("The tag is 'v0', the package's version ")
