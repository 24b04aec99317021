"""Pixels as files, with the generation parameters inside. Blocking: run it in a thread."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from latentwire.chunks import Picture

_EXIF_IFD: Final = 0x8769
_USER_COMMENT: Final = 0x9286
_FORMATS: Final = {"png": "PNG", "jpg": "JPEG", "jpeg": "JPEG", "webp": "WEBP"}


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How pictures are written. `kind` is "PNG", "JPEG" or "WEBP"; quality counts for the last two, 1 to 100."""

    kind: str = "PNG"
    quality: int = 80
    lossless: bool = False

    @classmethod
    def named(cls, name: str, *, quality: int, lossless: bool) -> FileFormat | None:
        """The format for a file suffix such as "jpg"; None where there is none."""
        kind = _FORMATS.get(name.lower())
        return None if kind is None else cls(kind, min(100, max(1, quality)), lossless)


def encode(picture: Picture, form: FileFormat, infotext: str) -> bytes:
    """The file. An empty infotext leaves no trace in it."""
    image = image_of(picture)
    target = io.BytesIO()
    if form.kind == "PNG":
        image.save(target, "PNG", compress_level=1, pnginfo=_png_text(infotext))
    elif form.kind == "WEBP":
        image.save(target, "WEBP", quality=form.quality, lossless=form.lossless, exif=_exif(infotext))
    else:
        image.save(target, form.kind, quality=form.quality, exif=_exif(infotext))
    return target.getvalue()


def image_of(picture: Picture) -> Image.Image:
    """Raw RGB rows as an image."""
    return Image.frombuffer("RGB", (picture.width, picture.height), picture.data, "raw", "RGB", 0, 1)


def _png_text(infotext: str) -> PngInfo:
    info = PngInfo()
    if infotext:
        info.add_text("parameters", infotext)
    return info


def _exif(infotext: str) -> bytes:
    if not infotext:
        return b""
    exif = Image.Exif()
    exif.get_ifd(_EXIF_IFD)[_USER_COMMENT] = b"UNICODE\0" + infotext.encode("utf-16-be", "surrogatepass")
    return exif.tobytes()
