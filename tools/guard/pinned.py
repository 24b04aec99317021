"""Guard: an action is named by the commit that was read, and says which version that is; an image by its digest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tools.guard.checkout import hosting, named
from tools.guard.finding import Finding
from tools.guard.workflow import Setting, settings

_COMMIT = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
_IMAGE = re.compile(r"(docker://)?\S+@sha256:[0-9a-f]{64}")
_VERSION = re.compile(r"#\s*v\d+(\.\d+)*\s*$")


def check(root: Path) -> Iterator[Finding]:
    """Each action, reusable workflow and image that is neither of this repository nor pinned."""
    for path in hosting(root):
        lines = path.read_text().splitlines()
        for setting in settings(path):
            if message := _fault(setting, lines[setting.line - 1]):
                yield Finding(named(root, path), setting.line, message)


def _fault(setting: Setting, line: str) -> str:
    if setting.key == "uses":
        return _action(setting.value, line)
    if setting.key in {"image", "container"} and not _IMAGE.fullmatch(setting.value) and setting.value != "Dockerfile":
        return f"{setting.value} is not pinned to a digest: write @sha256: and its 64 hex digits"
    return ""


def _action(value: str, line: str) -> str:
    if value.startswith("./") or (value.startswith("docker://") and _IMAGE.fullmatch(value)):
        return ""
    if not _COMMIT.fullmatch(value):
        return f"{value} is not pinned to a commit: write the 40 hex digits"
    return "" if _VERSION.search(line) else f"{value} does not say which version it is: end with '# v1.2.3'"
