"""Pixels -> files."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from inference_svc.pipelines.spec import ImageFormat, OutputOptions, Pixels

_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286
_LONGEST_EXIF = 65_533 - 64  # a JPEG segment, less its own headers


def encode_image(pixels: Pixels, options: OutputOptions, infotext: str = "") -> bytes:
    """Returns the file of a picture (H, W, 3), with the infotext where the format can carry it and it is asked for.

    PNG at zlib level 1: higher ones cost many times more for a few percent. Raw is the bare bytes.
    """
    if options.format is ImageFormat.RAW_RGB:
        return np.ascontiguousarray(pixels).tobytes()
    file = io.BytesIO()
    image = Image.fromarray(pixels)
    image.save(file, options.format.value, **_arguments(options, infotext if options.embed_infotext else ""))
    return file.getvalue()


def _arguments(options: OutputOptions, infotext: str) -> dict[str, Any]:
    if options.format is ImageFormat.PNG:
        return {"compress_level": 1, "pnginfo": _png_text(infotext)}
    arguments: dict[str, Any] = {"quality": options.quality}
    if options.format is ImageFormat.WEBP:
        arguments["lossless"] = options.lossless
    if exif := _exif(infotext):
        arguments["exif"] = exif
    return arguments


def _png_text(infotext: str) -> PngImagePlugin.PngInfo:
    """A1111's text chunk."""
    info = PngImagePlugin.PngInfo()
    if infotext:
        info.add_text("parameters", infotext)
    return info


def _exif(infotext: str) -> bytes:
    """A1111's place in other files: the UserComment, in UTF-16. Left out where a JPEG segment can't hold it."""
    if not infotext:
        return b""
    exif = Image.Exif()
    exif.get_ifd(_EXIF_IFD)[_USER_COMMENT] = b"UNICODE\0" + infotext.encode("utf_16_be")
    data = exif.tobytes()
    return data if len(data) <= _LONGEST_EXIF else b""
