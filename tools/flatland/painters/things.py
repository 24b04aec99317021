"""What people make."""

from __future__ import annotations

from tools.flatland.palette import INK, PAPER, Rgb, Tint
from tools.flatland.pen import Pen

_GLASS: Rgb = (174, 222, 244)
_LAMP: Rgb = (255, 222, 120)
_WOOD: Rgb = (134, 88, 56)
_METAL: Rgb = (176, 184, 196)


def house(pen: Pen, tint: Tint) -> None:
    """Walls of the colour, a darker roof, a lit window, a door and a chimney."""
    pen.box((0.4, -0.92), (0.64, -0.3), tint.dark)
    pen.box((-0.72, -0.2), (0.72, 0.92), tint.base)
    pen.polygon([(0, -0.98), (1, -0.12), (-1, -0.12)], tint.dark)
    pen.box((-0.5, 0.1), (-0.06, 0.52), _LAMP)
    pen.box((0.14, 0.2), (0.52, 0.92), _WOOD)


def boat(pen: Pen, tint: Tint) -> None:
    """A hull of the colour under two sails."""
    pen.box((-0.05, -0.98), (0.05, 0.4), _WOOD)
    pen.polygon([(0.1, -0.92), (0.86, 0.26), (0.1, 0.26)], PAPER)
    pen.polygon([(-0.1, -0.7), (-0.1, 0.26), (-0.7, 0.26)], tint.light)
    pen.polygon([(-1, 0.38), (1, 0.38), (0.62, 0.88), (-0.62, 0.88)], tint.base)


def car(pen: Pen, tint: Tint) -> None:
    """A small car seen from its side."""
    pen.polygon([(-0.62, -0.02), (-0.4, -0.52), (0.3, -0.52), (0.6, -0.02)], tint.base)
    pen.polygon([(-0.44, -0.04), (-0.3, -0.38), (-0.06, -0.38), (-0.06, -0.04)], _GLASS)
    pen.polygon([(0.06, -0.04), (0.06, -0.38), (0.24, -0.38), (0.42, -0.04)], _GLASS)
    pen.box((-1.0, -0.06), (1.0, 0.44), tint.base, radius=0.16)
    pen.box((0.82, 0.06), (1.0, 0.2), _LAMP)
    for x in (-0.55, 0.55):
        pen.disc((x, 0.44), 0.27, INK)
        pen.disc((x, 0.44), 0.12, _METAL)


def umbrella(pen: Pen, tint: Tint) -> None:
    """An open umbrella with a hooked handle."""
    pen.box((-0.05, -0.1), (0.05, 0.8), _WOOD)
    pen.arc((0.17, 0.76), 0.22, _WOOD, start=0, end=180, width=0.1)
    pen.pie((0, 0.05), 0.98, tint.base, start=180, end=360)
    pen.polygon([(-0.35, 0.06), (0, -0.93), (0.35, 0.06)], tint.light)


def cup(pen: Pen, tint: Tint) -> None:
    """A steaming cup with a handle."""
    pen.arc((0.55, 0.28), 0.4, tint.dark, start=0, end=360, width=0.14)
    pen.box((-0.72, -0.14), (0.56, 0.88), tint.base, radius=0.2)
    pen.box((-0.72, -0.14), (0.56, 0.12), tint.dark)
    for x in (-0.34, 0.16):
        pen.line([(x, -0.32), (x + 0.1, -0.52), (x - 0.05, -0.7), (x + 0.05, -0.92)], tint.light, width=0.09)


def crown(pen: Pen, tint: Tint) -> None:
    """Three tips, each with a ball, over a jewelled band."""
    pen.polygon([(-0.9, -0.5), (-0.42, 0.1), (0, -0.7), (0.42, 0.1), (0.9, -0.5), (0.78, 0.7), (-0.78, 0.7)], tint.base)
    for x, y in ((-0.9, -0.52), (0, -0.76), (0.9, -0.52)):
        pen.disc((x, y), 0.13, tint.light)
    pen.box((-0.8, 0.44), (0.8, 0.74), tint.dark)
    pen.disc((0, 0.59), 0.1, tint.light)


def rocket(pen: Pen, tint: Tint) -> None:
    """A rocket that has just taken off."""
    pen.polygon([(-0.24, 0.5), (0.24, 0.5), (0, 1.0)], (255, 170, 50))
    pen.polygon([(-0.3, 0.1), (-0.66, 0.62), (-0.3, 0.54)], tint.dark)
    pen.polygon([(0.3, 0.1), (0.66, 0.62), (0.3, 0.54)], tint.dark)
    pen.ellipse((0, -0.2), (0.36, 0.8), tint.base)
    pen.box((-0.25, 0.4), (0.25, 0.6), tint.dark)
    pen.disc((0, -0.32), 0.2, tint.dark)
    pen.disc((0, -0.32), 0.14, _GLASS)


def book(pen: Pen, tint: Tint) -> None:
    """A closed book with a label."""
    pen.box((-0.66, -0.86), (0.74, 0.88), tint.dark, radius=0.08)
    pen.box((-0.5, 0.62), (0.68, 0.8), PAPER)
    pen.box((-0.66, -0.86), (0.74, 0.62), tint.base, radius=0.08)
    pen.box((-0.66, -0.86), (-0.44, 0.88), tint.dark, radius=0.06)
    pen.box((-0.2, -0.52), (0.5, -0.08), tint.light)


PAINTERS = {
    "house": house,
    "boat": boat,
    "car": car,
    "umbrella": umbrella,
    "cup": cup,
    "crown": crown,
    "rocket": rocket,
    "book": book,
}
