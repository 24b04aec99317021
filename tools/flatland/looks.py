"""Other looks than flat colour: blocks, lines, pale colours."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter

from tools.flatland.palette import INK
from tools.flatland.scene import Look

_BLOCKS = 32  # along the shorter side


def apply_look(picture: Image.Image, look: Look) -> Image.Image:
    """Returns an RGB picture of the same size in the look."""
    return picture if look == "flat" else _LOOKS[look](picture)


def _pixel(picture: Image.Image) -> Image.Image:
    side = max(1, round(min(picture.size) / _BLOCKS))
    small = picture.reduce(side).quantize(16, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    blocks = small.resize((small.width * side, small.height * side), Image.Resampling.NEAREST)
    return blocks.crop((0, 0, *picture.size))


def _line(picture: Image.Image) -> Image.Image:
    """Ink where the colour changes, over a wash of it."""
    reach = 3 if min(picture.size) < 200 else 5
    steps = ImageChops.difference(
        picture.filter(ImageFilter.MaxFilter(reach)), picture.filter(ImageFilter.MinFilter(reach))
    )
    red, green, blue = steps.split()
    strongest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    ink = strongest.point(lambda value: max(0, min(255, (value - 36) * 6)))
    paper = Image.blend(picture, Image.new("RGB", picture.size, (255, 255, 255)), 0.55)
    paper.paste(INK, (0, 0), ink)
    return paper


def _pastel(picture: Image.Image) -> Image.Image:
    """Each colour half way to cream, and a fifth of the way to its own gray."""
    gray = Image.merge("RGB", [picture.convert("L")] * 3)
    return Image.blend(Image.blend(picture, gray, 0.2), Image.new("RGB", picture.size, (255, 246, 236)), 0.48)


_LOOKS = {"pixel": _pixel, "line": _line, "pastel": _pastel}
