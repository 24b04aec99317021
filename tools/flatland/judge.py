"""An independent judge: which object, colour and background does a picture show? By nearest render."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tools.flatland.painters import PAINTERS
from tools.flatland.palette import BACKGROUNDS, COLOURS
from tools.flatland.render import render
from tools.flatland.scene import Single, Thing

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]
LEAST_PIXELS = 40
_SIDE = 28
_THRESHOLD = 30
_THINGS = tuple(Thing(name, colour) for name in PAINTERS for colour in COLOURS)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge sees."""

    thing: Thing
    background: str


def judge(picture: Picture, behind: NDArray[np.float64] | None = None) -> Verdict:
    """Returns the nearest of all renders of one object, after cutting out what differs from the border.

    `behind`: the background's colour, where the border of a part of a picture may not show it.
    """
    colour = border_colour(picture) if behind is None else behind
    background = min(BACKGROUNDS, key=lambda name: float(np.abs(colour - np.array(BACKGROUNDS[name])).sum()))
    distances = np.square(_templates(background) - _cutout(picture, colour)).mean(axis=(1, 2, 3))
    return Verdict(_THINGS[int(distances.argmin())], background)


def border_colour(picture: Picture) -> NDArray[np.float64]:
    """Returns the median colour of a picture's outermost pixels."""
    edges = (picture[:3], picture[-3:], picture[:, :3], picture[:, -3:])
    colour: NDArray[np.float64] = np.median(np.concatenate([edge.reshape(-1, 3) for edge in edges]), axis=0)
    return colour


def foreground(picture: Picture, colour: NDArray[np.float64] | None = None) -> Mask:
    """Returns which pixels (H, W) differ from a colour, that of the border unless given."""
    behind = border_colour(picture) if colour is None else colour
    mask: Mask = np.abs(picture.astype(np.float64) - behind).max(axis=2) > _THRESHOLD
    return mask


def bounds(mask: Mask) -> tuple[slice, slice] | None:
    """Returns the rows and the columns from the first to the last with more than one pixel in them; None: no such."""
    lines = [np.flatnonzero(mask.sum(axis=axis) > 1) for axis in (1, 0)]
    if not all(map(len, lines)):
        return None
    rows, columns = (slice(int(line[0]), int(line[-1]) + 1) for line in lines)
    return rows, columns


def squared(part: Image.Image, behind: int | tuple[int, ...], side_px: int) -> NDArray[np.float32]:
    """Returns a part of a picture in the middle of a square of one colour, scaled to a size, 0 to 1."""
    side = max(part.size)
    canvas = Image.new(part.mode, (side, side), behind)
    canvas.paste(part, ((side - part.width) // 2, (side - part.height) // 2))
    return np.asarray(canvas.resize((side_px, side_px), Image.Resampling.BILINEAR)).astype(np.float32) / np.float32(255)


def _cutout(picture: Picture, colour: NDArray[np.float64]) -> NDArray[np.float32]:
    """The foreground's square bounding box, scaled to a standard size."""
    mask = foreground(picture, colour)
    box = bounds(mask) if mask.sum() >= LEAST_PIXELS else None
    part = Image.fromarray(picture if box is None else picture[box])
    return squared(part, tuple(int(value) for value in colour), _SIDE)


@lru_cache(maxsize=len(BACKGROUNDS))
def _templates(background: str) -> NDArray[np.float32]:
    cutouts = []
    for thing in _THINGS:
        picture = np.asarray(render(Single(thing, "medium", background)))
        cutouts.append(_cutout(picture, np.array(BACKGROUNDS[background], np.float64)))
    return np.stack(cutouts)
