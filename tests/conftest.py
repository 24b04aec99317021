"""What every suite has: a marker from its path, and the end-to-end suite more time."""

from __future__ import annotations

from pathlib import Path

import pytest

SUITES = frozenset({"unit", "contract", "guard", "e2e", "load", "gpu"})
# Processes that start, and models that are made, on a machine with other things to do.
E2E_TIMEOUT_S = 300
_TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks each test with the name of the folder under tests/ that it lies in."""
    for item in items:
        suite = item.path.relative_to(_TESTS).parts[0]
        if suite in SUITES:
            item.add_marker(suite)
        if suite == "e2e":
            item.add_marker(pytest.mark.timeout(E2E_TIMEOUT_S))
