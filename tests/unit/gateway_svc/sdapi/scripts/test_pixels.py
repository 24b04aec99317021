"""Pictures as scripts read them."""

from __future__ import annotations

import io

from PIL import Image

from gateway_svc.sdapi.scripts.pixels import file_of, flattened


def test_a_photograph_is_read_upright() -> None:
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (8, 4)).save(file, "JPEG", exif=exif)
    assert flattened(file.getvalue(), "#ffffff").size == (4, 8)


def test_greys_of_16_bits_keep_their_brightness() -> None:
    assert flattened(file_of(Image.new("I;16", (1, 1), 0x1200)), "#ffffff").getpixel((0, 0)) == (0x12, 0x12, 0x12)


def test_what_is_behind_shows_through() -> None:
    assert flattened(file_of(Image.new("RGBA", (1, 1))), "#102030").getpixel((0, 0)) == (0x10, 0x20, 0x30)
