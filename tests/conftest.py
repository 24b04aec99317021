"""What every suite has: a marker from its path, no network, Hypothesis's profile, the model; e2e more time."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.flatland import model_folder
from tests.loopback import stay_on_loopback

SUITES = frozenset({"unit", "contract", "guard", "e2e", "load", "gpu"})
# Processes that start, and models that are made, on a machine with other things to do.
E2E_TIMEOUT_S = 300
_TESTS = Path(__file__).parent

# How long an example takes says more about the machine than about the code. The same examples in every run, or a change
# would be refused for what it has not touched; EXPLORE, which `make slow` sets, draws others.
settings.register_profile("latentwire", deadline=None, derandomize="EXPLORE" not in os.environ, print_blob=True)
settings.load_profile("latentwire")


def pytest_configure() -> None:
    """Cuts the network off before any test module is imported."""
    stay_on_loopback()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks each test with the name of the folder under tests/ that it lies in."""
    for item in items:
        suite = item.path.relative_to(_TESTS).parts[0]
        if suite in SUITES:
            item.add_marker(suite)
        if suite == "e2e":
            item.add_marker(pytest.mark.timeout(E2E_TIMEOUT_S))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Makes the model where a test wants it and there is none, before the time of the first test begins."""
    wanted = any("flatland_folder" in getattr(item, "fixturenames", ()) for item in session.items)
    if wanted and not session.config.option.collectonly:
        model_folder()


@pytest.fixture
def heeded_signals() -> Iterator[None]:
    """Heeds the signals that whoever started the suite has it ignore: nohup does, and a shell in the background."""
    ignored = [number for number in (signal.SIGINT, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.default_int_handler)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture(scope="session")
def flatland_folder() -> Path:
    """The folder of the package's model, else of an untrained one of the same architecture."""
    return model_folder()
