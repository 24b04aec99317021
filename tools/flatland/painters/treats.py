"""What one is given on a feast day."""

from __future__ import annotations

from tools.flatland.palette import PAPER, Rgb, Tint, mix
from tools.flatland.pen import Pen

_CREAM: Rgb = (250, 240, 222)
_WAFER: Rgb = (226, 170, 100)
_FLAME: Rgb = (255, 180, 60)
_STALK: Rgb = (88, 140, 70)


def cake(pen: Pen, tint: Tint) -> None:
    """Two layers with icing and a candle, on a plate."""
    pen.box((-0.05, -0.76), (0.05, -0.28), PAPER)
    pen.ellipse((0, -0.86), (0.09, 0.14), _FLAME)
    pen.box((-0.5, -0.3), (0.5, 0.2), tint.base, radius=0.08)
    pen.box((-0.5, -0.3), (0.5, -0.12), _CREAM, radius=0.08)
    pen.box((-0.82, 0.14), (0.82, 0.8), tint.base, radius=0.08)
    pen.box((-0.82, 0.14), (0.82, 0.34), _CREAM, radius=0.08)
    for x in (-0.6, -0.2, 0.2, 0.6):
        pen.disc((x, 0.36), 0.13, _CREAM)
    pen.box((-1.0, 0.78), (1.0, 0.92), tint.light, radius=0.07)


def ice_cream(pen: Pen, tint: Tint) -> None:
    """Two scoops in a cone."""
    pen.polygon([(-0.46, 0.02), (0.46, 0.02), (0, 1.0)], _WAFER)
    pen.polygon([(0.05, 0.02), (0.46, 0.02), (0, 1.0)], mix(_WAFER, (150, 90, 40), 0.25))
    pen.disc((0, -0.2), 0.5, tint.base)
    for x in (-0.36, 0.0, 0.36):
        pen.disc((x, 0.08), 0.17, tint.base)
    pen.disc((0, -0.62), 0.36, tint.light)
    pen.disc((-0.12, -0.72), 0.1, mix(tint.light, (255, 255, 255), 0.5))


def pumpkin(pen: Pen, tint: Tint) -> None:
    """A ribbed pumpkin with a stalk."""
    pen.polygon([(-0.08, -0.4), (-0.02, -0.9), (0.22, -0.94), (0.12, -0.4)], _STALK)
    for side in (-1, 1):
        pen.ellipse((side * 0.56, 0.22), (0.44, 0.58), tint.dark)
    for side in (-1, 1):
        pen.ellipse((side * 0.3, 0.22), (0.42, 0.64), mix(tint.base, tint.dark, 0.4))
    pen.ellipse((0, 0.22), (0.34, 0.68), tint.base)
    pen.ellipse((-0.1, -0.06), (0.09, 0.2), tint.light)


def snowman(pen: Pen, tint: Tint) -> None:
    """Two balls of snow under a hat and with a scarf of the colour."""
    snow, shade = (246, 249, 253), (208, 220, 236)
    pen.disc((0, 0.46), 0.52, shade)
    pen.disc((-0.05, 0.42), 0.48, snow)
    pen.disc((0, -0.24), 0.38, shade)
    pen.disc((-0.03, -0.26), 0.35, snow)
    pen.box((-0.34, 0.0), (0.34, 0.16), tint.base, radius=0.08)
    pen.box((0.1, 0.08), (0.28, 0.5), tint.base, radius=0.05)
    pen.box((-0.26, -0.98), (0.26, -0.52), tint.base)
    pen.box((-0.46, -0.58), (0.46, -0.46), tint.dark, radius=0.04)
    for x in (-0.14, 0.12):
        pen.disc((x, -0.32), 0.06, (44, 42, 54))
    pen.polygon([(-0.04, -0.26), (-0.04, -0.14), (-0.36, -0.16)], (245, 136, 38))


PAINTERS = {"cake": cake, "ice cream": ice_cream, "pumpkin": pumpkin, "snowman": snowman}
