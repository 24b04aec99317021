"""What is repainted, where it is put, and what it starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageFilter

from inference_svc.pipelines.inpaint_settings import InpaintSettings, MaskFill
from inference_svc.pipelines.masks import read_mask
from inference_svc.pipelines.pixels import Mask, Pixels
from inference_svc.pipelines.resizing import fit, fitted, scaled
from inference_svc.pipelines.spec import GenerationSpec, InitSettings, ResizeMode
from inference_svc.sampling.arrays import like
from inference_svc.work import Array

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; the last two lie outside."""

_FILL_RADII = ((256, 1), (64, 1), (16, 2), (4, 4), (2, 2), (0, 1))


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """What of a picture is worked on.

    `image`: that part; `mask`: of the whole picture, None: nothing is masked; `box`: where it is, None: it is all.
    """

    original: Image.Image
    image: Image.Image
    mask: Mask | None
    box: Box | None


@dataclass(frozen=True, slots=True, eq=False)
class Repaint:
    """How a result is put back.

    `canvas` (H, W, 3): what it is put onto; `cover` (H, W): how much of it shows there; `box`: where, None: everywhere.
    """

    canvas: Pixels
    cover: Mask
    box: Box | None


def region_of(spec: GenerationSpec, image: Image.Image) -> Region:
    """Returns what is worked on: all of the picture, or the masked part where that alone is wanted.

    Without a mask, and where the masked part alone is wanted of a mask that is blank, nothing is masked.
    """
    inpaint = spec.inpaint
    if inpaint is None:
        return Region(image, image, None, None)
    mask = read_mask(inpaint, image.size)
    if not inpaint.only_masked:
        return Region(image, image, mask, None)
    box = masked_box(mask, inpaint.padding, (spec.width, spec.height))
    return Region(image, image, None, None) if box is None else Region(image, image.crop(box), mask, box)


def masked_box(mask: Mask, padding: int, size: tuple[int, int]) -> Box | None:
    """Returns the box around all that is not 0, with padding, grown inside the picture to the proportions of `size`.

    None: all is 0.
    """
    bounds = Image.fromarray(mask).getbbox()
    if bounds is None:
        return None
    height, width = mask.shape
    left, right = max(bounds[0] - padding, 0), min(bounds[2] + padding, width)
    top, bottom = max(bounds[1] - padding, 0), min(bounds[3] + padding, height)
    ratio = size[0] / size[1]
    if (right - left) / (bottom - top) > ratio:
        top, bottom = _grown(top, bottom, (right - left) / ratio, height)
    else:
        left, right = _grown(left, right, (bottom - top) * ratio, width)
    return left, top, right, bottom


def _grown(begin: int, end: int, length: float, limit: int) -> tuple[int, int]:
    """A span of that length around another, moved back inside 0..limit, and cut where it is longer than that."""
    missing = int(length - (end - begin))
    begin, end = begin - missing // 2, end + missing - missing // 2
    if end > limit:
        begin, end = begin - (end - limit), limit
    if begin < 0:
        begin, end = 0, end - begin
    return begin, min(end, limit)


def worked_on(
    spec: GenerationSpec, init: InitSettings, region: Region, image: Image.Image
) -> tuple[Image.Image, Mask, Repaint]:
    """Returns the picture to encode, the mask at the size asked for, and how the result is put back.

    `region` has a mask; `image` is the region's, perhaps upscaled.
    """
    size = (spec.width, spec.height)
    painted = np.zeros(region.original.size[::-1], np.uint8) if region.mask is None else region.mask
    if region.box is not None:
        mask = fit(Image.fromarray(painted).crop(region.box), size, ResizeMode.FILL)
        repaint = Repaint(np.asarray(region.original), painted, region.box)
        return fit(image, size, ResizeMode.FILL), np.asarray(mask), repaint
    mask = fit(Image.fromarray(painted), size, init.resize_mode)
    cover = np.minimum(np.asarray(mask, np.uint16) * 2, 255).astype(np.uint8)
    return fitted(spec, init, image), np.asarray(mask), Repaint(_canvas(init, image, size), cover, None)


def _canvas(init: InitSettings, image: Image.Image, size: tuple[int, int]) -> Pixels:
    return np.asarray(fit(image, size, init.resize_mode), np.uint8)


def filled(image: Image.Image, mask: Mask) -> Image.Image:
    """Returns the picture with what is masked painted over by its blurred surroundings, coarse first, fine last."""
    keep = Image.fromarray(255 - np.asarray(scaled(Image.fromarray(mask), image.size)))
    known = Image.new("RGBa", image.size)
    known.paste(image.convert("RGBA").convert("RGBa"), mask=keep)
    canvas = Image.new("RGBA", image.size)
    for radius, times in _FILL_RADII:
        layer = known.filter(ImageFilter.GaussianBlur(radius)).convert("RGBA")
        for _ in range(times):
            canvas.alpha_composite(layer)
    return canvas.convert("RGB")


def begun(latents: Array, mask: Array, fill: MaskFill, noise: Array | None) -> Array:
    """Returns the latents (1, C, h, w) to start from: noise, or nothing, where the mask (1, 1, h, w) is 1."""
    if fill not in {MaskFill.LATENT_NOISE, MaskFill.LATENT_NOTHING}:
        return latents
    mask = like(mask, latents)
    kept = latents * (1 - mask)
    return kept if noise is None else kept + like(noise, latents) * mask


def put_back(repaint: Repaint, inpaint: InpaintSettings, pixels: Pixels) -> tuple[Pixels, Pixels]:
    """Returns the finished picture, and the repainted part as it is, both of the canvas' size.

    Without overlay the canvas shows only outside of the box.
    """
    canvas, image = Image.fromarray(repaint.canvas), Image.fromarray(pixels)
    if repaint.box is not None:
        pasted = canvas.copy()
        left, top, right, bottom = repaint.box
        pasted.paste(fit(image, (right - left, bottom - top), ResizeMode.CROP), (left, top))
        image = pasted
    alone = np.asarray(image, np.uint8)
    if not inpaint.overlay:
        return alone, alone
    return np.asarray(Image.composite(image, canvas, Image.fromarray(repaint.cover)), np.uint8), alone


def mask_picture(repaint: Repaint) -> Pixels:
    """Returns the mask as a picture (H, W, 3): white is repainted."""
    return np.repeat(repaint.cover[..., None], 3, axis=2)


def composite_picture(repaint: Repaint, alone: Pixels) -> Pixels:
    """Returns the repainted part (H, W, 4), transparent elsewhere."""
    seen = np.where(repaint.cover[..., None] > 0, alone, 0)
    return np.dstack([seen, repaint.cover]).astype(np.uint8)
