"""A tiny model of hand-made graphs for every test, and Flatland for those of exactness and parity."""

from __future__ import annotations

import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from inference_svc.models import Device, LoadedModel, Loader
from tests.unit.inference_svc.models.tiny import write_tiny

REPOSITORY = Path(__file__).parents[4]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A model folder that belongs to the test."""
    return write_tiny(tmp_path / "tiny")


@pytest.fixture(scope="session")
def flatland_folder() -> Path:
    """The shipped model's folder, else one of the same architecture, untrained; made once and kept under var/."""
    shipped = Path(str(resources.files("inference_svc.models").joinpath("flatland")))
    untrained = REPOSITORY / "var" / "flatland-untrained"
    if (shipped / "model_index.json").is_file():
        return shipped
    if not (untrained / "model_index.json").is_file():
        make = [sys.executable, "-m", "tools.flatland.untrained", "--out", str(untrained)]
        subprocess.run(make, cwd=REPOSITORY, check=True)
    return untrained


@pytest.fixture(scope="session")
def flatland(flatland_folder: Path) -> LoadedModel:
    """Flatland, loaded on the CPU."""
    return Loader(Device("cpu")).load("flatland", flatland_folder)
