"""The colours of Flatland's world and the tints that one colour gives."""

from __future__ import annotations

from dataclasses import dataclass

Rgb = tuple[int, int, int]

COLOURS: dict[str, Rgb] = {
    "red": (222, 56, 52),
    "orange": (245, 136, 38),
    "yellow": (252, 206, 52),
    "green": (66, 166, 84),
    "teal": (30, 164, 160),
    "blue": (44, 104, 216),
    "purple": (132, 72, 190),
    "pink": (244, 126, 172),
    "brown": (138, 86, 50),
    "black": (42, 42, 50),
    "white": (250, 250, 248),
    "gray": (146, 150, 158),
}

BACKGROUNDS: dict[str, Rgb] = {
    "white": (251, 251, 249),
    "black": (26, 26, 32),
    "gray": (204, 207, 212),
    "red": (238, 122, 112),
    "orange": (252, 184, 116),
    "yellow": (254, 230, 138),
    "green": (164, 216, 158),
    "blue": (146, 200, 244),
    "navy": (32, 44, 92),
    "purple": (196, 170, 234),
    "pink": (252, 202, 216),
    "beige": (242, 228, 204),
}

INK: Rgb = (44, 42, 54)
PAPER: Rgb = (252, 250, 244)


def mix(first: Rgb, second: Rgb, share: float) -> Rgb:
    """Returns `first` moved towards `second` by `share` in [0, 1]."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def luma(colour: Rgb) -> float:
    """Returns the perceived brightness of a colour, 0 to 255 (Rec. 601)."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


@dataclass(frozen=True, slots=True)
class Tint:
    """One colour and what a painter needs beside it."""

    base: Rgb
    dark: Rgb
    light: Rgb
    detail: Rgb
    accent: Rgb


def tint(base: Rgb) -> Tint:
    """Returns shades of `base`, and a detail and an accent colour that stand out on it."""
    bright = luma(base) > 90
    return Tint(
        base=base,
        dark=mix(base, (30, 24, 60), 0.28 if bright else 0.5),
        light=mix(base, (255, 255, 255), 0.45 if bright else 0.25),
        detail=INK if bright else PAPER,
        accent=PAPER if luma(base) < 215 else mix(base, (120, 140, 190), 0.35),
    )
