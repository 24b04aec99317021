"""Guard: what is large is in the repository on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tools.guard.checkout import files
from tools.guard.finding import Finding

MOST_BYTES = 1_000_000


def check(root: Path) -> Iterator[Finding]:
    """Each file over a megabyte."""
    for name in files(root):
        size = (root / name).stat().st_size
        if size > MOST_BYTES:
            yield Finding(name, 1, f"has {size / 1e6:.1f} MB, and every clone takes it along")
