"""Outpainting mk2: a picture is grown side by side, each new strip painted over noise that looks like the picture."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from gateway_svc.sdapi.job import asked_size, floored
from gateway_svc.sdapi.schemas import Img2ImgRequest
from gateway_svc.sdapi.scripts import titles
from gateway_svc.sdapi.scripts.arguments import Argument
from gateway_svc.sdapi.scripts.matched_noise import filled
from gateway_svc.sdapi.scripts.pixels import file_of, flattened
from gateway_svc.sdapi.scripts.script import (
    MOST_TURNS,
    Album,
    Ask,
    Call,
    Known,
    Script,
    Shots,
    Steps,
    Stopped,
    Turn,
)
from gateway_svc.sdapi.scripts.sheet import sheet
from gateway_svc.sdapi.shots import Shot
from latentwire.errors import InvalidArgument

_SIDES: Final = ("left", "right", "up", "down")
_PIXELS: Final = 1
_BLOCK: Final = 64
_WIDEST_BLUR: Final = 64
_BLUR_FACTOR: Final = 4
_ORIGINAL: Final = 1
_ARGUMENTS = (
    Argument("", ""),
    Argument("Pixels to expand", 128, 8, 256, 8, most=1024),
    Argument("Mask blur", 8, 0, 64, 1),
    Argument("Outpainting direction", _SIDES, choices=_SIDES),
    Argument("Fall-off exponent (lower=higher detail)", 1.0, 0, 4, 0.01),
    Argument("Color variation", 0.05, 0, 1, 0.01),
)


@dataclass(frozen=True, slots=True)
class _Way:
    """How all of it is done. `process`: the largest (width, height) of one generation along the side that grows."""

    request: Img2ImgRequest
    process: tuple[int, int]
    blur: int
    falloff: float
    variation: float


@dataclass(frozen=True, slots=True, eq=False)
class _Canvas:
    """Pictures with room at one side. `box`: what a generation works on; `size`: what is kept of the whole."""

    images: Sequence[Image.Image]
    mask: Image.Image
    box: tuple[int, int, int, int]
    size: tuple[int, int]


def _arguments(_: Known, __: str) -> tuple[Argument, ...]:
    return _ARGUMENTS


def run(call: Call) -> Steps:
    """A generation for each side and each of n_iter, whose batch grows together."""
    _, pixels, blur, directions, falloff, variation = call.arguments
    image = flattened(call.images[0], call.options.img2img_background_color)
    strips = extents(image.size, pixels, directions)
    way = _way(call, blur, falloff, variation)
    rounds, batch = call.request.n_iter or 1, call.request.batch_size or 1
    _check(way, strips, rounds)
    grown: list[Shot] = []
    for number in range(rounds):
        made = yield from _round(way, [image] * batch, strips, number, rounds)
        grown += made
        if len(made) < batch:
            break
    if len(grown) < 2 or not call.options.return_grid:
        return Album(tuple(grown), made=tuple(grown))
    return Album(tuple(grown), (grown[0].showing(sheet([shot.image for shot in grown])),), made=tuple(grown))


def extents(size: tuple[int, int], pixels: int, directions: Sequence[str]) -> dict[str, int]:
    """How many pixels are added at each side, so that sides become multiples of 64."""
    found: dict[str, int] = {}
    for length, (near, far) in zip(size, (("left", "right"), ("up", "down")), strict=True):
        chosen = [side for side in (near, far) if side in directions]
        if not chosen:
            continue
        target = math.ceil((length + pixels * len(chosen)) / _BLOCK) * _BLOCK
        first = (target - length) // len(chosen)
        found[chosen[0]] = first
        if len(chosen) > 1:
            found[chosen[1]] = target - length - first
    return {side: found[side] for side in _SIDES if side in found}


def _way(call: Call, blur: int, falloff: float, variation: float) -> _Way:
    request = call.fixed()
    if not isinstance(request, Img2ImgRequest):
        raise TypeError("outpainting is for img2img")
    width, height = map(floored, asked_size(request))
    update = {"inpaint_full_res": False, "inpainting_fill": _ORIGINAL, "inpainting_mask_invert": 0, "resize_mode": 0}
    request = request.model_copy(update={**update, "n_iter": 1, "mask_blur": None})
    return _Way(request, (width, height), blur * _BLUR_FACTOR, falloff, variation)


def _check(way: _Way, strips: Mapping[str, int], rounds: int) -> None:
    if not strips:
        raise InvalidArgument.of("script_args[3]", [], "Outpainting direction: " + ", ".join(_SIDES))
    if not 0 < rounds * len(strips) <= MOST_TURNS:
        raise InvalidArgument.of("n_iter", rounds, f"1 to {MOST_TURNS // len(strips)}")
    for side, pixels in strips.items():
        least = way.process[side in ("up", "down")]
        if pixels >= least:
            raise InvalidArgument.of(f"script_args[{_PIXELS}]", pixels, f"Pixels to expand below the picture's {least}")


def _round(
    way: _Way, images: list[Image.Image], strips: Mapping[str, int], number: int, rounds: int
) -> Generator[Ask, Any, list[Shot]]:
    """The batch, grown at every side; nothing when the task was stopped before the first."""
    seed = (way.request.seed or 0) + number * len(images)
    last: Shots = ()
    for index, (side, pixels) in enumerate(strips.items()):
        canvas = _canvas(way, images, side, pixels, seed)
        try:
            shots: Shots = yield _turn(way, canvas, seed, (number * len(strips) + index, rounds * len(strips)))
        except Stopped:
            break
        if len(shots) < len(images):
            break
        last, images = shots, [_put_back(canvas, whole, shot) for whole, shot in zip(canvas.images, shots, strict=True)]
    return [shot.showing(image) for shot, image in zip(last, images, strict=False)]


def _turn(way: _Way, canvas: _Canvas, seed: int, numbers: tuple[int, int]) -> Turn:
    left, top, right, bottom = canvas.box
    blur = way.blur if way.blur <= _WIDEST_BLUR else 0
    update = {"width": right - left, "height": bottom - top, "batch_size": len(canvas.images), "seed": seed}
    request = way.request.model_copy(update={**update, "mask_blur_x": blur, "mask_blur_y": blur})
    files = tuple(file_of(image.crop(canvas.box)) for image in canvas.images)
    return Turn(request, *numbers, files, file_of(canvas.mask.crop(canvas.box)), keep=False)


def _canvas(way: _Way, images: Sequence[Image.Image], side: str, pixels: int, seed: int) -> _Canvas:
    """Room at one side, filled with noise, on sides that are multiples of 64."""
    across = side in ("left", "right")
    size = (images[0].width + pixels * across, images[0].height + pixels * (not across))
    width, height = (math.ceil(length / _BLOCK) * _BLOCK for length in size)
    at = (pixels if side == "left" else 0, pixels if side == "up" else 0)
    known = _known(side, pixels, (width, height), size, way.blur)
    unknown = Image.new("L", (width, height), 255)
    unknown.paste(0, (*at, at[0] + images[0].width, at[1] + images[0].height))
    mask = Image.new("L", (width, height), 255)
    ImageDraw.Draw(mask).rectangle(known, fill=0)
    if way.blur > _WIDEST_BLUR:
        mask = mask.filter(ImageFilter.GaussianBlur(way.blur))
    filled_in = [_noised(way, image, at, unknown, seed + number) for number, image in enumerate(images)]
    return _Canvas(filled_in, mask.convert("RGB"), _box(way, side, (width, height)), size)


def _known(
    side: str, pixels: int, canvas: tuple[int, int], size: tuple[int, int], blur: int
) -> tuple[int, int, int, int]:
    """What stays as it is, less the band that is blended."""
    edge = pixels + blur
    left, top = edge if side == "left" else 0, edge if side == "up" else 0
    right = size[0] - edge if side == "right" else size[0]
    bottom = size[1] - edge if side == "down" else size[1]
    return min(left, canvas[0] - 1), min(top, canvas[1] - 1), max(right, left + 1) - 1, max(bottom, top + 1) - 1


def _box(way: _Way, side: str, canvas: tuple[int, int]) -> tuple[int, int, int, int]:
    """The part at that side that one generation works on."""
    width = min(way.process[0], canvas[0]) if side in ("left", "right") else canvas[0]
    height = min(way.process[1], canvas[1]) if side in ("up", "down") else canvas[1]
    left = canvas[0] - width if side == "right" else 0
    top = canvas[1] - height if side == "down" else 0
    return left, top, left + width, top + height


def _noised(way: _Way, image: Image.Image, at: tuple[int, int], unknown: Image.Image, seed: int) -> Image.Image:
    canvas = Image.new("RGB", unknown.size)
    canvas.paste(image, at)
    values, share = np.asarray(canvas, np.float64) / 255, np.asarray(unknown, np.float64) / 255
    noised = filled(values, share, falloff=way.falloff, variation=way.variation, seed=seed % 2**32)
    return Image.fromarray(np.clip(np.rint(noised * 255), 0, 255).astype(np.uint8))


def _put_back(canvas: _Canvas, whole: Image.Image, shot: Shot) -> Image.Image:
    image = whole.copy()
    image.paste(shot.image, canvas.box[:2])
    return image.crop((0, 0, *canvas.size))


SCRIPT = Script(titles.OUTPAINTING, _arguments, run, kinds=("img2img",))
