"""An independent judge: which object, colour and background does a picture show? By nearest render."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tools.flatland.painters import PAINTERS
from tools.flatland.palette import BACKGROUNDS, COLOURS
from tools.flatland.render import render
from tools.flatland.scene import Single, Thing

Picture = NDArray[np.uint8]
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


def foreground(picture: Picture, colour: NDArray[np.float64] | None = None) -> NDArray[np.bool_]:
    """Returns which pixels (H, W) differ from a colour, that of the border unless given."""
    behind = border_colour(picture) if colour is None else colour
    mask: NDArray[np.bool_] = np.abs(picture.astype(np.float64) - behind).max(axis=2) > _THRESHOLD
    return mask


def span(filled: NDArray[Any]) -> slice | None:
    """Returns where lines of a picture begin and end to have more than one pixel in them; None: nowhere."""
    lines = np.flatnonzero(filled > 1)
    return slice(int(lines[0]), int(lines[-1]) + 1) if len(lines) else None


def _cutout(picture: Picture, colour: NDArray[np.float64]) -> NDArray[np.float32]:
    """The foreground's square bounding box, scaled to a standard size."""
    mask = foreground(picture, colour)
    rows, columns = span(mask.sum(axis=1)), span(mask.sum(axis=0))
    shows_nothing = rows is None or columns is None or mask.sum() < LEAST_PIXELS
    part = Image.fromarray(picture if shows_nothing else picture[rows, columns])
    side = max(part.size)
    canvas = Image.new("RGB", (side, side), tuple(int(value) for value in colour))
    canvas.paste(part, ((side - part.width) // 2, (side - part.height) // 2))
    return np.asarray(canvas.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)).astype(np.float32) / np.float32(255)


@lru_cache(maxsize=len(BACKGROUNDS))
def _templates(background: str) -> NDArray[np.float32]:
    cutouts = []
    for thing in _THINGS:
        picture = np.asarray(render(Single(thing, "medium", background)))
        cutouts.append(_cutout(picture, np.array(BACKGROUNDS[background], np.float64)))
    return np.stack(cutouts)
