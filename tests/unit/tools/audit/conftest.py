"""The facts of a run that misses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.tools.audit.complete import complete
from tools.audit.facts import Facts


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    """A checkout and its evidence in a scratch folder."""
    return complete(tmp_path)
