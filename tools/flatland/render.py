"""Scenes to pictures: flat shapes at three times the size, a soft shadow, then reduced."""

from __future__ import annotations

import math
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from tools.flatland.compose import places
from tools.flatland.landscape import paint_landscape
from tools.flatland.looks import apply_look
from tools.flatland.painters import PAINTERS
from tools.flatland.palette import BACKGROUNDS, COLOURS, mix, tint
from tools.flatland.pen import SUPERSAMPLING, Pen, Place
from tools.flatland.scene import Landscape, Scene, Thing


def render(scene: Scene, width_px: int = 128, height_px: int = 128) -> Image.Image:
    """Returns the RGB picture of a scene; the same arguments always give the same pixels."""
    if isinstance(scene, Landscape):
        picture = paint_landscape(scene, width_px, height_px).reduce(SUPERSAMPLING)
    else:
        picture = Image.new("RGB", (width_px, height_px), BACKGROUNDS[scene.background])
    for thing, place in places(scene, width_px, height_px):
        _put(picture, thing, place)
    if isinstance(scene, Landscape) and scene.weather in ("rain", "snow"):
        picture = _precipitation(picture, scene)
    return apply_look(picture, scene.look)


def _put(picture: Image.Image, thing: Thing, place: Place) -> None:
    """Draws on a layer no larger than the thing and its shadow."""
    unit = min(picture.size)
    reach = math.ceil(place.half_px * 1.08 + unit * 0.12)
    left, top = math.floor(place.x_px) - reach, math.floor(place.y_px) - reach
    side = 2 * reach + 1
    layer = Image.new("RGBA", (side * SUPERSAMPLING, side * SUPERSAMPLING))
    own = Place(place.x_px - left, place.y_px - top, place.half_px)
    PAINTERS[thing.name](Pen(layer, own), tint(COLOURS[thing.colour]))
    cutout = layer.reduce(SUPERSAMPLING)
    _shadow(picture, cutout.getchannel("A"), (left, top))
    picture.paste(cutout, (left, top), cutout)


def _shadow(picture: Image.Image, alpha: Image.Image, corner: tuple[int, int]) -> None:
    unit = min(picture.size)
    blurred = Image.new("L", alpha.size)
    blurred.paste(alpha, (round(unit * 0.015), round(unit * 0.035)))
    blurred = blurred.filter(ImageFilter.GaussianBlur(unit * 0.022))
    picture.paste((24, 20, 50), (*corner, corner[0] + alpha.width, corner[1] + alpha.height), blurred.point(_faint))


def _faint(value: int) -> float:
    return value * 0.24


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
