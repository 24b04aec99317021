"""Makes pictures larger: by interpolation, or by a network tile for tile, one tile an ask."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Final

import numpy as np
from PIL import Image

from inference_svc.pipelines.spec import Pixels
from inference_svc.pipelines.tiles import Grid, joined_column, joined_row
from inference_svc.work import Array, Ask, Compute, Evaluate, Report, UpscalerFacts, UpscaleRow
from latentwire.errors import NotFound

NONE: Final = UpscalerFacts("None")
LANCZOS: Final = UpscalerFacts("Lanczos")
NEAREST: Final = UpscalerFacts("Nearest")
INTERPOLATING: Final = (NONE, LANCZOS, NEAREST)
"""What needs no network, in A1111's order."""

DEFAULT_TILE: Final = 192
DEFAULT_OVERLAP: Final = 8
MOST_PASSES: Final = 3
_MULTIPLE: Final = 8
_CUT_AT_ONCE: Final = 256 * 256  # pixels: under a millisecond


@dataclass(frozen=True, slots=True)
class UpscaleSpec:
    """By what, and to which size in pixels. `tile`: side of a tile, 0: the whole picture at once.

    `overlap`: pixels of the source that neighbouring tiles share, at least. `always`: a network runs even where the
    picture has its size already, for what it does to it.
    """

    upscaler: UpscalerFacts
    width: int
    height: int
    tile: int = DEFAULT_TILE
    overlap: int = DEFAULT_OVERLAP
    always: bool = False


@dataclass(frozen=True, slots=True)
class TileDone:
    """A network has enlarged a tile."""


def find_upscaler(name: str, upscalers: Sequence[UpscalerFacts]) -> UpscalerFacts:
    """Returns the upscaler of that name. Raises NotFound, UPSCALER_NOT_FOUND."""
    for upscaler in upscalers:
        if upscaler.name == name:
            return upscaler
    known = ", ".join(upscaler.name for upscaler in upscalers)
    message = f"there is no upscaler {name!r}; known: {known}"
    raise NotFound(message, reason="UPSCALER_NOT_FOUND", metadata={"upscaler": name})


def upscale(spec: UpscaleSpec, pixels: Pixels) -> Generator[Ask, Any, Pixels]:
    """Returns pixels (H, W, 3) at the size of `spec`, made by its upscaler.

    A network runs up to three times, until both sides are long enough; Lanczos does the rest, and all of it where the
    upscaler is "None" or nothing has to grow.
    """
    upscaler = spec.upscaler
    if upscaler == NEAREST:
        pixels = yield Compute(_nearest, (spec, pixels))
    elif count := passes(spec, *pixels.shape[1::-1]):
        yield Compute(upscaler.load)
        for _ in range(count):
            pixels = yield from _enlarged(spec, pixels)
    exact: Pixels = yield Compute(resized, (pixels, spec.width, spec.height))
    return exact


def resized(pixels: Pixels, width: int, height: int) -> Pixels:
    """Returns pixels (H, W, 3) at another size, by Lanczos; the same where they have it."""
    if pixels.shape[:2] == (height, width):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS), np.uint8)


def passes(spec: UpscaleSpec, width: int, height: int) -> int:
    """Returns how often the upscaler's network runs over a whole picture of that size.

    One that keeps the size runs once, unless the picture is to become smaller.
    """
    scale, short = spec.upscaler.scale, width < spec.width or height < spec.height
    if scale <= 1 or not short:
        return int(scale > 0 and (short or (spec.always and (width, height) == (spec.width, spec.height))))
    count = 0
    while count < MOST_PASSES and (width < spec.width or height < spec.height):
        width, height, count = width * scale, height * scale, count + 1
    return count


def most_pixels(spec: UpscaleSpec, width: int, height: int) -> int:
    """Returns how many pixels there are at most on the way from a picture of that size."""
    growth: int = spec.upscaler.scale ** (2 * passes(spec, width, height))
    return max(width * height * growth, spec.width * spec.height)


def tile_count(spec: UpscaleSpec, width: int, height: int) -> int:
    """Returns how many tiles a picture of that size takes, over all passes."""
    scales = [spec.upscaler.scale**done for done in range(passes(spec, width, height))]
    return sum(grid_over(spec, height * scale, width * scale).count for scale in scales)


def grid_over(spec: UpscaleSpec, height: int, width: int) -> Grid:
    """Returns the tiles of a picture. One smaller than a tile is a tile of its own size, rounded up to a multiple of 8.

    What tiles share is less than half of them.
    """
    tile = spec.upscaler.tile or (_side(height, spec.tile), _side(width, spec.tile))
    return Grid.over((height, width), tile, spec.overlap)


def largest_tile(spec: UpscaleSpec, width: int, height: int) -> tuple[int, int]:
    """Returns height and width of the tiles of the last pass over a picture of that size, the largest."""
    growth = spec.upscaler.scale ** max(0, passes(spec, width, height) - 1)
    return grid_over(spec, height * growth, width * growth).tile


def _side(length: int, most: int) -> int:
    """Networks halve their input some times; few take any size."""
    whole = -(-length // _MULTIPLE) * _MULTIPLE
    return min(most, whole) if most else whole


def _cut(grid: Grid, pixels: Pixels, top: int, left: int) -> Generator[Ask, Any, Array]:
    if prod(grid.tile) <= _CUT_AT_ONCE:
        return grid.cut(pixels, top, left)
    return (yield Compute(grid.cut, (pixels, top, left)))


def _nearest(spec: UpscaleSpec, pixels: Pixels) -> Pixels:
    """Enlarges in the picture's own proportions, until both sides are long enough."""
    height, width = pixels.shape[:2]
    factor = max(spec.width / width, spec.height / height)
    if factor <= 1:
        return pixels
    size = (round(width * factor), round(height * factor))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST), np.uint8)


def _enlarged(spec: UpscaleSpec, pixels: Pixels) -> Generator[Ask, Any, Pixels]:
    """Runs the network once over the whole picture. What is between rows of tiles is kept in bytes: it may be large."""
    grid, scale = grid_over(spec, *pixels.shape[:2]), spec.upscaler.scale
    rows = []
    for top in grid.tops:
        tiles: list[Array] = []
        for left in grid.lefts:
            part = yield from _cut(grid, pixels, top, left)
            (tile,) = yield Evaluate((UpscaleRow(spec.upscaler.name, part),))
            tiles.append(tile)
            yield Report(TileDone())
        rows.append((yield Compute(joined_row, (grid, tiles, scale))))
    enlarged: Pixels = yield Compute(joined_column, (grid, rows, scale))
    return enlarged
