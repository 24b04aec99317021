"""From a picture to a larger one: one upscaler, or two blended, cut to size, as A1111's extras do it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from inference_svc.pipelines.images import encode_image
from inference_svc.pipelines.reports import PictureReady
from inference_svc.pipelines.spec import OutputOptions, Pixels
from inference_svc.pipelines.upscaling import NONE, UpscaleSpec, grid_over, most_pixels, resized, tile_count, upscale
from inference_svc.work import Ask, BatchKey, Compute, Kind, Pipeline, Report, Stopped

_STEP = 8


@dataclass(frozen=True, slots=True, eq=False)
class EnlargingSpec:
    """What is to be made of pixels (H, W, 3).

    `second` is laid over the result of `first`, as visible as `visibility` says, 0 to 1; both have the same size.
    `crop`: width and height to cut out of the middle. `infotext` is written into the file.
    """

    pixels: Pixels
    first: UpscaleSpec
    second: UpscaleSpec | None = None
    visibility: float = 0.0
    crop: tuple[int, int] | None = None
    output: OutputOptions = field(default_factory=OutputOptions)
    infotext: str = ""

    @property
    def passes(self) -> tuple[UpscaleSpec, ...]:
        """The upscalers that run: none where the first is "None", which keeps a picture as it is."""
        if self.first.upscaler == NONE:
            return ()
        return (self.first,) if self.second is None else (self.first, self.second)

    @property
    def tiles(self) -> int:
        """How many tiles networks take for it."""
        return sum(tile_count(each, self.width, self.height) for each in self.passes)

    @property
    def held_bytes(self) -> int:
        """Of pixels: those that came, and three times the most that is made, as strips, put together, and encoded."""
        between = max((most_pixels(each, self.width, self.height) for each in self.passes), default=0)
        return self.width * self.height * 3 + 9 * between

    @property
    def width(self) -> int:
        """Of the picture as it came."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Of the picture as it came."""
        return int(self.pixels.shape[0])

    @property
    def key(self) -> BatchKey | None:
        """What it is measured by: its first network's tiles; None where there is no network."""
        for each in self.passes:
            if each.upscaler.scale:
                tile = grid_over(each, self.height, self.width).tile
                return BatchKey(Kind.UPSCALE, each.upscaler.name, (3, *tile))
        return None


def scaled_size(width: int, height: int, factor: float) -> tuple[int, int]:
    """Returns a size multiplied, each side rounded down to a multiple of 8 as A1111 does; a side below 8 stays so."""
    return _side(width * factor), _side(height * factor)


def covering_size(width: int, height: int, target: tuple[int, int]) -> tuple[int, int]:
    """Returns the size with a picture's proportions, about, that just covers a target; 0: whatever the other demands.

    Sides are rounded down to multiples of 8 as A1111 does, but never below the target's.
    """
    factor = max(target[0] / width, target[1] / height)
    covering = scaled_size(width, height, factor)
    return max(covering[0], target[0]), max(covering[1], target[1])


def enlarge(spec: EnlargingSpec) -> Pipeline:
    """Reports TileDone for every tile and the picture at the end; when it is stopped, one enlarged by Lanczos."""
    try:
        pixels = yield from _enlarged(spec)
        pixels, data = yield Compute(_finished, (spec, pixels))
    except Stopped:
        pixels, data = yield Compute(_plain, (spec,))
    yield Report(
        PictureReady(
            index=0, seed=0, subseed=0, pixels=pixels, data=data, format=spec.output.format, infotext=spec.infotext
        )
    )


def _enlarged(spec: EnlargingSpec) -> Generator[Ask, Any, Pixels]:
    if not spec.passes:
        return spec.pixels
    pixels = yield from upscale(spec.first, spec.pixels)
    if spec.second is not None:
        second = yield from upscale(spec.second, spec.pixels)
        pixels = yield Compute(_blended, (pixels, second, spec.visibility))
    return pixels


def _blended(first: Pixels, second: Pixels, visibility: float) -> Pixels:
    share = np.float32(visibility)
    return np.rint(first * (1 - share) + second * share).astype(np.uint8)


def _finished(spec: EnlargingSpec, pixels: Pixels) -> tuple[Pixels, bytes]:
    pixels = pixels if spec.crop is None or not spec.passes else _cropped(pixels, spec.crop)
    return pixels, encode_image(pixels, spec.output, spec.infotext)


def _plain(spec: EnlargingSpec) -> tuple[Pixels, bytes]:
    return _finished(spec, resized(spec.pixels, spec.first.width, spec.first.height) if spec.passes else spec.pixels)


def _cropped(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    left, top = pixels.shape[1] // 2 - size[0] // 2, pixels.shape[0] // 2 - size[1] // 2
    return np.ascontiguousarray(pixels[top : top + size[1], left : left + size[0]])


def _side(length: float) -> int:
    return int(length) // _STEP * _STEP or max(1, int(length))
