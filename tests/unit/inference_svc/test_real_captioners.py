"""Which captioners the real engine has: those that lie beside its models."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from inference_svc.models import Catalog, Device, OnnxSettings
from inference_svc.real_captioners import Captioners, find_captioners
from inference_svc.rpc.captioning import Description
from tests.captioners import write_captioner

PIXELS = np.zeros((8, 8, 3), np.uint8)


def model(folder: Path, *, captioner: bool) -> Path:
    """What a catalogue takes for a model's folder."""
    folder.mkdir()
    (folder / "model_index.json").write_text("{}")
    return write_captioner(folder) if captioner else folder


def found(folder: Path, default: str) -> tuple[str, ...]:
    captioners = find_captioners(Catalog(default, folder), Device("cpu"), OnnxSettings())
    return () if captioners is None else captioners.models


def test_that_of_the_default_model_is_the_default(tmp_path: Path) -> None:
    for name in "abc":
        model(tmp_path / name, captioner=name != "b")
    own = [[name for name in found(tmp_path, default) if name != "flatland"] for default in "abc"]
    assert own == [["a", "c"], ["a", "c"], ["c", "a"]]


async def test_pictures_are_described_by_the_one_that_is_named(tmp_path: Path) -> None:
    folders = {name: write_captioner(tmp_path / name) for name in ("one", "two")}
    captioners = Captioners(folders, Device("cpu"), OnnxSettings())
    said = [await captioners.describe(PIXELS, name) for name in ("one", "two", "one")]
    assert said == [Description("a cat")] * 3
