"""Plain geometric shapes."""

from __future__ import annotations

import math

from tools.flatland.palette import Tint
from tools.flatland.pen import Pen, Point, regular, star_points


def circle(pen: Pen, tint: Tint) -> None:
    """A plain disc."""
    pen.disc((0, 0), 0.95, tint.base)


def square(pen: Pen, tint: Tint) -> None:
    """A square with sharp corners."""
    pen.box((-0.85, -0.85), (0.85, 0.85), tint.base)


def triangle(pen: Pen, tint: Tint) -> None:
    """A triangle that stands on its base."""
    pen.polygon([(0, -0.9), (1, 0.8), (-1, 0.8)], tint.base)


def diamond(pen: Pen, tint: Tint) -> None:
    """A gem with facets."""
    pen.polygon([(-0.6, -0.7), (0.6, -0.7), (1, -0.2), (0, 0.95), (-1, -0.2)], tint.base)
    pen.polygon([(-0.6, -0.7), (0.6, -0.7), (1, -0.2), (-1, -0.2)], tint.light)
    pen.polygon([(0.38, -0.2), (1, -0.2), (0, 0.95)], tint.dark)


def hexagon(pen: Pen, tint: Tint) -> None:
    """A hexagon that lies on a side, with a lighter one inside, so that it never passes for a circle."""
    pen.polygon(regular(6, turn_degrees=0.0), tint.base)
    pen.polygon(regular(6, radius=0.55, turn_degrees=0.0), tint.light)


def star(pen: Pen, tint: Tint) -> None:
    """A star with five tips."""
    pen.polygon(star_points(5, inner=0.45), tint.base)


def heart(pen: Pen, tint: Tint) -> None:
    """A heart, from its usual parametric curve."""
    pen.polygon([_heart_at(math.tau * i / 60) for i in range(60)], tint.base)
    pen.ellipse((-0.45, -0.45), (0.16, 0.13), tint.light)


def _heart_at(t: float) -> Point:
    x = 16 * math.sin(t) ** 3
    y = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
    return x / 17, -(y + 2.5) / 15.5


PAINTERS = {
    "circle": circle,
    "square": square,
    "triangle": triangle,
    "diamond": diamond,
    "hexagon": hexagon,
    "star": star,
    "heart": heart,
}
