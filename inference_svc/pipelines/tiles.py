"""Cuts a picture into overlapping tiles of one size, and puts their enlargements together without seams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inference_svc.pipelines.spec import Pixels
from inference_svc.sampling import to_numpy
from inference_svc.work import Array

_Floats = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Grid:
    """Where tiles begin, in pixels of the picture. `size`, `tile`: (height, width).

    Tiles are all of one size, so that they share batches; a picture smaller than a tile is filled up at its far edges.
    """

    size: tuple[int, int]
    tile: tuple[int, int]
    tops: tuple[int, ...]
    lefts: tuple[int, ...]

    @classmethod
    def over(cls, size: tuple[int, int], tile: tuple[int, int], overlap: int) -> Grid:
        """Covers a picture with as few tiles as have at least `overlap` pixels in common, evenly spread."""
        return cls(size, tile, _begins(size[0], tile[0], overlap), _begins(size[1], tile[1], overlap))

    @property
    def count(self) -> int:
        """How many tiles there are."""
        return len(self.tops) * len(self.lefts)

    def cut(self, pixels: Pixels, top: int, left: int) -> _Floats:
        """Returns a tile (1, 3, h, w) in 0..1 of pixels (H, W, 3)."""
        height, width = self.tile
        part = pixels[top : top + height, left : left + width]
        missing = ((0, height - part.shape[0]), (0, width - part.shape[1]), (0, 0))
        whole = np.pad(part, missing, mode="edge")
        return np.ascontiguousarray(whole.transpose(2, 0, 1)[None], np.float32) / np.float32(255)


def joined_row(grid: Grid, tiles: Sequence[Array], scale: int) -> Pixels:
    """Returns a strip (s h, s W, 3) of the enlarged tiles (1, 3, s h, s w) of one row, blended where they overlap."""
    height, width = grid.tile[0] * scale, grid.size[1] * scale
    strip = np.zeros((height, width, 3), np.float32)
    for left, tile in zip(grid.lefts, tiles, strict=True):
        part = np.moveaxis(to_numpy(tile)[0], 0, -1)[:, : width - left * scale]
        _lay(strip, part, left * scale, _ramp(grid.lefts, left, grid.tile[1], scale)[None, : part.shape[1], None], 1)
    return np.clip(np.rint(np.nan_to_num(strip) * 255), 0, 255).astype(np.uint8)


def joined_column(grid: Grid, strips: Sequence[Pixels], scale: int) -> Pixels:
    """Returns pixels (s H, s W, 3) of strips, blended where they overlap."""
    height = grid.size[0] * scale
    whole = np.zeros((height, *strips[0].shape[1:]), np.uint8)
    for top, strip in zip(grid.tops, strips, strict=True):
        part = strip[: height - top * scale]
        _lay(whole, part, top * scale, _ramp(grid.tops, top, grid.tile[0], scale)[: len(part), None, None], 0)
    return whole


def _begins(length: int, tile: int, overlap: int) -> tuple[int, ...]:
    if length <= tile:
        return (0,)
    steps = -(-(length - tile) // (tile - min(overlap, (tile - 1) // 2)))
    return tuple(round(step * (length - tile) / steps) for step in range(steps + 1))


def _ramp(begins: Sequence[int], begin: int, tile: int, scale: int) -> _Floats:
    """How much of a tile shows along an axis: from 0 to 1 over what it shares with the tile before, then 1."""
    share = np.ones(tile * scale, np.float32)
    before = begins.index(begin) - 1
    if before >= 0:
        shared = (begins[before] + tile - begin) * scale
        share[:shared] = (np.arange(shared, dtype=np.float32) + np.float32(0.5)) / np.float32(max(shared, 1))
    return share


def _lay(canvas: Array, part: Array, begin: int, share: _Floats, axis: int) -> None:
    """Lays a part over what is there, as much as its share says; bytes are rounded."""
    where = (slice(None),) * axis + (slice(begin, begin + part.shape[axis]),)
    blended = canvas[where] * (1 - share) + part * share
    canvas[where] = np.rint(blended) if canvas.dtype == np.uint8 else blended
