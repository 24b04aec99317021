"""Pixels as files, with the generation parameters inside. Blocking: run it in a thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PIL import Image

from latentwire import image_file
from latentwire.chunks import Picture

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
    return image_file.encode(image, form.kind, quality=form.quality, lossless=form.lossless, infotext=infotext)


def image_of(picture: Picture) -> Image.Image:
    """Raw RGB rows as an image."""
    return Image.frombuffer("RGB", (picture.width, picture.height), picture.data, "raw", "RGB", 0, 1)
