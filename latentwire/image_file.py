"""Images as files that carry their generation parameters where A1111 puts them. Blocking: run it in a thread."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
"""Files that are taken, by Pillow's names."""

EXIF_IFD: Final = 0x8769
"""Where EXIF keeps the tags that follow."""

USER_COMMENT: Final = 0x9286
"""The tag of a text in EXIF, behind eight bytes that name its encoding."""

_PNG_KEY: Final = re.compile(r"[!-~\xa1-\xff](?:[ -~\xa1-\xff]{0,77}[!-~\xa1-\xff])?")
_LONGEST_EXIF: Final = 65_533 - 64  # a JPEG segment, less its own headers


def encode(
    image: Image.Image,
    kind: str,
    *,
    quality: int = 80,
    lossless: bool = False,
    infotext: str = "",
    texts: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """Returns the file of an image. `kind`: "PNG", "JPEG" or "WEBP"; `quality`, 1 to 100, counts for the last two.

    PNG is written at zlib level 1: higher ones cost many times more for a few percent. The infotext goes into the text
    chunk "parameters" of a PNG, into the EXIF UserComment elsewhere; an empty one leaves no trace. `texts`: further
    text chunks of a PNG by key; left out elsewhere, and where a key is none that PNG can hold.
    """
    file = io.BytesIO()
    if kind == "PNG":
        image.save(file, kind, compress_level=1, pnginfo=_png_text({"parameters": infotext, **texts}))
    else:
        image.save(file, kind, quality=quality, **_lossy_arguments(kind, infotext, lossless=lossless))
    return file.getvalue()


def upright(image: Image.Image) -> Image.Image:
    """Returns the image turned as its EXIF says; as it is where the EXIF is broken, which harms no picture."""
    try:
        return ImageOps.exif_transpose(image)
    except (ArithmeticError, LookupError, OSError, SyntaxError, TypeError, ValueError, struct.error):
        return image


def eight_bits(image: Image.Image) -> Image.Image:
    """Returns the image with 8 bits a channel: Pillow would make all but the darkest of 16-bit greys white."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image).clip(0, 0xFFFF) >> 8).astype(np.uint8))


def _lossy_arguments(kind: str, infotext: str, *, lossless: bool) -> dict[str, Any]:
    arguments: dict[str, Any] = {"lossless": lossless} if kind == "WEBP" else {}
    if exif := _exif(infotext):
        arguments["exif"] = exif
    return arguments


def _png_text(texts: Mapping[str, str]) -> PngInfo:
    info = PngInfo()
    for key, text in texts.items():
        if text and _PNG_KEY.fullmatch(key):
            info.add_text(key, text)
    return info


def _exif(infotext: str) -> bytes:
    """The UserComment, in UTF-16. Left out where a JPEG segment can't hold it."""
    if not infotext:
        return b""
    exif = Image.Exif()
    exif.get_ifd(EXIF_IFD)[USER_COMMENT] = b"UNICODE\0" + infotext.encode("utf-16-be", "surrogatepass")
    data = exif.tobytes()
    return data if len(data) <= _LONGEST_EXIF else b""
