"""Files of pictures."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from inference_svc.pipelines import ImageFormat, OutputOptions, encode_image
from tests.unit.inference_svc.pipelines.toys import pixels

TEXT = "a house, 屋\nSteps: 20"
PICTURE = pixels(24, 32)


def opened(options: OutputOptions, text: str = TEXT) -> Image.Image:
    image = Image.open(io.BytesIO(encode_image(PICTURE, options, text)))
    image.load()
    return image


def comment(image: Image.Image) -> str:
    value = image.getexif().get_ifd(0x8769).get(0x9286, b"UNICODE\0")
    assert value[:8] == b"UNICODE\0"
    return str(value[8:].decode("utf_16_be"))


@pytest.mark.parametrize(
    "options", [OutputOptions(ImageFormat.PNG), OutputOptions(ImageFormat.WEBP, lossless=True)], ids=str
)
def test_formats_without_loss_give_back_the_pixels(options: OutputOptions) -> None:
    assert np.array_equal(np.asarray(opened(options)), PICTURE)


def test_raw_is_the_bare_bytes() -> None:
    data = encode_image(PICTURE, OutputOptions(ImageFormat.RAW_RGB), TEXT)
    assert data == PICTURE.tobytes()


def test_raw_is_in_order_whatever_the_memory_layout() -> None:
    flipped = PICTURE[:, ::-1]
    assert encode_image(flipped, OutputOptions(ImageFormat.RAW_RGB)) == flipped.copy().tobytes()


def test_png_carries_the_text_where_a1111_puts_it() -> None:
    assert opened(OutputOptions(ImageFormat.PNG)).info["parameters"] == TEXT


@pytest.mark.parametrize("format_", [ImageFormat.JPEG, ImageFormat.WEBP])
def test_other_files_carry_the_text_in_the_user_comment(format_: ImageFormat) -> None:
    image = opened(OutputOptions(format_))
    assert (comment(image), image.format) == (TEXT, format_.value)


@pytest.mark.parametrize("format_", [ImageFormat.PNG, ImageFormat.JPEG, ImageFormat.WEBP])
def test_no_text_is_written_where_it_is_not_wanted(format_: ImageFormat) -> None:
    image = opened(OutputOptions(format_, embed_infotext=False))
    assert ("parameters" in image.info, comment(image)) == (False, "")


def test_a_text_too_long_for_the_file_is_left_out_and_the_picture_is_kept() -> None:
    assert comment(opened(OutputOptions(ImageFormat.JPEG), "x" * 65536)) == ""


@pytest.mark.parametrize("format_", [ImageFormat.JPEG, ImageFormat.WEBP])
def test_a_lower_quality_is_a_smaller_file(format_: ImageFormat) -> None:
    low, high = (len(encode_image(PICTURE, OutputOptions(format_, quality=quality))) for quality in (10, 95))
    assert low < high
