"""Plants a fault in a scratch checkout, and says what the guards say."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tools.guard.table import GUARDS, findings


def plant(checkout: Path, name: str, old: str, new: str) -> None:
    """Replaces a piece of a file, which must be there; all of it when `old` is empty."""
    path = checkout / name
    text = path.read_text() if path.exists() else ""
    assert old in text, f"{old!r} is not in {name}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace(old, new, 1) if old else new)


def said(checkout: Path, guards: Iterable[str] = GUARDS) -> list[str]:
    """What the guards find, as "path: message (guard)"."""
    return [f"{one.path}: {one.message} ({name})" for name in guards for one in findings(checkout, name)]


def after(checkout: Path, name: str, old: str, new: str) -> list[str]:
    """What all guards but the slower ones say once the fault is planted."""
    plant(checkout, name, old, new)
    return said(checkout)
