"""UpscaleImageRequest: every default filled in, everything wrong found at once, and what pipelines take of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from inference_svc.pipelines.enlarging import EnlargingSpec, covering_size, scaled_size
from inference_svc.pipelines.upscaling import (
    DEFAULT_OVERLAP,
    DEFAULT_TILE,
    LANCZOS,
    NONE,
    UpscaleSpec,
    find_upscaler,
    largest_tile,
    most_pixels,
)
from inference_svc.rpc.conversion.ids import checked_task, request_id_or_new
from inference_svc.rpc.conversion.images import Pixels
from inference_svc.rpc.conversion.output import resolve_output
from inference_svc.rpc.conversion.spec import output_options
from inference_svc.rpc.conversion.violations import Violations
from inference_svc.work import UpscalerFacts
from latentwire.errors import InvalidArgument
from latentwire.v1 import postprocessing_service_pb2 as p
from latentwire.v1 import types_pb2 as t

MOST_PIXELS = 64 * 10**6
"""Of a result."""

MOST_PIXELS_BETWEEN = 4 * MOST_PIXELS
"""Of what a network makes before Lanczos cuts it to size."""

LONGEST_SIDE, LONGEST_IN_WEBP = 65_500, 16_383
"""Of a result, in pixels: what formats can hold."""

SMALLEST_TILE, LARGEST_TILE = 16, 4096
_DEFAULT_SCALE = 2.0


@dataclass(frozen=True, slots=True)
class Upscaling:
    """A resolved request with its upscalers, and what it means for a picture."""

    resolved: p.UpscaleImageRequest
    first: UpscalerFacts
    second: UpscalerFacts | None

    def spec(self, pixels: Pixels, infotext: str) -> EnlargingSpec:
        """Returns what is to be made of pixels (H, W, 3). Raises InvalidArgument where that is too large."""
        height, width = pixels.shape[:2]
        size, crop = self._size(width, height)
        spec = EnlargingSpec(
            pixels=pixels,
            first=self._by(self.first, size),
            second=None if self.second is None else self._by(self.second, size),
            visibility=self.resolved.second_visibility,
            crop=crop,
            output=output_options(self.resolved.output),
            infotext=infotext if self.resolved.output.embed_infotext else "",
        )
        _check_sizes(spec, self.resolved)
        return spec

    def _size(self, width: int, height: int) -> tuple[tuple[int, int], tuple[int, int] | None]:
        """The size to bring a picture to, and that to cut out of it."""
        resolved = self.resolved
        if resolved.HasField("scale"):
            return scaled_size(width, height, resolved.scale), None
        covering = covering_size(width, height, (resolved.width, resolved.height))
        if not resolved.crop:
            return covering, None
        return covering, (resolved.width or covering[0], resolved.height or covering[1])

    def _by(self, upscaler: UpscalerFacts, size: tuple[int, int]) -> UpscaleSpec:
        return UpscaleSpec(upscaler, *size, self.resolved.tile, self.resolved.overlap, always=True)


def resolve_upscaling(request: p.UpscaleImageRequest, upscalers: Sequence[UpscalerFacts]) -> Upscaling:
    """Returns the request with every default filled in, the picture left out.

    Raises InvalidArgument with a violation for each field that is wrong, and NotFound for an upscaler that isn't there.
    """
    violations = Violations()
    resolved = p.UpscaleImageRequest(
        request_id=request_id_or_new(request.request_id, violations),
        upscaler=request.upscaler or LANCZOS.name,
        second_upscaler=request.second_upscaler,
        second_visibility=violations.number("second_visibility", request.second_visibility, 0, 1),
        crop=request.crop,
        output=resolve_output(request.output, "output", violations),
    )
    _resolve_size(request, resolved, violations)
    _resolve_tiles(request, resolved, violations)
    if request.HasField("task"):
        resolved.task.CopyFrom(checked_task(request.task, violations))
    violations.check()
    return Upscaling(resolved, find_upscaler(resolved.upscaler, upscalers), _second(resolved, upscalers))


def _second(resolved: p.UpscaleImageRequest, upscalers: Sequence[UpscalerFacts]) -> UpscalerFacts | None:
    """The one to lay over the first; None where nothing of it would show."""
    if not resolved.second_upscaler:
        return None
    found = find_upscaler(resolved.second_upscaler, upscalers)
    return None if found == NONE or resolved.second_visibility == 0 else found


def _resolve_size(request: p.UpscaleImageRequest, resolved: p.UpscaleImageRequest, violations: Violations) -> None:
    resolved.width = violations.whole("width", request.width, 0, LONGEST_SIDE)
    resolved.height = violations.whole("height", request.height, 0, LONGEST_SIDE)
    sized = bool(request.width or request.height)
    if sized and request.HasField("scale"):
        violations.add("scale", request.scale, "either scale, or width and height")
    if not sized:
        resolved.scale = _scale(request.scale if request.HasField("scale") else _DEFAULT_SCALE, violations)
    if request.crop and not sized:
        violations.add("crop", request.crop, "only with width or height")


def _scale(scale: float, violations: Violations) -> float:
    if not (math.isfinite(scale) and 0 < scale <= LONGEST_SIDE):
        violations.add("scale", scale, f"more than 0 to {LONGEST_SIDE}")
    return scale


def _resolve_tiles(request: p.UpscaleImageRequest, resolved: p.UpscaleImageRequest, violations: Violations) -> None:
    tile = request.tile if request.HasField("tile") else DEFAULT_TILE
    if tile != 0:
        violations.whole("tile", tile, SMALLEST_TILE, LARGEST_TILE)
    most = (tile or LARGEST_TILE) // 2 - 1
    overlap = request.overlap if request.HasField("overlap") else min(DEFAULT_OVERLAP, most)
    resolved.tile, resolved.overlap = tile, violations.whole("overlap", overlap, 0, max(most, 0))


def _check_sizes(spec: EnlargingSpec, resolved: p.UpscaleImageRequest) -> None:
    """Raises InvalidArgument where the result, or what a network makes on the way, has too many pixels."""
    field = "scale" if resolved.HasField("scale") else "width" if resolved.width else "height"
    longest = LONGEST_IN_WEBP if resolved.output.format == t.IMAGE_FORMAT_WEBP else LONGEST_SIDE
    for each in spec.passes:
        size = f"{each.width}x{each.height} pixels"
        if each.width * each.height > MOST_PIXELS or max(each.width, each.height) > longest:
            raise InvalidArgument.of(field, size, f"a result of at most {MOST_PIXELS} pixels, {longest} a side")
        between = most_pixels(each, spec.width, spec.height)
        if between > MOST_PIXELS_BETWEEN:
            allowed = f"at most {MOST_PIXELS_BETWEEN} pixels on the way; {each.upscaler.name} would make {between}"
            raise InvalidArgument.of(field, size, allowed)
        _check_tile(each, spec)


def _check_tile(each: UpscaleSpec, spec: EnlargingSpec) -> None:
    """Raises InvalidArgument where a network would not have the memory for one tile larger than usual."""
    upscaler, (height, width) = each.upscaler, largest_tile(each, spec.width, spec.height)
    most = max(upscaler.most_tile_pixels, DEFAULT_TILE**2)
    if upscaler.most_tile_pixels and upscaler.tile is None and height * width > most:
        allowed = f"tiles of at most {most} pixels with {upscaler.name}; these are {width}x{height}"
        raise InvalidArgument.of("tile", each.tile, allowed)
