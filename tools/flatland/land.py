"""A landscape under way: its light, and what one draws it with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from random import Random

from PIL import Image, ImageDraw

from tools.flatland.palette import Rgb, mix
from tools.flatland.pen import SUPERSAMPLING, Pen, Place
from tools.flatland.scene import Landscape

SKIES: Mapping[str, tuple[Rgb, Rgb]] = {
    "day": ((92, 176, 240), (206, 236, 250)),
    "night": ((18, 26, 66), (52, 66, 126)),
    "sunset": ((238, 98, 92), (255, 206, 116)),
    "dawn": ((150, 178, 232), (255, 214, 206)),
    "dusk": ((74, 58, 130), (206, 130, 172)),
}
SPACE: tuple[Rgb, Rgb] = ((14, 16, 48), (48, 32, 92))
# What the light of the hour does to everything on the ground: a colour and how much of it.
LIGHT: Mapping[str, tuple[Rgb, float]] = {
    "day": ((255, 255, 255), 0.0),
    "night": ((20, 28, 72), 0.55),
    "sunset": ((214, 84, 70), 0.3),
    "dawn": ((240, 190, 200), 0.22),
    "dusk": ((76, 50, 120), 0.42),
}
GROUNDS: Mapping[str, Rgb] = {
    "hills": (104, 184, 92),
    "sea": (42, 126, 200),
    "mountains": (96, 158, 96),
    "meadow": (136, 200, 92),
    "desert": (236, 192, 116),
    "forest": (64, 140, 84),
    "city": (120, 126, 140),
    "beach": (244, 220, 164),
    "snow": (236, 242, 250),
}
HORIZON = 0.62


class Land:
    """A landscape under way: the supersampled picture and the lot that settles its details."""

    def __init__(self, scene: Landscape, width_px: int, height_px: int) -> None:
        self.scene = scene
        self.lot = Random(scene.variant)
        self.width = width_px * SUPERSAMPLING
        self.height = height_px * SUPERSAMPLING
        self.unit = min(self.width, self.height)
        self.sky = SPACE if scene.terrain == "space" else SKIES[scene.time]
        self.image = _gradient(self.sky, self.width, self.height, HORIZON + 0.05)
        self.draw = ImageDraw.Draw(self.image)

    def lit(self, colour: Rgb) -> Rgb:
        """Returns a ground colour in the light of the hour."""
        light, share = LIGHT[self.scene.time]
        return mix(colour, light, share)

    def pen(self, x: float, y: float, half: float) -> Pen:
        """Returns a pen at (x, y) in parts of width and height; `half` in parts of the shorter side."""
        scale = 1 / SUPERSAMPLING
        return Pen(self.image, Place(x * self.width * scale, y * self.height * scale, half * self.unit * scale))

    def ridge(self, base: float, swing: float, waves: float, colour: Rgb) -> None:
        """Fills everything under a sine-shaped ridge; heights in parts of the picture's height."""
        phase = self.lot.uniform(0, math.tau)
        points = []
        for i in range(33):
            y = base - swing * math.sin(phase + waves * math.tau * i / 32)
            points.append((self.width * i / 32, self.height * y))
        self.draw.polygon([*points, (self.width, self.height), (0, self.height)], fill=colour)

    def ground(self, top: float, colour: Rgb) -> None:
        """Fills everything under a level line."""
        self.draw.rectangle([0, round(self.height * top), self.width, self.height], fill=colour)


def _gradient(colours: tuple[Rgb, Rgb], width: int, height: int, end: float) -> Image.Image:
    bands = 24
    column = Image.new("RGB", (1, bands))
    for i in range(bands):
        column.putpixel((0, i), mix(*colours, min(1.0, i / (bands - 1) / end)))
    return column.resize((width, height), Image.Resampling.BILINEAR)
