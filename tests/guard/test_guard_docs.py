"""Faults planted in documents: commands, flags and files that are not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guard.planted import after


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("`make test`", "`make tests`", "make tests: no such target"),
        ("`make lint check`", "`make lint tidy`", "make tidy: no such target"),
        ("`make test`", '`make tests ARGS="-x y"`', "make tests: no such target"),
        ("`make test`", "`FAST=1 make -s tests`", "make tests: no such target"),
        (".ci/step test", ".ci/steps test", ".ci/steps does not exist"),
        ("tools.job", "tools.work", "python -m tools.work: no such module"),
        ("--out FILE", "--into FILE", "python -m tools.job --into: no such flag"),
        ("latentwire serve --engine", "latentwire start --engine", "latentwire start: no such command"),
        ("--engine fake", "--motor fake", "latentwire serve --motor: no such flag"),
        ("serve --engine fake", "inference --prot=1", "latentwire inference --prot: no such flag"),
        ("serve --engine fake", "gateway --engine fake", "latentwire gateway --engine: no such flag"),
        ("`--port 0`", "`--prot 0`", "latentwire serve --prot: no such flag"),
    ],
)
def test_a_command_that_is_not_there_is_found(checkout: Path, old: str, new: str, message: str) -> None:
    assert after(checkout, "README.md", old, new) == [f"README.md: {message} (doc-commands)"]


@pytest.mark.parametrize(
    "text",
    [
        "`make test ARGS=tests/unit`",
        "`make` finds it, and `makes` does not",
        "```python\nmake = 1\n```",
        "```console\n$ make test          # everything, make it so\n$ latentwire inference --port 1 --help\n```",
        "`python -m json.tool`",
        '```console\n$ curl -d \'{"prompt": "it\n```',
    ],
)
def test_a_command_that_is_there_or_not_ours_is_left_alone(checkout: Path, text: str) -> None:
    assert after(checkout, "docs/it.md", "", f"# It\n\n{text}\n") == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("(#it)", "(#that)", "#that: README.md has no such heading"),
        ("(#it)", "(docs/that.md)", "docs/that.md leads nowhere"),
        ("(#it)", "(CHANGELOG.md#that)", "CHANGELOG.md#that: CHANGELOG.md has no such heading"),
        ("`tools/`", "`tools/work.py`", "tools/work.py does not exist"),
        ("`tools/`", "`tests/unit/no*.py`", "tests/unit/no*.py does not exist"),
        ("`tools/`", '<img src="docs/it.svg">', "docs/it.svg leads nowhere"),
    ],
)
def test_a_path_that_leads_nowhere_is_found(checkout: Path, old: str, new: str, message: str) -> None:
    assert after(checkout, "README.md", old, new) == [f"README.md: {message} (doc-links)"]


@pytest.mark.parametrize(
    "text",
    ["[it](../README.md#it)", "[it](https://example.org/it)", "`tests/unit/test_*.py`", "`image/png`", "`out/it.md`"],
)
def test_a_path_that_leads_somewhere_is_left_alone(checkout: Path, text: str) -> None:
    assert after(checkout, "docs/it.md", "", f"# It\n\n{text}\n") == []


def test_documents_of_others_are_left_alone(checkout: Path) -> None:
    assert after(checkout, "third_party/it/README.md", "", "`make love`, [it](nowhere)\n") == []
