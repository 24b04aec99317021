"""A tiny model of hand-made graphs for every test, and Flatland for those of exactness and parity."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference_svc.models import Device, LoadedModel, Loader
from tests.unit.inference_svc.models.tiny import write_tiny


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A model folder that belongs to the test."""
    return write_tiny(tmp_path / "tiny")


@pytest.fixture(scope="session")
def flatland(flatland_folder: Path) -> LoadedModel:
    """Flatland, loaded on the CPU."""
    return Loader(Device("cpu")).load("flatland", flatland_folder)
