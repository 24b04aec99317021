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

from tools.flatland.judge import LEAST_PIXELS, Picture, foreground
from tools.flatland.painters import PAINTERS
from tools.flatland.render import render
from tools.flatland.scene import Group, Scene, Single, Thing

MOST = 3
_SIDE = 48
_REACH = 0.1
"""How far from the equal parts' boundary a cut may be, in parts of the width."""

Mask = NDArray[np.bool_]
Outline = NDArray[np.float32]


def counted(picture: Picture) -> int:
    """Returns how many objects stand side by side, 0 to MOST, of whatever kinds."""
    mask = foreground(picture)
    if mask.sum() < LEAST_PIXELS:
        return 0
    outlines, counts = _outlines()
    return int(counts[np.square(outlines - _outline(mask)).mean(axis=(1, 2)).argmin()])


def upright_parts(picture: Picture) -> list[Picture]:
    """Returns the upright strips that hold one of the counted objects each, from left to right.

    It is cut where the least stands, near the boundaries of equal parts.
    """
    count, filled = counted(picture), foreground(picture).sum(axis=0)
    cuts = [0, *(_emptiest(filled, part / count) for part in range(1, count)), picture.shape[1]]
    return [picture[:, start:end] for start, end in pairwise(cuts)] if count else []


def _emptiest(filled: NDArray[Any], near: float) -> int:
    """The column with the least in it; of equal ones, the nearest to where it is looked for."""
    width = len(filled)
    columns = np.arange(round((near - _REACH) * width), round((near + _REACH) * width))
    least = columns[filled[columns] == filled[columns].min()]
    return int(least[np.abs(least - near * width).argmin()])


def _outline(mask: Mask) -> Outline:
    """The foreground's square bounding box, 0 to 1, of a standard size."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    part = Image.fromarray(mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.uint8) * 255)
    side = max(part.size)
    canvas = Image.new("L", (side, side))
    canvas.paste(part, ((side - part.width) // 2, (side - part.height) // 2))
    return np.asarray(canvas.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)).astype(np.float32) / np.float32(255)


@lru_cache(maxsize=1)
def _outlines() -> tuple[Outline, NDArray[np.int64]]:
    """Those of one, two and three of each object, and how many they are."""
    scenes = [scene for name in PAINTERS for scene in _scenes(Thing(name, "red"))]
    outlines = [_outline(foreground(np.asarray(render(scene)))) for scene, _ in scenes]
    return np.stack(outlines), np.array([count for _, count in scenes])


def _scenes(thing: Thing) -> list[tuple[Scene, int]]:
    several: list[tuple[Scene, int]] = [(Group(thing, count, "white"), count) for count in range(2, MOST + 1)]
    return [(Single(thing, "medium", "white"), 1), *several]
