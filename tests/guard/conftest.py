"""A small checkout in which everything is right, for a fault to be planted in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guard.clean import CLEAN


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A scratch folder with the clean files."""
    for name, text in CLEAN.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path
