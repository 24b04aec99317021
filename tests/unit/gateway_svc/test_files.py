from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from gateway_svc.files import FileFormat, encode
from gateway_svc.grid import grid, rows
from latentwire.chunks import Picture
from latentwire.v1 import types_pb2


def picture(colour: bytes = b"\x10\x20\x30", width: int = 5, height: int = 3) -> Picture:
    return Picture(0, colour * (width * height), types_pb2.IMAGE_FORMAT_RAW_RGB, width, height, 1, 2, "")


def chunks(file: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a PNG."""
    found, at = [], 8
    while at < len(file):
        (length,) = struct.unpack(">I", file[at : at + 4])
        found.append((file[at + 4 : at + 8], file[at + 8 : at + 8 + length]))
        at += length + 12
    return found


def test_latin_text_is_a_text_chunk() -> None:
    assert (b"tEXt", b"parameters\0gr\xf6\xdfe") in chunks(encode(picture(), FileFormat(), "größe"))


def test_other_text_is_an_international_text_chunk() -> None:
    names = [name for name, _ in chunks(encode(picture(), FileFormat(), "日本"))]
    assert b"iTXt" in names
    assert b"tEXt" not in names


def test_png_is_written_at_the_fastest_level() -> None:
    data = b"".join(body for name, body in chunks(encode(picture(), FileFormat(), "")) if name == b"IDAT")
    assert data[:2] == zlib.compress(b"", 1)[:2]


@pytest.mark.parametrize("form", [FileFormat(), FileFormat("WEBP", lossless=True)])
def test_a_lossless_format_keeps_every_pixel(form: FileFormat) -> None:
    assert Image.open(io.BytesIO(encode(picture(), form, "a"))).convert("RGB").tobytes() == picture().data


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_no_text_leaves_no_exif(kind: str) -> None:
    assert len(Image.open(io.BytesIO(encode(picture(), FileFormat(kind), ""))).getexif()) == 0


def test_quality_is_kept_within_what_the_formats_take() -> None:
    for asked, taken in ((0, 1), (50, 50), (1000, 100)):
        assert FileFormat.named("jpg", quality=asked, lossless=False) == FileFormat("JPEG", taken)
    assert FileFormat.named("tiff", quality=80, lossless=False) is None


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (2, 1), (3, 1), (4, 2), (6, 2), (9, 3), (12, 3)])
def test_a_grid_is_as_square_as_its_number_allows(count: int, expected: int) -> None:
    assert rows(count) == expected


def test_a_grid_shows_the_pictures_row_by_row() -> None:
    colours = [bytes([shade] * 3) for shade in (1, 2, 3, 4, 5, 6)]
    sheet = grid([picture(colour) for colour in colours])
    image = Image.frombuffer("RGB", (sheet.width, sheet.height), sheet.data, "raw", "RGB", 0, 1)
    assert image.size == (15, 6)
    assert [image.getpixel((x, y)) for y in (0, 3) for x in (0, 5, 10)] == [tuple(colour) for colour in colours]


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_a_text_too_long_for_a_jpeg_is_left_out_and_the_picture_kept(kind: str) -> None:
    image = Image.open(io.BytesIO(encode(picture(), FileFormat(kind), "x" * 70_000)))
    assert (image.size, len(image.getexif())) == ((5, 3), 0)
