"""How many objects stand side by side in a picture? As many as in the render whose outline is nearest.

Neighbours may touch: empty columns are not asked for, for a picture through an autoencoder has few of them.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tools.flatland.judge import LEAST_PIXELS, Mask, Picture, bounds, foreground, squared
from tools.flatland.painters import PAINTERS
from tools.flatland.render import render
from tools.flatland.scene import Group, Scene, Single, Thing

MOST = 5
"""More than the world's three, so that too many are seen as too many."""
_SIDE = 48
_REACH = 0.1
"""How far from the equal parts' boundary a cut may be, in parts of what is filled."""
_PITCH = 0.67
"""From one of four or five to the next, in parts of the width of a picture of one: as close as three stand."""

Outline = NDArray[np.float32]


def counted(picture: Picture) -> int:
    """Returns how many objects stand side by side, 0 to MOST, of whatever kinds."""
    return len(upright_parts(picture))


def upright_parts(picture: Picture) -> list[Picture]:
    """Returns the upright strips that hold one object each, from left to right.

    There are as many as in the nearest render, less those with nothing in them; it is cut where the least stands, near
    the boundaries of equal parts of what is filled.
    """
    mask = foreground(picture)
    box, filled = bounds(mask), mask.sum(axis=0)
    if box is None:
        return []
    count = _nearest(mask)
    between = (_emptiest(filled, box[1], part / count) for part in range(1, count))
    edges = [0, *between, picture.shape[1]]
    return [picture[:, start:end] for start, end in pairwise(edges) if mask[:, start:end].sum() >= LEAST_PIXELS]


def _nearest(mask: Mask) -> int:
    outlines, counts = _outlines()
    return int(counts[np.square(outlines - _outline(mask)).mean(axis=(1, 2)).argmin()])


def _emptiest(filled: NDArray[Any], columns: slice, part: float) -> int:
    """The column with the least in it near a part of what is filled; of equal ones, the nearest."""
    width = columns.stop - columns.start
    near = columns.start + part * width
    first = round(near - _REACH * width)
    within = np.arange(first, max(round(near + _REACH * width), first + 1))
    least = within[filled[within] == filled[within].min()]
    return int(least[np.abs(least - near).argmin()])


def _outline(mask: Mask) -> Outline:
    """The foreground's square bounding box, 0 to 1, of a standard size."""
    box = bounds(mask)
    part = mask if box is None else mask[box]
    return squared(Image.fromarray(part.astype(np.uint8) * 255), 0, _SIDE)


@lru_cache(maxsize=1)
def _outlines() -> tuple[Outline, NDArray[np.int64]]:
    """Those of one to MOST of each object, and how many they are."""
    masks = [mask for name in PAINTERS for mask in _masks(Thing(name, "red"))]
    counts = np.tile(np.arange(1, MOST + 1), len(PAINTERS))
    return np.stack([_outline(mask) for mask in masks]), counts


def _masks(thing: Thing) -> list[Mask]:
    """One as it is rendered, two and three likewise; more, which the world has not, side by side."""
    scenes: list[Scene] = [Single(thing, "medium", "white"), *(Group(thing, count, "white") for count in (2, 3))]
    rendered = [foreground(np.asarray(render(scene))) for scene in scenes]
    width = rendered[0].shape[1]
    margin = round((1 - _PITCH) / 2 * width)
    one = rendered[0][:, margin : width - margin]
    return [*rendered, *(np.tile(one, count) for count in range(len(rendered) + 1, MOST + 1))]
