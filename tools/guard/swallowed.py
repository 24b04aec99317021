"""Guard: a step that fails makes the run fail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.guard import checkout
from tools.guard.checkout import named
from tools.guard.finding import Finding
from tools.guard.lines import lines
from tools.guard.workflow import document, settings

_OR = re.compile(r"\|\|")
# What may follow a `||`: the status is kept, or the script ends with it.
_HEEDS = re.compile(r"\s*(\w+=\$+\?|(exit|return)\s+[\"']?(\$|[1-9]))")
# What may come before one: a plain test is a choice, not a failure.
_CHOICE = re.compile(r"(.*(;|&&|\|\||then|do))?\s*@?(test|\[+)\s[^;&|]*")
_TOOL = r"(\S*/)?(make|step|run|pytest|python3?|coverage|ruff|mypy|buf|lint-imports|pip-audit|\$\(BIN\)/\S+)\b(?=\s|$)"
_SHELL = {
    re.compile(r"(;|^)\s*(true|:|(exit|return)\s+0)\s*(#.*)?$"): "swallows a failure",
    re.compile(rf"(^|[;&(]|run:)\s*['\"@]*(!|if|while|until)\s+(!\s+)?{_TOOL}"): "makes a failure a choice",
    re.compile(rf"{_TOOL}[^;|]*(?<![&>])&(?![&>])"): "goes on while it runs, and does not hear how it ends",
    re.compile(r"\bset\s+\+\w*e|\bset\s+\+o\s+(errexit|pipefail)|\bshopt\s+-\w*u"): "lets failures pass from here on",
    re.compile(r"\btrap\s+.*\b(EXIT|ERR|0)\b"): "may turn every exit into success",
    re.compile(r"--exit-zero\b|--suppress-no-test-exit-code\b|--no-cov-on-fail\b"): "asks a tool to succeed anyway",
    re.compile(r"\bmake\b[^|;&]*\s(-\w*[ik]\b|--keep-going|--ignore-errors)"): "asks make to go on after a failure",
}
_RECIPE = {re.compile(r"^\t[@+]*-|^[\w$(). -]+:[^=;]*;\s*[@+]*-"): "a '-' before a recipe line ignores its failure"}
_SETTINGS = {
    "continue-on-error": re.compile(r"(?!false$).*", re.IGNORECASE),
    "if": re.compile(r"(\$\{\{)?\s*(false|0|''|!always\(\))\s*(\}\})?", re.IGNORECASE),
    "shell": re.compile(r"(?!(bash|pwsh)$).*"),
}
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}")
_PIPE = re.compile(r"(?<!\|)\|(?!\|)")
_STRICT = "set -euo pipefail"


def check(root: Path) -> Iterator[Finding]:
    """Each place in workflows, hooks, .ci and Makefiles where a failure would go unseen."""
    for path in [*checkout.hosting(root), *checkout.hooks(root)]:
        yield from _settings(root, path)
        yield from _lines(root, path, _SHELL)
    for path in checkout.workflows(root):
        yield from (Finding(named(root, path), 1, message) for message in _pipes(document(path)))
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
    for line in lines(path):
        for pattern, message in patterns.items():
            if match := pattern.search(_EXPRESSION.sub("it", line.text)):
                yield Finding(named(root, path), line.number, f"'{match[0].strip()}' {message}")
        if swallows := _alternative(_EXPRESSION.sub("it", line.text)):
            yield Finding(named(root, path), line.number, f"'{swallows}' swallows a failure")


def _alternative(text: str) -> str:
    """The first `||` by which a command that fails is passed over, with what follows it."""
    for match in _OR.finditer(text):
        if not _HEEDS.match(text, match.end()) and not _CHOICE.fullmatch(text[: match.start()]):
            return text[match.start() :].strip()
    return ""


def _pipes(workflow: dict[Any, Any]) -> Iterator[str]:
    """Without a `shell: bash` of its own a step runs without pipefail."""
    for name, job in workflow.get("jobs", {}).items():
        for step in job.get("steps", ()):
            if step.get("shell") != "bash" and _PIPE.search(_EXPRESSION.sub("it", step.get("run", ""))):
                yield f"job {name} pipes without 'shell: bash': only the last command of a pipe is heard"


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
