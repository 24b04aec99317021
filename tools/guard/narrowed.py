"""Guard: no option makes a suite or a checker look at less than pyproject.toml says."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tools.guard import checkout
from tools.guard.checkout import named
from tools.guard.finding import Finding
from tools.guard.lines import lines

# The start of the command matters: --ignore means something else to git.
_PYTEST = re.compile(r"\b(pytest|addopts|ARGS=)")
_CHECKER = re.compile(r"\b(ruff|mypy|lint-imports|zizmor|coverage|buf|check-jsonschema|pip-audit)\b")
_SUITE = {
    # The three that are left out only keep a cache, or give fixtures that no test asks for.
    re.compile(r"-p[ =]?no:(?!(?:cacheprovider|schemathesis|locust)\b)\S+"): "takes a plugin away",
    re.compile(r"--(ignore(-glob)?|deselect)\b"): "leaves tests out",
    re.compile(r"(?<![\w-])-k\b"): "leaves tests out",
    re.compile(
        r"(?<!python )(?<![\w-])-m (?!['\"]?(pytest\b|coverage\b|(not )?slow\b(?! (and|or)\b)))"
    ): "leaves tests out",
    re.compile(r"--(co|collect-only|setup-(only|plan))\b"): "runs no test",
    re.compile(
        r"(?<![\w-])-x\b|--(exitfirst|maxfail|sw|stepwise|lf|last-failed|nf|new-first)\b"
    ): "stops before the end",
    re.compile(r"--(runxfail|no-cov|cov-fail-under|noconftest|continue-on-collection-errors)\b"): "changes the verdict",
    re.compile(
        r"--(disable-warnings|disable-pytest-warnings)|(?<![\w-])-W\s*['\"]?(ignore|default|once)"
    ): "hides warnings",
    re.compile(r"--(force-enable-socket|allow-hosts[= ](?!127\.0\.0\.1,::1,localhost\b))"): "opens the network",
    re.compile(r"(?<![\w-])(-o|--override-ini|-c|--config-file|--rootdir)[= ]"): "takes the settings from elsewhere",
}
_CHECKS = {
    re.compile(r"--(extend-)?(ignore|exclude|per-file-ignores)(?![\w-])"): "leaves something out",
    re.compile(
        r"--(omit|include|fail-under|skip|ignore-vuln|min-severity|min-confidence|exclude-path)\b"
    ): "asks for less",
    re.compile(
        r"--(config(-file)?|rcfile|isolated|no-strict|follow-imports|ignore-missing-imports)\b"
    ): "asks for less",
    re.compile(r"--(persona[= ](?!auditor)|contract\b|select\b)"): "asks for less",
}
_ANYWHERE = {
    re.compile(r"\bPYTEST_(ADDOPTS|DISABLE_PLUGIN_AUTOLOAD|PLUGINS)\b"): "changes every pytest behind its back",
}


def check(root: Path) -> Iterator[Finding]:
    """Each such option in workflows, hooks, .ci, Makefiles, tools and pytest's own settings."""
    for path in checkout.shell(root):
        for line in lines(path):
            yield from (Finding(named(root, path), line.number, text, line.target) for text in _faults(line.text))
    for path in checkout.python_tools(root):
        yield from _tool(root, path)
    options = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"].get("addopts", [])
    for text in _faults("addopts " + (options if isinstance(options, str) else " ".join(options))):
        yield Finding("pyproject.toml", 1, f"addopts: {text}")


def _faults(text: str) -> Iterator[str]:
    tables = [_ANYWHERE]
    tables += [_SUITE] if _PYTEST.search(text) else []
    tables += [_CHECKS] if _CHECKER.search(text) else []
    for pattern, message in (item for table in tables for item in table.items()):
        if match := pattern.search(text):
            yield f"'{match[0].strip()}' {message}"


def _tool(root: Path, path: Path) -> Iterator[Finding]:
    """The commands that a tool puts together: a list whose words, in a row, read like a line of a script."""
    for node in ast.walk(checkout.parsed(path)):
        if isinstance(node, ast.List | ast.Tuple):
            words = [item.value for item in node.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)]
            for text in _faults(" ".join(words)):
                yield Finding(named(root, path), node.lineno, text)
