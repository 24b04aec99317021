"""A pen that draws in an object's own coordinates on a supersampled layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from tools.flatland.palette import Rgb

Point = tuple[float, float]
SUPERSAMPLING = 3


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object stands: centre and half its height, in pixels of the finished picture."""

    x_px: float
    y_px: float
    half_px: float


class Pen:
    """Draws shapes whose coordinates run from -1 to 1 (right, down) around a place on a layer."""

    def __init__(self, layer: Image.Image, place: Place) -> None:
        self._draw = ImageDraw.Draw(layer)
        self._x = place.x_px * SUPERSAMPLING
        self._y = place.y_px * SUPERSAMPLING
        self._scale = place.half_px * SUPERSAMPLING

    def _at(self, x: float, y: float) -> Point:
        return self._x + x * self._scale, self._y + y * self._scale

    def polygon(self, points: Sequence[Point], fill: Rgb) -> None:
        """Fills a polygon."""
        self._draw.polygon([self._at(x, y) for x, y in points], fill=fill)

    def ellipse(self, centre: Point, radii: Point, fill: Rgb) -> None:
        """Fills an ellipse whose axes are upright."""
        (x, y), (rx, ry) = centre, radii
        self._draw.ellipse([self._at(x - rx, y - ry), self._at(x + rx, y + ry)], fill=fill)

    def disc(self, centre: Point, radius: float, fill: Rgb) -> None:
        """Fills a circle."""
        self.ellipse(centre, (radius, radius), fill)

    def pie(self, centre: Point, radius: float, fill: Rgb, *, start: float, end: float) -> None:
        """Fills a sector from angle `start` to `end`, degrees clockwise from the right."""
        x, y = centre
        box = [self._at(x - radius, y - radius), self._at(x + radius, y + radius)]
        self._draw.pieslice(box, start, end, fill=fill)

    def arc(self, centre: Point, radius: float, fill: Rgb, *, start: float, end: float, width: float) -> None:
        """Strokes an arc inwards from `radius`."""
        x, y = centre
        box = [self._at(x - radius, y - radius), self._at(x + radius, y + radius)]
        self._draw.arc(box, start, end, fill=fill, width=max(1, round(width * self._scale)))

    def box(self, low: Point, high: Point, fill: Rgb, *, radius: float = 0.0) -> None:
        """Fills a rectangle, with rounded corners where `radius` is given."""
        corners = [self._at(*low), self._at(*high)]
        self._draw.rounded_rectangle(corners, radius=radius * self._scale, fill=fill)

    def line(self, points: Sequence[Point], fill: Rgb, *, width: float) -> None:
        """Strokes a polyline with round joints and ends."""
        stroke = max(1, round(width * self._scale))
        self._draw.line([self._at(x, y) for x, y in points], fill=fill, width=stroke, joint="curve")
        for x, y in (points[0], points[-1]):
            self.disc((x, y), width / 2, fill)


def regular(corner_count: int, *, radius: float = 1.0, turn_degrees: float = -90.0) -> list[Point]:
    """Returns the corners of a regular polygon; the first lies at `turn_degrees`."""
    angles = [math.radians(turn_degrees + 360 * i / corner_count) for i in range(corner_count)]
    return [(radius * math.cos(a), radius * math.sin(a)) for a in angles]


def star_points(tip_count: int, *, inner: float, radius: float = 1.0) -> list[Point]:
    """Returns the corners of a star, tip first, upright."""
    outer = regular(tip_count, radius=radius)
    dents = regular(tip_count, radius=inner * radius, turn_degrees=-90 + 180 / tip_count)
    return [point for pair in zip(outer, dents, strict=True) for point in pair]
