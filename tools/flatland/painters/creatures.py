"""What looks back."""

from __future__ import annotations

from tools.flatland.palette import INK, PAPER, Rgb, Tint
from tools.flatland.pen import Pen

_BEAK: Rgb = (250, 160, 50)
_ROSE: Rgb = (240, 130, 140)
_GOLD: Rgb = (250, 214, 90)


def _eyes(pen: Pen, tint: Tint, *, apart: float, y: float, radius: float) -> None:
    for x in (-apart, apart):
        pen.disc((x, y), radius, tint.detail)


def cat(pen: Pen, tint: Tint) -> None:
    """A cat's head: pointed ears, eyes, nose and whiskers."""
    for side in (-1, 1):
        pen.polygon([(side * 0.82, -0.98), (side * 0.9, 0.0), (side * 0.12, -0.5)], tint.base)
        pen.polygon([(side * 0.7, -0.7), (side * 0.72, -0.2), (side * 0.36, -0.5)], _ROSE)
    pen.ellipse((0, 0.16), (0.92, 0.74), tint.base)
    _eyes(pen, tint, apart=0.38, y=0.02, radius=0.14)
    pen.polygon([(-0.13, 0.28), (0.13, 0.28), (0, 0.44)], _ROSE)
    for side in (-1, 1):
        pen.line([(side * 0.4, 0.36), (side * 1.0, 0.26)], tint.detail, width=0.06)
        pen.line([(side * 0.4, 0.5), (side * 0.96, 0.58)], tint.detail, width=0.06)


def dog(pen: Pen, tint: Tint) -> None:
    """A dog's head: hanging ears, a pale muzzle, a tongue."""
    pen.ellipse((0, 0.0), (0.74, 0.8), tint.base)
    for side in (-1, 1):
        pen.ellipse((side * 0.76, 0.02), (0.24, 0.62), tint.dark)
    pen.ellipse((0, 0.78), (0.14, 0.2), _ROSE)
    pen.ellipse((0, 0.42), (0.46, 0.38), tint.accent)
    _eyes(pen, tint, apart=0.32, y=-0.2, radius=0.13)
    pen.ellipse((0, 0.22), (0.19, 0.14), INK)


def fish(pen: Pen, tint: Tint) -> None:
    """A fish that swims to the left."""
    pen.polygon([(0.4, 0.0), (1.0, -0.52), (0.86, 0.0), (1.0, 0.52)], tint.dark)
    pen.polygon([(-0.3, -0.4), (0.1, -0.85), (0.3, -0.3)], tint.dark)
    pen.ellipse((-0.18, 0.0), (0.78, 0.54), tint.base)
    pen.ellipse((-0.02, 0.12), (0.2, 0.16), tint.light)
    pen.disc((-0.58, -0.12), 0.15, PAPER)
    pen.disc((-0.6, -0.12), 0.08, INK)


def bird(pen: Pen, tint: Tint) -> None:
    """A round bird that looks to the left."""
    pen.polygon([(0.4, 0.1), (1.0, -0.28), (0.92, 0.3)], tint.dark)
    for x in (-0.1, 0.2):
        pen.line([(x, 0.6), (x, 0.95)], _BEAK, width=0.09)
    pen.ellipse((0.06, 0.2), (0.68, 0.56), tint.base)
    pen.disc((-0.36, -0.36), 0.44, tint.base)
    pen.polygon([(-0.74, -0.48), (-1.0, -0.28), (-0.72, -0.16)], _BEAK)
    pen.ellipse((0.24, 0.2), (0.38, 0.28), tint.dark)
    pen.disc((-0.46, -0.42), 0.09, tint.detail)


def butterfly(pen: Pen, tint: Tint) -> None:
    """Four wings around a dark body."""
    for side in (-1, 1):
        pen.ellipse((side * 0.52, -0.34), (0.46, 0.5), tint.base)
        pen.ellipse((side * 0.44, 0.44), (0.36, 0.4), tint.dark)
        pen.disc((side * 0.56, -0.36), 0.2, tint.light)
        pen.line([(0, -0.5), (side * 0.22, -0.95)], INK, width=0.06)
    pen.box((-0.1, -0.6), (0.1, 0.78), INK, radius=0.1)


def ghost(pen: Pen, tint: Tint) -> None:
    """A friendly ghost with a wavy hem."""
    pen.pie((0, -0.2), 0.75, tint.base, start=180, end=360)
    pen.box((-0.75, -0.22), (0.75, 0.66), tint.base)
    for x in (-0.5, 0.0, 0.5):
        pen.disc((x, 0.66), 0.25, tint.base)
    _eyes(pen, tint, apart=0.28, y=-0.18, radius=0.14)
    pen.ellipse((0, 0.24), (0.13, 0.17), tint.detail)


def robot(pen: Pen, tint: Tint) -> None:
    """A robot's head with an aerial and a grille."""
    pen.line([(0, -0.5), (0, -0.84)], tint.dark, width=0.1)
    pen.disc((0, -0.86), 0.13, _GOLD)
    for side in (-1, 1):
        pen.box((side * 0.87 - 0.13, -0.14), (side * 0.87 + 0.13, 0.36), tint.dark)
    pen.box((-0.8, -0.55), (0.8, 0.88), tint.base, radius=0.16)
    for x in (-0.36, 0.36):
        pen.disc((x, -0.06), 0.22, PAPER)
        pen.disc((x, -0.06), 0.1, INK)
    pen.box((-0.44, 0.4), (0.44, 0.62), tint.dark)


def smiley(pen: Pen, tint: Tint) -> None:
    """A smiling face."""
    pen.disc((0, 0), 0.95, tint.base)
    _eyes(pen, tint, apart=0.34, y=-0.24, radius=0.14)
    pen.arc((0, 0.04), 0.6, tint.detail, start=20, end=160, width=0.13)


PAINTERS = {
    "cat": cat,
    "dog": dog,
    "fish": fish,
    "bird": bird,
    "butterfly": butterfly,
    "ghost": ghost,
    "robot": robot,
    "smiley": smiley,
}
