"""An independent judge: which object, colour and background does a picture show? By nearest render."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tools.flatland.painters import PAINTERS
from tools.flatland.palette import BACKGROUNDS, COLOURS
from tools.flatland.render import render
from tools.flatland.scene import Single, Thing

Picture = NDArray[np.uint8]
_SIDE = 28
_THRESHOLD = 30
_THINGS = tuple(Thing(name, colour) for name in PAINTERS for colour in COLOURS)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge sees."""

    thing: Thing
    background: str


def judge(picture: Picture) -> Verdict:
    """Returns the nearest of all renders of one object, after cutting out what differs from the border."""
    colour = border_colour(picture)
    background = min(BACKGROUNDS, key=lambda name: float(np.abs(colour - np.array(BACKGROUNDS[name])).sum()))
    distances = np.square(_templates(background) - _cutout(picture, colour)).mean(axis=(1, 2, 3))
    return Verdict(_THINGS[int(distances.argmin())], background)


def border_colour(picture: Picture) -> NDArray[np.float64]:
    """Returns the median colour of a picture's outermost pixels."""
    edges = (picture[:3], picture[-3:], picture[:, :3], picture[:, -3:])
    colour: NDArray[np.float64] = np.median(np.concatenate([edge.reshape(-1, 3) for edge in edges]), axis=0)
    return colour


def upright_parts(picture: Picture) -> list[Picture]:
    """Returns the upright strips that hold one object each, from left to right, cut where nothing stands between."""
    mask = np.abs(picture.astype(np.float64) - border_colour(picture)).max(axis=2) > _THRESHOLD
    filled = np.concatenate([[False], mask.sum(axis=0) > 1, [False]])
    edges = np.flatnonzero(filled[1:] != filled[:-1])
    spans = [(start, end) for start, end in edges.reshape(-1, 2) if end - start > 0.07 * min(picture.shape[:2])]
    cuts = [0, *((one[1] + two[0]) // 2 for one, two in pairwise(spans)), picture.shape[1]]
    return [picture[:, start:end] for start, end in pairwise(cuts)] if spans else []


def _cutout(picture: Picture, colour: NDArray[np.float64]) -> NDArray[np.float32]:
    """The foreground's square bounding box, scaled to a standard size."""
    mask = np.abs(picture.astype(np.float64) - colour).max(axis=2) > _THRESHOLD
    if mask.sum() < 40:
        mask[:] = True
    rows, columns = np.flatnonzero(mask.sum(axis=1) > 1), np.flatnonzero(mask.sum(axis=0) > 1)
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    side = max(bottom - top, right - left)
    canvas = Image.new("RGB", (int(side), int(side)), tuple(int(value) for value in colour))
    part = Image.fromarray(picture[top:bottom, left:right])
    canvas.paste(part, (int(side - part.width) // 2, int(side - part.height) // 2))
    return np.asarray(canvas.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)).astype(np.float32) / np.float32(255)


@lru_cache(maxsize=len(BACKGROUNDS))
def _templates(background: str) -> NDArray[np.float32]:
    cutouts = []
    for thing in _THINGS:
        picture = np.asarray(render(Single(thing, "medium", background)))
        cutouts.append(_cutout(picture, np.array(BACKGROUNDS[background], np.float64)))
    return np.stack(cutouts)
