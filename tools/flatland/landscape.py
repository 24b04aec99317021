"""Skies and weather over a land."""

from __future__ import annotations

from PIL import Image

from tools.flatland.land import HORIZON, Land
from tools.flatland.painters.sky import moon
from tools.flatland.palette import PAPER, Rgb, mix, tint
from tools.flatland.pen import star_points
from tools.flatland.scene import Landscape
from tools.flatland.terrains import TERRAIN_PAINTERS


def paint_landscape(scene: Landscape, width_px: int, height_px: int) -> Image.Image:
    """Returns the supersampled picture of a landscape, without its subject and falling weather."""
    land = Land(scene, width_px, height_px)
    _sky(land)
    TERRAIN_PAINTERS[scene.terrain](land)
    return land.image


def _sky(land: Land) -> None:
    time, weather = land.scene.time, land.scene.weather
    x = land.lot.choice((0.2, 0.8))
    if weather == "stars":
        _stars(land)
    if time == "day" and weather in ("clear", "rainbow"):
        land.pen(x, 0.2, 0.11).disc((0, 0), 1, (255, 220, 80))
    if time == "night" and land.scene.terrain != "space":
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
    colour = mix(land.lit((250, 250, 252)), land.sky[1], 0.2)
    if land.scene.weather == "rain":
        colour = mix(colour, (110, 120, 140), 0.4)
    for x, y in ((0.22, 0.2), (0.62, 0.13), (0.84, 0.3)):
        pen = land.pen(x + land.lot.uniform(-0.05, 0.05), y, land.lot.uniform(0.11, 0.15))
        pen.ellipse((0, 0.3), (1.2, 0.36), colour)
        pen.disc((-0.2, -0.05), 0.55, colour)
        pen.disc((0.5, 0.1), 0.42, colour)
