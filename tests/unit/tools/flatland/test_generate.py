from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tools.flatland import draw
from tools.flatland.generate import OnnxModel, Sampling, generate, generate_all

QUICK = Sampling(steps=2, width_px=64, height_px=64)
PROMPTS = ("a cat", "a house", "a boat", "a star", "a tree")


@pytest.fixture(scope="module")
def model(flatland_folder: Path) -> OnnxModel:
    return OnnxModel(flatland_folder)


def test_pictures_of_many_prompts_come_in_the_order_of_prompts_and_seeds(model: OnnxModel) -> None:
    actual = generate_all(model, PROMPTS, QUICK, batch=2)
    expected = np.concatenate([generate(model, PROMPTS[i : i + 2], range(i, 5)[:2], QUICK) for i in (0, 2, 4)])
    assert np.array_equal(actual, expected)


def test_a_picture_is_drawn_from_the_command_line(
    flatland_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "cat.png"
    monkeypatch.setattr(sys, "argv", ["draw", "a cat", "--out", str(out), "--model", str(flatland_folder), "--side=64"])
    draw.main()
    with Image.open(out) as picture:
        assert (picture.format, picture.size) == ("PNG", (64, 64))
