"""Images as files that carry their generation parameters where A1111 puts them. Blocking: run it in a thread."""

from __future__ import annotations

import io
from typing import Any, Final

from PIL import Image
from PIL.PngImagePlugin import PngInfo

_EXIF_IFD: Final = 0x8769
_USER_COMMENT: Final = 0x9286
_LONGEST_EXIF: Final = 65_533 - 64  # a JPEG segment, less its own headers


def encode(image: Image.Image, kind: str, *, quality: int = 80, lossless: bool = False, infotext: str = "") -> bytes:
    """Returns the file of an image. `kind`: "PNG", "JPEG" or "WEBP"; `quality`, 1 to 100, counts for the last two.

    PNG is written at zlib level 1: higher ones cost many times more for a few percent. The infotext goes into the text
    chunk "parameters" of a PNG, into the EXIF UserComment elsewhere; an empty one leaves no trace.
    """
    file = io.BytesIO()
    if kind == "PNG":
        image.save(file, kind, compress_level=1, pnginfo=_png_text(infotext))
    else:
        image.save(file, kind, quality=quality, **_lossy_arguments(kind, infotext, lossless=lossless))
    return file.getvalue()


def _lossy_arguments(kind: str, infotext: str, *, lossless: bool) -> dict[str, Any]:
    arguments: dict[str, Any] = {"lossless": lossless} if kind == "WEBP" else {}
    if exif := _exif(infotext):
        arguments["exif"] = exif
    return arguments


def _png_text(infotext: str) -> PngInfo:
    info = PngInfo()
    if infotext:
        info.add_text("parameters", infotext)
    return info


def _exif(infotext: str) -> bytes:
    """The UserComment, in UTF-16. Left out where a JPEG segment can't hold it."""
    if not infotext:
        return b""
    exif = Image.Exif()
    exif.get_ifd(_EXIF_IFD)[_USER_COMMENT] = b"UNICODE\0" + infotext.encode("utf-16-be", "surrogatepass")
    data = exif.tobytes()
    return data if len(data) <= _LONGEST_EXIF else b""
