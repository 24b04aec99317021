"""What grows."""

from __future__ import annotations

from tools.flatland.palette import Rgb, Tint
from tools.flatland.pen import Pen, regular

_WOOD: Rgb = (134, 88, 56)
_STEM: Rgb = (70, 148, 84)
_GOLD: Rgb = (250, 200, 66)
_CREAM: Rgb = (248, 236, 214)
_CLAY: Rgb = (206, 110, 72)


def tree(pen: Pen, tint: Tint) -> None:
    """A round crown on a trunk."""
    pen.box((-0.13, 0.2), (0.13, 1.0), _WOOD)
    pen.disc((-0.36, 0.0), 0.42, tint.base)
    pen.disc((0.36, 0.0), 0.42, tint.dark)
    pen.disc((0, -0.4), 0.56, tint.base)
    pen.disc((-0.16, -0.5), 0.24, tint.light)


def flower(pen: Pen, tint: Tint) -> None:
    """Six petals on a stem with two leaves."""
    pen.box((-0.06, 0.0), (0.06, 1.0), _STEM)
    pen.polygon([(0, 0.85), (-0.5, 0.55), (-0.12, 0.5)], _STEM)
    pen.polygon([(0, 0.85), (0.5, 0.55), (0.12, 0.5)], _STEM)
    for x, y in regular(6, radius=0.4):
        pen.disc((x, y - 0.35), 0.27, tint.base)
    pen.disc((0, -0.35), 0.24, _GOLD if tint.base != (252, 206, 52) else tint.dark)


def mushroom(pen: Pen, tint: Tint) -> None:
    """A spotted cap on a pale stem."""
    pen.box((-0.28, 0.0), (0.28, 0.92), _CREAM, radius=0.16)
    pen.pie((0, 0.15), 0.98, tint.base, start=180, end=360)
    pen.disc((-0.45, -0.18), 0.15, tint.accent)
    pen.disc((0.08, -0.48), 0.19, tint.accent)
    pen.disc((0.55, -0.12), 0.13, tint.accent)


def cactus(pen: Pen, tint: Tint) -> None:
    """A cactus with two arms in a clay pot."""
    pen.line([(-0.62, -0.3), (-0.62, 0.1), (0, 0.1)], tint.base, width=0.28)
    pen.line([(0.62, -0.5), (0.62, -0.08), (0, -0.08)], tint.dark, width=0.28)
    pen.box((-0.24, -0.98), (0.24, 0.6), tint.base, radius=0.24)
    pen.polygon([(-0.5, 0.45), (0.5, 0.45), (0.36, 1.0), (-0.36, 1.0)], _CLAY)


def apple(pen: Pen, tint: Tint) -> None:
    """An apple with a leaf."""
    pen.ellipse((-0.3, 0.2), (0.58, 0.72), tint.base)
    pen.ellipse((0.3, 0.2), (0.58, 0.72), tint.base)
    pen.ellipse((-0.5, 0.0), (0.13, 0.22), tint.light)
    pen.line([(0, -0.38), (0.06, -0.85)], _WOOD, width=0.12)
    pen.polygon([(0.08, -0.55), (0.3, -0.9), (0.72, -0.86), (0.48, -0.52)], _STEM)


def leaf(pen: Pen, tint: Tint) -> None:
    """A pointed leaf with its veins."""
    left = [(0, -1.0), (-0.42, -0.55), (-0.58, -0.02), (-0.4, 0.42), (0, 0.66)]
    pen.polygon(left, tint.base)
    pen.polygon([(-x, y) for x, y in left], tint.dark)
    pen.line([(0, -0.6), (0, 0.96)], tint.light, width=0.08)
    for y in (-0.2, 0.15):
        pen.line([(-0.34, y - 0.18), (0, y + 0.08), (0.34, y - 0.18)], tint.light, width=0.06)


PAINTERS = {
    "tree": tree,
    "flower": flower,
    "mushroom": mushroom,
    "cactus": cactus,
    "apple": apple,
    "leaf": leaf,
}
