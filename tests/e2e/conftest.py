"""Pairs for a module to share, one for each engine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.pair import Pair, served

ROOT = Path(__file__).resolve().parents[2]
UNTRAINED = ROOT / "var" / "flatland-untrained"
EMBEDDED = ROOT / "inference_svc" / "models" / "flatland" / "model_index.json"


@pytest.fixture(scope="session")
def model() -> tuple[str, ...]:
    """The flags that name a model: none where one is embedded, else an untrained export of the same architecture."""
    if EMBEDDED.exists():
        return ()
    if not (UNTRAINED / "model_index.json").exists():
        make = [sys.executable, "-m", "tools.flatland.untrained", "--out", str(UNTRAINED)]
        subprocess.run(make, cwd=ROOT, check=True, timeout=240)
    return (f"--model={UNTRAINED}",)


@pytest.fixture(scope="module", params=["fake", "onnx"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A running pair, once with the fake and once with the real engine."""
    engine: str = request.param
    model = request.getfixturevalue("model") if engine == "onnx" else ()
    with served(tmp_path_factory.mktemp(engine), f"--engine={engine}", *model) as running:
        yield running
