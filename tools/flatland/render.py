"""Scenes to pictures: flat shapes at three times the size, a soft shadow, then reduced."""

from __future__ import annotations

from random import Random

from PIL import Image, ImageDraw, ImageFilter

from tools.flatland.landscape import HORIZON, paint_landscape
from tools.flatland.painters import PAINTERS
from tools.flatland.palette import BACKGROUNDS, COLOURS, mix, tint
from tools.flatland.pen import SUPERSAMPLING, Pen, Place
from tools.flatland.scene import Landscape, Pair, Scene, Single, Thing

_HALF = {"small": 0.21, "medium": 0.3, "large": 0.38}
_PAIR_HALF = 0.21
_OFFSETS = {"left": (-1, 0), "right": (1, 0), "above": (0, -1), "below": (0, 1)}


def render(scene: Scene, width_px: int = 128, height_px: int = 128) -> Image.Image:
    """Returns the RGB picture of a scene; the same arguments always give the same pixels."""
    if isinstance(scene, Landscape):
        return _landscape(scene, width_px, height_px)
    colour = BACKGROUNDS[scene.background]
    picture = Image.new("RGB", (width_px, height_px), colour)
    for thing, place in _places(scene, width_px, height_px):
        _put(picture, thing, place)
    return picture


def _places(scene: Single | Pair, width: int, height: int) -> list[tuple[Thing, Place]]:
    unit = min(width, height)
    x, y = width / 2 + scene.shift[0] * unit, height / 2 + scene.shift[1] * unit
    if isinstance(scene, Single):
        return [(scene.thing, Place(x, y, _HALF[scene.size] * unit))]
    right, down = _OFFSETS[scene.relation]
    dx, dy, half = right * 0.245 * width, down * 0.245 * height, _PAIR_HALF * unit
    return [(scene.first, Place(x + dx, y + dy, half)), (scene.second, Place(x - dx, y - dy, half))]


def _put(picture: Image.Image, thing: Thing, place: Place) -> None:
    size = (picture.width * SUPERSAMPLING, picture.height * SUPERSAMPLING)
    layer = Image.new("RGBA", size)
    PAINTERS[thing.name](Pen(layer, place), tint(COLOURS[thing.colour]))
    cutout = layer.reduce(SUPERSAMPLING)
    _shadow(picture, cutout.getchannel("A"), min(picture.size))
    picture.paste(cutout, (0, 0), cutout)


def _shadow(picture: Image.Image, alpha: Image.Image, unit: int) -> None:
    blurred = Image.new("L", alpha.size)
    blurred.paste(alpha, (round(unit * 0.015), round(unit * 0.035)))
    blurred = blurred.filter(ImageFilter.GaussianBlur(unit * 0.022))
    picture.paste((24, 20, 50), (0, 0), blurred.point(lambda value: value * 0.24))


def _landscape(scene: Landscape, width: int, height: int) -> Image.Image:
    picture = paint_landscape(scene, width, height).reduce(SUPERSAMPLING)
    if scene.subject is not None:
        _put(picture, scene.subject, _subject_place(scene, width, height))
    if scene.weather in ("rain", "snow"):
        return _precipitation(picture, scene)
    return picture


def _subject_place(scene: Landscape, width: int, height: int) -> Place:
    lot = Random(scene.variant + 1)
    unit = min(width, height)
    half = lot.choice((0.2, 0.25, 0.29)) * unit
    x = width * lot.uniform(0.42, 0.58)
    if scene.subject is not None and scene.subject.name in ("rocket", "balloon", "bird"):
        return Place(x, height * 0.36, half)
    foot = HORIZON + (0.2 if scene.terrain == "sea" else 0.26)
    return Place(x, height * foot - half * 0.9, half)


def _precipitation(picture: Image.Image, scene: Landscape) -> Image.Image:
    lot = Random(scene.variant + 2)
    width, height = picture.width * SUPERSAMPLING, picture.height * SUPERSAMPLING
    unit = min(width, height)
    layer = Image.new("RGBA", (width, height))
    draw = ImageDraw.Draw(layer)
    for i in range(26):
        x, y = (i + lot.random()) / 26 * width, lot.random() * height
        if scene.weather == "rain":
            fall = unit * 0.07
            draw.line(
                [x, y, x - fall * 0.3, y + fall],
                fill=(*mix((190, 220, 250), (255, 255, 255), 0.3), 235),
                width=unit // 64,
            )
        else:
            flake = unit * lot.choice((0.011, 0.016, 0.02))
            draw.ellipse([x - flake, y - flake, x + flake, y + flake], fill=(255, 255, 255, 245))
    cutout = layer.reduce(SUPERSAMPLING)
    picture.paste(cutout, (0, 0), cutout)
    return picture
