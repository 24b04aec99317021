"""What one travels in, and where to."""

from __future__ import annotations

from tools.flatland.palette import INK, PAPER, Rgb, Tint, mix
from tools.flatland.pen import Pen

_GLASS: Rgb = (174, 222, 244)
_LAMP: Rgb = (255, 222, 120)
_METAL: Rgb = (176, 184, 196)
_SNOW: Rgb = (244, 248, 252)


def train(pen: Pen, tint: Tint) -> None:
    """A steam engine that drives to the left."""
    pen.box((-0.72, -0.72), (-0.44, -0.1), tint.dark)
    pen.box((-0.8, -0.8), (-0.36, -0.62), tint.dark, radius=0.06)
    pen.box((-0.92, -0.2), (0.4, 0.42), tint.base, radius=0.14)
    pen.box((0.2, -0.72), (0.9, 0.42), tint.base)
    pen.box((0.1, -0.86), (1.0, -0.66), tint.dark, radius=0.06)
    pen.box((0.36, -0.5), (0.74, -0.08), _GLASS)
    pen.box((-1.0, 0.36), (0.94, 0.54), tint.dark)
    for x, radius in ((-0.66, 0.24), (-0.12, 0.24), (0.54, 0.32)):
        pen.disc((x, 0.92 - radius), radius, INK)
        pen.disc((x, 0.92 - radius), radius * 0.42, _METAL)


def plane(pen: Pen, tint: Tint) -> None:
    """An aeroplane that flies to the right."""
    pen.polygon([(-0.98, -0.62), (-0.72, -0.62), (-0.42, -0.06), (-0.84, -0.06)], tint.dark)
    pen.box((-0.95, -0.22), (0.98, 0.24), tint.base, radius=0.22)
    pen.polygon([(-0.12, 0.06), (0.3, 0.06), (-0.2, 0.72), (-0.46, 0.72)], tint.dark)
    for x in (-0.42, -0.12, 0.18, 0.48):
        pen.disc((x, -0.05), 0.09, _GLASS)
    pen.pie((0.74, -0.02), 0.18, _GLASS, start=270, end=360)


def castle(pen: Pen, tint: Tint) -> None:
    """Two towers with pointed roofs around a gate."""
    pen.box((-0.5, -0.16), (0.5, 0.92), tint.base)
    for x in (-0.4, -0.1, 0.2):
        pen.box((x, -0.32), (x + 0.2, -0.12), tint.base)
    for side in (-1, 1):
        pen.box((side * 0.68 - 0.27, -0.3), (side * 0.68 + 0.27, 0.92), mix(tint.base, tint.light, 0.35))
        pen.polygon([(side * 0.68, -0.98), (side * 0.68 + 0.34, -0.28), (side * 0.68 - 0.34, -0.28)], tint.dark)
        pen.box((side * 0.68 - 0.09, 0.0), (side * 0.68 + 0.09, 0.28), _LAMP)
    pen.pie((0, 0.52), 0.24, tint.dark, start=180, end=360)
    pen.box((-0.24, 0.5), (0.24, 0.92), tint.dark)


def lighthouse(pen: Pen, tint: Tint) -> None:
    """A tower with two bands, a lamp and a cap."""
    pen.polygon([(-0.28, -0.5), (0.28, -0.5), (0.48, 0.94), (-0.48, 0.94)], PAPER)
    pen.polygon([(-0.333, -0.12), (0.333, -0.12), (0.4, 0.24), (-0.4, 0.24)], tint.base)
    pen.polygon([(-0.44, 0.58), (0.44, 0.58), (0.48, 0.94), (-0.48, 0.94)], tint.base)
    pen.box((-0.24, -0.78), (0.24, -0.5), _LAMP)
    pen.box((-0.38, -0.56), (0.38, -0.46), tint.dark)
    pen.polygon([(0, -1.0), (0.34, -0.74), (-0.34, -0.74)], tint.base)


def mountain(pen: Pen, tint: Tint) -> None:
    """One peak under snow, its right flank in shadow."""
    pen.polygon([(0, -0.92), (1.0, 0.85), (-1.0, 0.85)], tint.base)
    pen.polygon([(0, -0.92), (1.0, 0.85), (0.12, 0.85), (-0.08, 0.0)], tint.dark)
    pen.polygon([(0, -0.92), (0.36, -0.29), (0.16, -0.42), (-0.04, -0.18), (-0.18, -0.38), (-0.36, -0.29)], _SNOW)


def planet(pen: Pen, tint: Tint) -> None:
    """A planet with a ring."""
    ring = mix(tint.light, (255, 240, 200), 0.5)
    pen.polygon([(-1.0, 0.36), (-0.92, 0.14), (1.0, -0.36), (0.92, -0.14)], ring)
    pen.disc((0, 0), 0.66, tint.base)
    pen.ellipse((-0.18, -0.3), (0.3, 0.14), tint.light)
    pen.disc((0.26, 0.34), 0.12, tint.dark)
    pen.polygon(
        [(-1.0, 0.36), (-0.94, 0.2), (-0.62, 0.16), (0.62, -0.08), (0.94, -0.2), (0.6, 0.16), (-0.6, 0.44)], ring
    )


PAINTERS = {
    "train": train,
    "plane": plane,
    "castle": castle,
    "lighthouse": lighthouse,
    "mountain": mountain,
    "planet": planet,
}
