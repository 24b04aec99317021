"""More that looks back, from head to tail."""

from __future__ import annotations

from tools.flatland.palette import INK, PAPER, Rgb, Tint
from tools.flatland.pen import Pen

_BEAK: Rgb = (250, 160, 50)
_ROSE: Rgb = (240, 130, 140)


def rabbit(pen: Pen, tint: Tint) -> None:
    """A rabbit's head with tall ears."""
    for side in (-1, 1):
        pen.ellipse((side * 0.32, -0.5), (0.2, 0.5), tint.base)
        pen.ellipse((side * 0.32, -0.46), (0.09, 0.34), _ROSE)
    pen.ellipse((0, 0.4), (0.66, 0.58), tint.base)
    for side in (-1, 1):
        pen.disc((side * 0.28, 0.26), 0.11, tint.detail)
    pen.polygon([(-0.1, 0.44), (0.1, 0.44), (0, 0.56)], _ROSE)
    for side in (-1, 1):
        pen.arc((side * 0.12, 0.56), 0.14, tint.detail, start=0, end=180, width=0.05)


def duck(pen: Pen, tint: Tint) -> None:
    """A swimming duck that looks to the left."""
    pen.polygon([(0.5, 0.3), (1.0, -0.22), (0.9, 0.4)], tint.dark)
    pen.ellipse((0.14, 0.42), (0.8, 0.46), tint.base)
    pen.disc((-0.4, -0.36), 0.4, tint.base)
    pen.box((-0.6, -0.3), (-0.14, 0.36), tint.base, radius=0.1)
    pen.ellipse((-0.82, -0.28), (0.2, 0.11), _BEAK)
    pen.ellipse((0.3, 0.36), (0.42, 0.24), tint.dark)
    pen.disc((-0.5, -0.46), 0.09, tint.detail)


def penguin(pen: Pen, tint: Tint) -> None:
    """A penguin with a pale belly."""
    for side in (-1, 1):
        pen.ellipse((side * 0.28, 0.88), (0.24, 0.1), _BEAK)
        pen.ellipse((side * 0.56, 0.2), (0.18, 0.46), tint.dark)
    pen.ellipse((0, 0.26), (0.54, 0.66), tint.base)
    pen.disc((0, -0.5), 0.44, tint.base)
    pen.ellipse((0, 0.36), (0.36, 0.48), PAPER)
    for side in (-1, 1):
        pen.disc((side * 0.18, -0.46), 0.2, PAPER)
        pen.disc((side * 0.15, -0.48), 0.09, INK)
    pen.polygon([(-0.14, -0.36), (0.14, -0.36), (0, -0.14)], _BEAK)


def whale(pen: Pen, tint: Tint) -> None:
    """A whale that blows, looking to the left."""
    spray: Rgb = (150, 206, 240)
    for side in (-1, 1):
        pen.arc((-0.36 + side * 0.2, -0.62), 0.2, spray, start=180, end=360, width=0.09)
    pen.box((-0.4, -0.62), (-0.32, -0.3), spray)
    pen.polygon([(0.6, 0.1), (0.7, -0.5), (0.98, -0.26), (1.0, 0.0), (0.84, 0.3)], tint.dark)
    pen.ellipse((-0.14, 0.26), (0.84, 0.52), tint.base)
    pen.pie((-0.18, 0.3), 0.5, tint.accent, start=20, end=160)
    pen.disc((-0.56, 0.1), 0.09, tint.detail)


PAINTERS = {"rabbit": rabbit, "duck": duck, "penguin": penguin, "whale": whale}
