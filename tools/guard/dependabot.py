"""Guard: new versions are proposed by themselves, but not on the day they appear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tools.guard.finding import Finding
from tools.guard.workflow import document

FILE = ".github/dependabot.yml"
COOLDOWN_DAYS = 3
_WANTED = {"github-actions": {"github-actions"}, "Python packages": {"pip", "uv"}}


def check(root: Path) -> Iterator[Finding]:
    """Each ecosystem that is not watched, or is followed without a pause."""
    if not (root / FILE).exists():
        yield Finding(FILE, 1, "is missing")
        return
    updates = document(root / FILE).get("updates", [])
    watched = {update["package-ecosystem"] for update in updates}
    for name, ecosystems in _WANTED.items():
        if not watched & ecosystems:
            yield Finding(FILE, 1, f"does not watch {name}")
    for update in updates:
        if update.get("cooldown", {}).get("default-days", 0) < COOLDOWN_DAYS:
            name = update["package-ecosystem"]
            yield Finding(FILE, 1, f"{name} is taken on its first day: cooldown, default-days {COOLDOWN_DAYS} or more")
