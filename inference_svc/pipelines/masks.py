"""Masks of pictures: read, blurred, and brought to the size of latents."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from inference_svc.pipelines.inpaint_settings import InpaintSettings
from inference_svc.pipelines.pixels import Mask, Pixels
from inference_svc.pipelines.resizing import scaled

_HALF_OPAQUE = 128


def read_mask(settings: InpaintSettings, size: tuple[int, int]) -> Mask:
    """Returns the mask of a picture of `size` (width, height): resized to it, inverted and blurred as asked for."""
    mask = scaled(Image.fromarray(_luminance(settings.mask, rounded=settings.rounded)), size)
    values = np.asarray(mask, np.uint8)
    return blurred(255 - values if settings.invert else values, settings.blur)


def _luminance(pixels: Pixels, *, rounded: bool) -> Mask:
    """What is opaque where there is transparency, otherwise what is white."""
    if pixels.shape[2] == 4 and pixels[..., 3].min() < 255:
        alpha = pixels[..., 3]
        return np.where(alpha > _HALF_OPAQUE, 255, 0).astype(np.uint8) if rounded else alpha
    return np.asarray(Image.fromarray(pixels).convert("L"), np.uint8)


def blurred(mask: Mask, blur: tuple[int, int]) -> Mask:
    """Returns the mask after a Gaussian along each axis; `blur`: its deviations along x and y in pixels, 0: none."""
    for axis, deviation in ((1, blur[0]), (0, blur[1])):
        if deviation > 0:
            mask = _blurred_along(mask, axis, deviation)
    return mask


def gaussian_kernel(deviation: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Returns A1111's kernel, of 2 * int(2.5 * deviation + 0.5) + 1 weights that sum to 1."""
    reach = int(2.5 * deviation + 0.5)
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2.0 * deviation**2))
    return np.asarray(weights / weights.sum())


def _blurred_along(mask: Mask, axis: int, deviation: float) -> Mask:
    """Mirrors the picture at its edges, the edge itself not repeated, as OpenCV does."""
    kernel = gaussian_kernel(deviation)
    reach = len(kernel) // 2
    padding = [(reach, reach) if axis == along else (0, 0) for along in range(2)]
    padded = np.pad(mask, padding, mode="reflect").astype(np.float32)
    total, length = np.zeros(mask.shape, np.float32), mask.shape[axis]
    for offset, weight in enumerate(kernel):
        span = slice(offset, offset + length)
        total += np.float32(weight) * (padded[:, span] if axis else padded[span])
    return np.rint(total).astype(np.uint8)


def latent_mask(mask: Mask, size: tuple[int, int], *, rounded: bool) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Returns the mask (1, 1, h, w) in 0..1 for latents of `size` (width, height), bicubic as Pillow resizes."""
    small = np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.BICUBIC), np.float32) / np.float32(255)
    return (np.around(small) if rounded else small)[None, None]
