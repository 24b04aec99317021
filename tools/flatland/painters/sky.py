"""What hangs in the sky."""

from __future__ import annotations

import math

from tools.flatland.palette import Tint, mix
from tools.flatland.pen import Pen, Point, regular


def moon(pen: Pen, tint: Tint) -> None:
    """A crescent, open to the right."""
    outer = [_on_circle((-0.05, 0.0), 0.95, angle) for angle in range(48, 313, 6)]
    inner = [_on_circle((0.32, 0.0), 0.77, angle) for angle in range(292, 67, -6)]
    pen.polygon(outer + inner, tint.base)


def _on_circle(centre: Point, radius: float, degrees: float) -> Point:
    angle = math.radians(degrees)
    return centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)


def sun(pen: Pen, tint: Tint) -> None:
    """A disc with eight rays."""
    for x, y in regular(8):
        side = (-y * 0.13, x * 0.13)
        root = (x * 0.7, y * 0.7)
        left, right = (root[0] + side[0], root[1] + side[1]), (root[0] - side[0], root[1] - side[1])
        pen.polygon([left, (x, y), right], tint.base)
    pen.disc((0, 0), 0.58, tint.base)
    pen.disc((0, 0), 0.44, mix(tint.base, tint.light, 0.45))


def cloud(pen: Pen, tint: Tint) -> None:
    """Three puffs on a flat base."""
    pen.disc((-0.52, 0.2), 0.4, tint.base)
    pen.disc((0.58, 0.22), 0.38, tint.base)
    pen.disc((0.02, -0.08), 0.55, tint.base)
    pen.box((-0.6, 0.15), (0.65, 0.6), tint.base)


def balloon(pen: Pen, tint: Tint) -> None:
    """A party balloon on a string."""
    pen.line([(0, 0.45), (0.06, 0.65), (-0.05, 0.8), (0.02, 1.0)], tint.dark, width=0.06)
    pen.polygon([(0, 0.36), (0.14, 0.56), (-0.14, 0.56)], tint.dark)
    pen.ellipse((0, -0.28), (0.6, 0.7), tint.base)
    pen.ellipse((-0.22, -0.52), (0.13, 0.2), tint.light)


PAINTERS = {"moon": moon, "sun": sun, "cloud": cloud, "balloon": balloon}
