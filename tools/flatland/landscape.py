"""Skies, terrains and weather, drawn in layers from far to near."""

from __future__ import annotations

import math
from collections.abc import Mapping
from random import Random

from PIL import Image, ImageDraw

from tools.flatland.painters.growing import PAINTERS as GROWING
from tools.flatland.painters.sky import moon
from tools.flatland.palette import PAPER, Rgb, mix, tint
from tools.flatland.pen import SUPERSAMPLING, Pen, Place, star_points
from tools.flatland.scene import Landscape

SKIES: Mapping[str, tuple[Rgb, Rgb]] = {
    "day": ((92, 176, 240), (206, 236, 250)),
    "night": ((18, 26, 66), (52, 66, 126)),
    "sunset": ((238, 98, 92), (255, 206, 116)),
    "dawn": ((150, 178, 232), (255, 214, 206)),
    "dusk": ((74, 58, 130), (206, 130, 172)),
}
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
        self.image = _gradient(SKIES[scene.time], self.width, self.height, HORIZON + 0.05)
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


def paint_landscape(scene: Landscape, width_px: int, height_px: int) -> Image.Image:
    """Returns the supersampled picture of a landscape, without its subject and falling weather."""
    land = Land(scene, width_px, height_px)
    _sky(land)
    _TERRAIN_PAINTERS[scene.terrain](land)
    return land.image


def _sky(land: Land) -> None:
    time, weather = land.scene.time, land.scene.weather
    x = land.lot.choice((0.2, 0.8))
    if weather == "stars":
        _stars(land)
    if time == "day" and weather in ("clear", "rainbow"):
        land.pen(x, 0.2, 0.11).disc((0, 0), 1, (255, 220, 80))
    if time == "night":
        moon(land.pen(x, 0.2, 0.11), tint((252, 236, 170)))
    if time in ("sunset", "dawn"):
        _low_sun(land)
    if weather == "rainbow":
        _rainbow(land)
    if weather in ("clouds", "rain", "snow"):
        _clouds(land)


def _low_sun(land: Land) -> None:
    pen = land.pen(land.lot.uniform(0.35, 0.65), HORIZON - 0.08, 0.17)
    glow, disc = ((252, 176, 96), (255, 232, 140)) if land.scene.time == "sunset" else ((254, 226, 206), PAPER)
    pen.disc((0, 0), 1.35, glow)
    pen.disc((0, 0), 1.0, disc)


def _stars(land: Land) -> None:
    for i in range(11):
        x, y = (i + land.lot.uniform(0.2, 0.8)) / 11, land.lot.uniform(0.05, 0.5)
        pen = land.pen(x, y, land.lot.choice((0.022, 0.03, 0.04)))
        pen.polygon(star_points(4, inner=0.4), (255, 246, 200))


def _rainbow(land: Land) -> None:
    pen = land.pen(0.5, HORIZON + 0.06, 0.5)
    bands: tuple[Rgb, ...] = ((232, 76, 70), (250, 160, 60), (252, 218, 84), (92, 184, 100), (70, 130, 226))
    for i, colour in enumerate(bands):
        pen.arc((0, 0), 1.0 - 0.075 * i, colour, start=180, end=360, width=0.08)


def _clouds(land: Land) -> None:
    colour = mix(land.lit((250, 250, 252)), SKIES[land.scene.time][1], 0.2)
    if land.scene.weather == "rain":
        colour = mix(colour, (110, 120, 140), 0.4)
    for x, y in ((0.22, 0.2), (0.62, 0.13), (0.84, 0.3)):
        pen = land.pen(x + land.lot.uniform(-0.05, 0.05), y, land.lot.uniform(0.11, 0.15))
        pen.ellipse((0, 0.3), (1.2, 0.36), colour)
        pen.disc((-0.2, -0.05), 0.55, colour)
        pen.disc((0.5, 0.1), 0.42, colour)


def _hills(land: Land) -> None:
    base = land.lit(GROUNDS["hills"])
    land.ridge(HORIZON + 0.02, 0.06, 1.0, mix(base, SKIES[land.scene.time][1], 0.4))
    land.ridge(HORIZON + 0.1, 0.05, 0.9, mix(base, SKIES[land.scene.time][1], 0.15))
    land.ridge(HORIZON + 0.2, 0.03, 0.7, base)


def _sea(land: Land) -> None:
    base = land.lit(GROUNDS["sea"])
    land.ground(HORIZON, mix(base, SKIES[land.scene.time][1], 0.25))
    for i, top in enumerate((0.72, 0.82, 0.92)):
        land.ridge(top, 0.012, 3.0, mix(base, (10, 30, 80), 0.12 * i))


