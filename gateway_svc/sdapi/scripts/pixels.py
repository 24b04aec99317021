"""Pictures as scripts read and send them. Blocking: scripts run in a thread."""

from __future__ import annotations

import io
from typing import Final

from PIL import Image, ImageColor

from gateway_svc.sdapi.errors import Refused
from gateway_svc.sdapi.starting_point import background
from latentwire.errors import PayloadTooLarge
from latentwire.image_file import FORMATS, eight_bits, upright

_MOST_PIXELS: Final = 64 * 2**20


def flattened(file: bytes, colour: str) -> Image.Image:
    """A picture without transparency, upright: the colour shows through.

    Raises Refused for what is no picture, and PayloadTooLarge before anything large is unpacked.
    """
    try:
        with Image.open(io.BytesIO(file), formats=FORMATS) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise PayloadTooLarge(f"a picture of {image.width}x{image.height}, at most 64 megapixels are taken")
            picture = eight_bits(upright(image)).convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Refused(500, "Invalid encoded image") from None
    canvas = Image.new("RGBA", picture.size, ImageColor.getrgb(f"#{background(colour):06x}"))
    return Image.alpha_composite(canvas, picture).convert("RGB")


def file_of(image: Image.Image) -> bytes:
    """A picture as a file to start from."""
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()
