"""Pictures that clients send."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inference_svc.rpc.conversion.images import MOST_BYTES, decode_image, decode_images
from latentwire.errors import InvalidArgument
from latentwire.v1 import types_pb2 as t


def _file(kind: str, mode: str = "RGB", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new(mode, (4, 2), 1).save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_files_are_recognised_by_their_first_bytes(kind: str) -> None:
    assert decode_image(t.Image(data=_file(kind)), "image").shape == (2, 4, 3)


def test_transparency_is_kept() -> None:
    assert decode_image(t.Image(data=_file("PNG", "RGBA")), "image").shape == (2, 4, 4)


@pytest.mark.parametrize("mode", ["L", "1", "I;16", "P", "LA", "CMYK"])
def test_other_modes_become_colour(mode: str) -> None:
    kind = "TIFF" if mode == "CMYK" else "PNG"
    if kind == "TIFF":
        pixels = decode_image(t.Image(data=_file("JPEG", mode)), "image")
    else:
        pixels = decode_image(t.Image(data=_file(kind, mode)), "image")
    assert pixels.shape[:2] == (2, 4)


def test_greys_of_16_bits_keep_their_brightness() -> None:
    file = io.BytesIO()
    Image.fromarray(np.array([[0x1200, 0xFFFF]], np.uint16)).save(file, "PNG")
    assert decode_image(t.Image(data=file.getvalue()), "image").tolist() == [[[0x12] * 3, [0xFF] * 3]]


def test_exif_rotation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode_image(t.Image(data=_file("JPEG", exif=exif)), "image").shape == (4, 2, 3)


def test_raw_pixels_are_taken_as_they_are() -> None:
    image = t.Image(data=bytes(range(12)), width=2, height=2, format=t.IMAGE_FORMAT_RAW_RGB)
    assert np.array_equal(decode_image(image, "image").ravel(), np.arange(12))


@pytest.mark.parametrize(
    "image",
    [
        t.Image(),
        t.Image(data=b"\0" * (MOST_BYTES + 1)),
        t.Image(data=b"GIF89a"),
        t.Image(data=_file("PNG"), format=t.IMAGE_FORMAT_JPEG),
        t.Image(data=_file("TIFF")),
        t.Image(data=b"123", width=1, height=2, format=t.IMAGE_FORMAT_RAW_RGB),
        t.Image(data=b"123", width=-1, height=-1, format=t.IMAGE_FORMAT_RAW_RGB),
    ],
    ids=["empty", "too-large", "broken", "not-as-said", "unknown-format", "short", "negative"],
)
def test_what_is_no_picture_is_refused_by_name(image: t.Image) -> None:
    with pytest.raises(InvalidArgument) as caught:
        decode_image(image, "image")
    assert [violation.field for violation in caught.value.violations] == ["image.data"]


def test_pictures_are_limited_together_too() -> None:
    images = [t.Image(data=_file("PNG"))] * 3
    assert len(decode_images(images, "images", most_pixels=24)) == 3
    with pytest.raises(InvalidArgument, match=r"images\[2\]: '24 pixels with those before'"):
        decode_images(images, "images", most_pixels=23)
