"""Guard: an action is named by the commit that was read, and says which version that is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tools.guard.finding import Finding, workflows
from tools.guard.workflow import Setting, settings

_COMMIT = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
_IMAGE = re.compile(r"docker://.+@sha256:[0-9a-f]{64}")
_VERSION = re.compile(r"#\s*v\d+(\.\d+)*\s*$")


def check(root: Path) -> Iterator[Finding]:
    """Each `uses:` of a workflow that is neither of this repository nor pinned."""
    for path in workflows(root):
        lines = path.read_text().splitlines()
        for setting in settings(path):
            if setting.key == "uses" and (message := _fault(setting, lines[setting.line - 1])):
                yield Finding(str(path.relative_to(root)), setting.line, message)


def _fault(setting: Setting, line: str) -> str:
    if setting.value.startswith("./") or _IMAGE.fullmatch(setting.value):
        return ""
    if not _COMMIT.fullmatch(setting.value):
        return f"{setting.value} is not pinned to a commit: write the 40 hex digits"
    return "" if _VERSION.search(line) else f"{setting.value} does not say which version it is: end with '# v1.2.3'"