def _mountains(land: Land) -> None:
    rock = mix(land.lit((112, 122, 150)), SKIES[land.scene.time][1], 0.2)
    for x, half in ((0.22, 0.3), (0.8, 0.27), (0.52, 0.38)):
        pen = land.pen(x + land.lot.uniform(-0.04, 0.04), HORIZON + 0.14 - half, half)
        pen.polygon([(0, -0.9), (1.05, 1), (-1.05, 1)], rock)
        pen.polygon([(0, -0.9), (1.05, 1), (0.15, 1)], mix(rock, (30, 30, 70), 0.2))
        pen.polygon([(0, -0.9), (0.34, -0.28), (0.12, -0.4), (-0.08, -0.2), (-0.34, -0.28)], land.lit(PAPER))
    land.ridge(HORIZON + 0.16, 0.02, 0.8, land.lit(GROUNDS["mountains"]))


def _meadow(land: Land) -> None:
    base = land.lit(GROUNDS["meadow"])
    land.ridge(HORIZON + 0.04, 0.02, 0.6, mix(base, (40, 120, 70), 0.3))
    land.ridge(HORIZON + 0.12, 0.02, 0.8, base)
    for i in range(9):
        pen = land.pen((i + land.lot.uniform(0.2, 0.8)) / 9, land.lot.uniform(0.82, 0.97), 0.022)
        pen.disc((0, 0), 1.0, land.lit(land.lot.choice(((250, 110, 130), PAPER, (255, 220, 90)))))


def _desert(land: Land) -> None:
    base = land.lit(GROUNDS["desert"])
    land.ridge(HORIZON + 0.02, 0.05, 0.8, mix(base, (200, 120, 60), 0.25))
    land.ridge(HORIZON + 0.12, 0.05, 0.7, base)


def _forest(land: Land) -> None:
    base = land.lit(GROUNDS["forest"])
    for depth, (y, half) in enumerate(((HORIZON - 0.02, 0.16), (HORIZON + 0.06, 0.2))):
        colour = mix(base, SKIES[land.scene.time][1], 0.35 - 0.25 * depth)
        for i in range(6):
            pen = land.pen((i + 0.5 * depth + land.lot.uniform(-0.1, 0.1)) / 5.5, y, half)
            pen.polygon([(0, -1.1), (0.62, 0.9), (-0.62, 0.9)], colour)
    land.ground(HORIZON + 0.2, mix(base, (130, 180, 90), 0.35))


def _city(land: Land) -> None:
    wall = mix(land.lit((104, 116, 150)), SKIES[land.scene.time][1], 0.15)
    window: Rgb = (255, 226, 130) if land.scene.time in ("night", "dusk") else mix(wall, PAPER, 0.5)
    for i in range(5):
        pen = land.pen((i + 0.5) / 5, HORIZON + 0.16, 0.09)
        top = -land.lot.uniform(2.2, 5.0)
        pen.box((-0.95, top), (0.95, 1), mix(wall, (30, 34, 70), 0.18 * (i % 2)))
        for row in range(3):
            for side in (-0.42, 0.42):
                y = top + 0.5 + row * 0.75
                pen.box((side - 0.2, y), (side + 0.2, y + 0.4), window)
    land.ground(HORIZON + 0.2, land.lit(GROUNDS["city"]))


def _beach(land: Land) -> None:
    land.ground(HORIZON, land.lit(GROUNDS["sea"]))
    land.ridge(HORIZON + 0.12, 0.03, 0.6, land.lit(GROUNDS["beach"]))
    pen = land.pen(land.lot.choice((0.14, 0.86)), 0.52, 0.26)
    pen.line([(0.1, 1.0), (0.0, 0.2), (0.08, -0.4)], land.lit((150, 104, 64)), width=0.15)
    green = land.lit((58, 158, 92))
    for x, y in ((-0.9, -0.5), (-0.5, -0.95), (0.3, -1.0), (0.9, -0.75), (0.95, -0.15), (-0.75, -0.05)):
        pen.polygon([(0.08, -0.42), (x * 0.5, y * 0.75 - 0.16), (x, y), (x * 0.5 + 0.1, y * 0.6 - 0.02)], green)


def _snow(land: Land) -> None:
    base = land.lit(GROUNDS["snow"])
    land.ridge(HORIZON + 0.03, 0.04, 0.8, mix(base, (120, 160, 220), 0.25))
    land.ridge(HORIZON + 0.14, 0.03, 0.6, base)
    for x in (0.1, 0.9):
        GROWING["tree"](land.pen(x, HORIZON - 0.02, 0.13), tint(land.lit((74, 140, 110))))


_TERRAIN_PAINTERS = {
    "hills": _hills,
    "sea": _sea,
    "mountains": _mountains,
    "meadow": _meadow,
    "desert": _desert,
    "forest": _forest,
    "city": _city,
    "beach": _beach,
    "snow": _snow,
}
