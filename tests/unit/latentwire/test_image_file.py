"""Texts that files carry beside the generation parameters."""

from __future__ import annotations

import io
import struct

import numpy as np
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


def photograph(*tags: bytes) -> Image.Image:
    """A JPEG of 8x4 pixels whose EXIF holds these tags."""
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + b"".join(tags) + bytes(4)
    file = io.BytesIO()
    PICTURE.resize((8, 4)).save(file, "JPEG", exif=exif)
    return Image.open(file)


ON_ITS_SIDE = struct.pack("<HHIHH", 0x112, 3, 1, 6, 0)


def test_a_picture_is_turned_as_its_exif_says() -> None:
    assert image_file.upright(photograph(ON_ITS_SIDE)).size == (4, 8)


@pytest.mark.parametrize(
    "broken", [struct.pack("<HHIf", 0x11A, 11, 1, float("nan")), struct.pack("<HHII", 256, 2, 1, 97)]
)
def test_broken_exif_harms_no_picture(broken: bytes) -> None:
    assert image_file.upright(photograph(broken, ON_ITS_SIDE)).size == (8, 4)


def test_greys_of_16_bits_stay_greys() -> None:
    deep = Image.fromarray(np.array([[0, 255, 256, 0x8000, 0xFFFF]], np.uint16))
    assert np.asarray(image_file.eight_bits(deep)).tolist() == [[0, 0, 1, 128, 255]]


def test_a_picture_of_8_bits_stays_as_it_is() -> None:
    assert image_file.eight_bits(PICTURE) is PICTURE
