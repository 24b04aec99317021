"""Pictures that clients send: recognised, limited and decoded."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from PIL import Image as pil

from latentwire.errors import InvalidArgument
from latentwire.image_file import FORMATS, eight_bits, upright
from latentwire.v1 import types_pb2

Pixels: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]

MOST_BYTES = 64 * 2**20
MOST_PIXELS = 64 * 10**6
MOST_PIXELS_IN_ALL = 4 * MOST_PIXELS
_PIXELS_AN_ELEMENT = 4
"""That are decoded while an element of a tensor is prepared."""

_NAMES: Mapping[int, str] = MappingProxyType(
    {
        types_pb2.IMAGE_FORMAT_PNG: "PNG",
        types_pb2.IMAGE_FORMAT_JPEG: "JPEG",
        types_pb2.IMAGE_FORMAT_WEBP: "WEBP",
    }
)


def decode_images(
    images: Sequence[types_pb2.Image], field: str, most_pixels: int = MOST_PIXELS_IN_ALL
) -> tuple[Pixels, ...]:
    """Returns the pixels of every picture.

    Raises InvalidArgument, which names the first that is broken, or with which they have too many pixels together.
    """
    decoded: list[Pixels] = []
    count = 0
    for index, image in enumerate(images):
        decoded.append(decode_image(image, f"{field}[{index}]"))
        count += decoded[-1].shape[0] * decoded[-1].shape[1]
        if count > most_pixels:
            allowed = f"at most {most_pixels} pixels in all pictures"
            raise InvalidArgument.of(f"{field}[{index}]", f"{count} pixels with those before", allowed)
    return tuple(decoded)


def decode_image(image: types_pb2.Image, field: str) -> Pixels:
    """Returns the pixels (H, W, 3) uint8 of a picture, with transparency (H, W, 4), EXIF rotation applied.

    Its size is read and limited before any pixel is decoded. Raises InvalidArgument, which names `field`.
    """
    if not 0 < len(image.data) <= MOST_BYTES:
        raise InvalidArgument.of(f"{field}.data", f"{len(image.data)} bytes", f"1 to {MOST_BYTES} bytes")
    if image.format == types_pb2.IMAGE_FORMAT_RAW_RGB:
        return _raw(image, field)
    return _pixels(_opened(image, field))


def decoding_elements(images: Iterable[types_pb2.Image]) -> int:
    """Returns as how many elements of a tensor pictures count while they are decoded, by the sizes that they claim."""
    return sum(map(claimed_pixels, images)) // _PIXELS_AN_ELEMENT


def claimed_pixels(image: types_pb2.Image) -> int:
    """Returns how many pixels a picture says that it has; 0 where it does not say. Nothing is decoded."""
    if image.format == types_pb2.IMAGE_FORMAT_RAW_RGB:
        return len(image.data) // 3
    try:
        with pil.open(io.BytesIO(image.data), formats=FORMATS) as picture:
            return picture.width * picture.height
    except Exception:  # noqa: BLE001 - what is wrong with it is said where it is decoded
        return 0


def _raw(image: types_pb2.Image, field: str) -> Pixels:
    width, height = image.width, image.height
    if width < 1 or height < 1 or width * height * 3 != len(image.data):
        allowed = f"width × height × 3 bytes; there are {len(image.data)}"
        raise InvalidArgument.of(f"{field}.data", f"{width}x{height}", allowed)
    return np.frombuffer(image.data, np.uint8).reshape(height, width, 3)


def _opened(image: types_pb2.Image, field: str) -> pil.Image:
    formats = (_NAMES[image.format],) if image.format in _NAMES else FORMATS
    try:
        picture = pil.open(io.BytesIO(image.data), formats=formats)
        _check_size(picture, field)
        picture.load()
        return upright(picture)
    except InvalidArgument:
        raise
    except (pil.DecompressionBombError, pil.DecompressionBombWarning) as error:
        raise InvalidArgument.of(field, "a huge picture", f"at most {MOST_PIXELS} pixels") from error
    except Exception as error:
        raise InvalidArgument.of(f"{field}.data", _seen(image.data), f"a whole {', '.join(formats)} file") from error


def _check_size(picture: pil.Image, field: str) -> None:
    if picture.width * picture.height > MOST_PIXELS:
        size = f"{picture.width}x{picture.height}"
        raise InvalidArgument.of(field, size, f"at most {MOST_PIXELS} pixels")


def _seen(data: bytes) -> str:
    return f"{len(data)} bytes beginning {data[:8].hex(' ')}"


def _pixels(picture: pil.Image) -> Pixels:
    picture = eight_bits(picture)
    return np.asarray(picture.convert("RGBA" if picture.has_transparency_data else "RGB"), np.uint8)
