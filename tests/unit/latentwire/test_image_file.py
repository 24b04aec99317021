"""Texts that files carry beside the generation parameters."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from latentwire import image_file

PICTURE = Image.new("RGB", (8, 8))


def info(**arguments: object) -> dict[object, object]:
    return dict(Image.open(io.BytesIO(image_file.encode(PICTURE, "PNG", **arguments))).info)  # type: ignore[arg-type]


def test_a_png_carries_texts_by_key() -> None:
    texts = {"postprocessing": "larger", "Title": "größe, 高さ", "Empty": ""}
    assert info(infotext="a hat", texts=texts) == {
        "parameters": "a hat",
        "postprocessing": "larger",
        "Title": "größe, 高さ",
    }


@pytest.mark.parametrize("key", ["", " a", "a ", "k" * 80, "ключ", "line\nend"])
def test_a_key_that_png_can_t_hold_is_left_out(key: str) -> None:
    assert info(texts={key: "text"}) == {}


def test_the_longest_key_is_kept() -> None:
    assert info(texts={"k" * 79: "text"}) == {"k" * 79: "text"}
