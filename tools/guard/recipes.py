"""What the steps of CI do, as digests that a floor records: a step that does less is a change that is argued for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from tools.guard import checkout
from tools.guard.lines import Line, lines
from tools.guard.steps import variable

# Beside the steps: what prints them, and what a contributor runs.
_BESIDE = ("check", "steps", "steps-hosted")
# Lines outside of recipes that change how every recipe runs.
_SETTING = re.compile(
    r"\.(?!PHONY)[A-Z_]+|[-s]?include\b|define\b|.*\b(SHELL|SHELLFLAGS|MAKE(FLAGS|FILES|OVERRIDES)|GNUMAKEFLAGS|eval)\b"
)


def commands(root: Path) -> dict[str, str]:
    """The digest of each step's recipe and prerequisites, variables put in, comments left out; 12 hex digits each."""
    if not (root / "Makefile").exists():
        return {}
    makefile = list(lines(root / "Makefile"))
    text = (root / "Makefile").read_text()
    names = (*variable(text, "STEPS"), *variable(text, "HOSTED"), *_BESIDE)
    return {name: _digest(_recipe(makefile, name)) for name in names}


def settings(root: Path) -> list[str]:
    """What the Makefile says of shells, flags and other files, line by line."""
    path = root / "Makefile"
    found = lines(path) if path.exists() else ()
    return [line.text.strip() for line in found if not line.text.startswith("\t") and _SETTING.match(line.text)]


def scripts(root: Path) -> dict[str, str]:
    """The digest of each script of CI."""
    return {path.name: _digest(line.text for line in lines(path)) for path in checkout.scripts(root)}


def _recipe(makefile: list[Line], name: str) -> list[str]:
    """Every line of every rule for that target: a second rule would take the place of the first."""
    own = [line.text for line in makefile if name in line.target.split()]
    return [
        text if text.startswith("\t") else text.partition("##")[0]
        for text in own
        if text.startswith("\t") or ":" in text.partition("=")[0]
    ]


def _digest(texts: Iterable[str]) -> str:
    written = "\n".join(text.rstrip() for text in texts if text.strip())
    return hashlib.sha256(written.encode()).hexdigest()[:12]
