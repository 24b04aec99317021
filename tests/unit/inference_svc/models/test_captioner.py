"""The captioner beside a model: what it says, and what is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inference_svc.models import CAPTIONER_FILE, Captioner, Device, OnnxSettings
from latentwire.errors import FailedPrecondition
from tests.captioners import write_captioner
from tests.upscalers import write_nearest


def captioner(folder: Path) -> Captioner:
    return Captioner.load(folder, Device("cpu"), OnnxSettings())


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Captioner:
    return captioner(write_captioner(tmp_path_factory.mktemp("toy")))


@pytest.mark.parametrize("shape", [(8, 16, 3), (1, 1, 3), (200, 31, 3)])
def test_a_picture_of_any_size_is_said_word_by_word_until_the_end(toy: Captioner, shape: tuple[int, ...]) -> None:
    assert toy.caption(np.zeros(shape, np.uint8)) == "a cat"


def test_a_sentence_without_end_is_cut(toy: Captioner) -> None:
    words = toy.caption(np.full((8, 16, 3), 255, np.uint8)).replace(",", " ,").split()
    assert (len(words), words[:4]) == (31, ["a", "dog", ",", "a"])


def test_it_takes_pictures_of_the_size_that_its_graph_is_fixed_to(toy: Captioner) -> None:
    assert toy.size == (16, 8)


def test_a_graph_of_another_kind_is_refused(tmp_path: Path) -> None:
    write_captioner(tmp_path)
    write_nearest(tmp_path / CAPTIONER_FILE)
    with pytest.raises(FailedPrecondition, match="expected: image, tokens and scores"):
        captioner(tmp_path)
