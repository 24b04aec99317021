"""Pairs for a module to share, one for each engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.pair import Pair, served
from tests.flatland import EMBEDDED


@pytest.fixture(scope="session")
def model(flatland_folder: Path) -> tuple[str, ...]:
    """The flags that name a model: none where one is embedded."""
    return () if flatland_folder == EMBEDDED else (f"--model={flatland_folder}",)


@pytest.fixture(scope="module", params=["fake", "onnx"])
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, model: tuple[str, ...]
) -> Iterator[Pair]:
    """A running pair, once with the fake and once with the real engine."""
    engine: str = request.param
    flags = model if engine == "onnx" else ()
    with served(tmp_path_factory.mktemp(engine), f"--engine={engine}", *flags) as running:
        yield running
