"""A picture cut into overlapping tiles of one size, and put together from them again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image


@dataclass(frozen=True, slots=True)
class Tiling:
    """Where tiles lie: `size` of the picture, `tile` of each (width, height), and at least how much they overlap."""

    size: tuple[int, int]
    tile: tuple[int, int]
    overlap: int

    @property
    def lefts(self) -> list[int]:
        """Left edges of the columns."""
        return _edges(self.size[0], self.tile[0], self.overlap)

    @property
    def tops(self) -> list[int]:
        """Upper edges of the rows."""
        return _edges(self.size[1], self.tile[1], self.overlap)

    def places(self) -> Iterator[tuple[int, int]]:
        """Left upper corners, row by row."""
        return ((left, top) for top in self.tops for left in self.lefts)


def cut(image: Image.Image, tiling: Tiling) -> list[Image.Image]:
    """The tiles, row by row. Where the picture is smaller than a tile, its edges are repeated."""
    width, height = (max(pair) for pair in zip(image.size, tiling.tile, strict=True))
    pixels = np.asarray(image.convert("RGB"))
    padded = np.pad(pixels, ((0, height - image.height), (0, width - image.width), (0, 0)), mode="edge")
    canvas, (across, down) = Image.fromarray(padded), tiling.tile
    return [canvas.crop((left, top, left + across, top + down)) for left, top in tiling.places()]


def joined(tiles: Sequence[Image.Image], tiling: Tiling) -> Image.Image:
    """The picture: where tiles overlap, one passes into the other evenly. Missing ones are black."""
    (width, height), (across, down) = tiling.size, tiling.tile
    lefts, tops = tiling.lefts, tiling.tops
    canvas = Image.new("RGB", (max(width, across), max(height, down)))
    for row, top in enumerate(tops):
        strip = Image.new("RGB", (canvas.width, down))
        for tile, left in zip(tiles[row * len(lefts) :], lefts, strict=False):
            strip.paste(tile, (left, 0), _ramp(tile.size, tiling.overlap if left else 0, 0))
        canvas.paste(strip, (0, top), _ramp(strip.size, tiling.overlap if top else 0, 1))
    return canvas.crop((0, 0, width, height))


def _edges(length: int, tile: int, overlap: int) -> list[int]:
    """Edges of as many tiles as are needed, spread evenly from one end to the other."""
    count = max(1, math.ceil((length - overlap) / (tile - overlap)))
    if count == 1:
        return [0]
    # In whole numbers: a quotient that is a little too small would leave the last column uncovered.
    return [number * (length - tile) // (count - 1) for number in range(count)]


def _ramp(size: tuple[int, int], overlap: int, axis: int) -> Image.Image:
    """A mask that grows from 0 over the first `overlap` pixels along x (0) or y (1)."""
    width, height = size
    values = np.full(size[axis], 255.0)
    values[:overlap] = np.arange(overlap) * (255 / max(1, overlap))
    along = values[None, :] if axis == 0 else values[:, None]
    return Image.fromarray(np.broadcast_to(along, (height, width)).astype(np.uint8))
