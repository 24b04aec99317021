"""Guard: a step that fails makes the run fail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tools.guard import checkout
from tools.guard.checkout import named
from tools.guard.finding import Finding
from tools.guard.workflow import settings

_SHELL = {
    re.compile(r"\|\|\s*(true|:|exit\s+0|return\s+0|echo|printf|/bin/true)(?![\w-])"): "swallows a failure",
    re.compile(r";\s*(true|:|exit\s+0)\s*$"): "swallows a failure",
    re.compile(r"\bset\s+\+\w*e|\bset\s+\+o\s+(errexit|pipefail)"): "lets failures pass from here on",
    re.compile(r"\btrap\s+('exit 0'|\"exit 0\")"): "turns every exit into success",
    re.compile(r"--exit-zero\b|--suppress-no-test-exit-code\b|--no-cov-on-fail\b"): "asks a tool to succeed anyway",
    re.compile(r"\bmake\b[^|;&]*\s(-\w*[ik]\b|--keep-going|--ignore-errors)"): "asks make to go on after a failure",
}
_RECIPE = {re.compile(r"^\t[@+]*-"): "a '-' before a recipe line ignores its failure"}
_SETTINGS = {
    "continue-on-error": re.compile(r"(?!false$).*", re.IGNORECASE),
    "if": re.compile(r"(\$\{\{)?\s*(false|0|''|!always\(\))\s*(\}\})?", re.IGNORECASE),
    "shell": re.compile(r"(ba)?sh \{0\}"),
}
_STRICT = "set -euo pipefail"


def check(root: Path) -> Iterator[Finding]:
    """Each place in workflows, hooks, .ci and Makefiles where a failure would go unseen."""
    for path in [*checkout.hosting(root), *checkout.hooks(root)]:
        yield from _settings(root, path)
        yield from _lines(root, path, _SHELL)
    for path in checkout.scripts(root):
        yield from _lines(root, path, _SHELL)
        yield from _strict(root, path)
    for path in checkout.makefiles(root):
        yield from _lines(root, path, {**_SHELL, **_RECIPE})
        yield from _makefile(root, path)


def _settings(root: Path, path: Path) -> Iterator[Finding]:
    for setting in settings(path):
        pattern = _SETTINGS.get(setting.key)
        if pattern and pattern.fullmatch(setting.value):
            yield Finding(named(root, path), setting.line, f"{setting.key}: {setting.value} hides a failure or a step")


def _lines(root: Path, path: Path, patterns: dict[re.Pattern[str], str]) -> Iterator[Finding]:
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        for pattern, message in patterns.items():
            if not line.lstrip().startswith("#") and (match := pattern.search(line)):
                yield Finding(named(root, path), number, f"'{match[0].strip()}' {message}")


def _strict(root: Path, path: Path) -> Iterator[Finding]:
    text = path.read_text()
    if text.startswith("#!") and "sh" in text.splitlines()[0] and _STRICT not in text:
        yield Finding(named(root, path), 1, f"without '{_STRICT}' a failing line is passed over")


def _makefile(root: Path, path: Path) -> Iterator[Finding]:
    text = path.read_text()
    if ".SHELLFLAGS := -euo pipefail -c" not in text:
        yield Finding(named(root, path), 1, "without '.SHELLFLAGS := -euo pipefail -c' a failing line passes")
    if re.search(r"^\.(IGNORE|SILENT_FAILURES)\b|^MAKEFLAGS\b.*\s-?[ik]", text, re.MULTILINE):
        yield Finding(named(root, path), 1, "asks make to go on after a failure")
