"""Work beside the device, or at once where that takes under about a millisecond.

An answer from beside the device comes between two batches, so asking costs a picture up to one batch's time: for a
short request that is as much as a step.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from inference_svc.pipelines.spec import ImageFormat, OutputOptions, Pixels

_CHARACTERS = 1_000
_NORMALS = 8_192
_PIXELS = 128 * 128


def reads_at_once(prompts: Sequence[str]) -> bool:
    """Tells whether prompts are short enough to be read on the spot."""
    return sum(map(len, prompts)) <= _CHARACTERS


def draws_at_once(shape: Sequence[int]) -> bool:
    """Tells whether noise of a shape is little enough to be drawn on the spot."""
    return prod(shape) <= _NORMALS


def encodes_at_once(pixels: Pixels, options: OutputOptions) -> bool:
    """Tells whether a picture (H, W, 3) is small enough, or raw, to be made a file on the spot."""
    return options.format is ImageFormat.RAW_RGB or prod(pixels.shape[:2]) <= _PIXELS
