"""Fits a picture to start from to the size that is asked for: A1111's resize modes."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from inference_svc.pipelines.spec import GenerationSpec, InitSettings, Pixels, ResizeMode
from inference_svc.sampling import to_numpy
from inference_svc.sampling.arrays import like
from inference_svc.work import Array


def fitted(spec: GenerationSpec, init: InitSettings, pixels: Pixels) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Returns what to encode, (1, 3, H, W) in -1..1, of pixels (H, W, 3 or 4)."""
    image = _flattened(pixels, init.background)
    size = (spec.width, spec.height)
    if init.resize_mode is ResizeMode.CROP:
        image = _cropped(image, size)
    elif init.resize_mode is ResizeMode.FILL:
        image = _filled(image, size)
    else:
        image = _scaled(image, size if init.resize_mode is ResizeMode.STRETCH else _encodable(spec, image))
    values = np.asarray(image, dtype=np.float32) / np.float32(127.5) - 1
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None])


def resized_latents(latents: Array, height: int, width: int) -> Array:
    """Returns latents (1, C, h, w) at another size, bilinear, half-pixel centres, no antialiasing, as torch does it."""
    values = to_numpy(latents)
    for axis, length in ((2, height), (3, width)):
        values = _interpolated(values, axis, length)
    return like(values, latents)


def _interpolated(values: np.ndarray[Any, Any], axis: int, length: int) -> np.ndarray[Any, Any]:
    old = values.shape[axis]
    where = np.clip((np.arange(length) + 0.5) * old / length - 0.5, 0, old - 1)
    low = np.floor(where).astype(np.intp)
    high = np.minimum(low + 1, old - 1)
    share = (where - low).astype(values.dtype).reshape([-1 if i == axis else 1 for i in range(values.ndim)])
    below, above = np.take(values, low, axis), np.take(values, high, axis)
    return np.asarray(below * (1 - share) + above * share)


def _flattened(pixels: Pixels, background: tuple[int, int, int]) -> Image.Image:
    image = Image.fromarray(pixels)
    if image.mode != "RGBA":
        return image.convert("RGB")
    canvas = Image.new("RGBA", image.size, (*background, 255))
    canvas.alpha_composite(image)
    return canvas.convert("RGB")


def _scaled(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)


def _cropped(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Fills the size, centred; what hangs over is cut off."""
    scaled = _scaled(image, _proportional(image, size, cover=True))
    canvas = Image.new("RGB", size)
    canvas.paste(scaled, _centre(scaled, size))
    return canvas


def _filled(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Fits into the size, centred; the rest is filled by stretching the rows or columns at the edges."""
    scaled = _scaled(image, _proportional(image, size, cover=False))
    left, top = _centre(scaled, size)
    padding = ((top, size[1] - scaled.height - top), (left, size[0] - scaled.width - left), (0, 0))
    return Image.fromarray(np.pad(np.asarray(scaled), padding, mode="edge"))


def _proportional(image: Image.Image, size: tuple[int, int], *, cover: bool) -> tuple[int, int]:
    """The size with the picture's proportions that covers, or fits into, another."""
    width, height = size
    wider = width * image.height > height * image.width
    if wider == cover:
        return width, max(1, image.height * width // image.width)
    return max(1, image.width * height // image.height), height


def _centre(image: Image.Image, size: tuple[int, int]) -> tuple[int, int]:
    return size[0] // 2 - image.width // 2, size[1] // 2 - image.height // 2


def _encodable(spec: GenerationSpec, image: Image.Image) -> tuple[int, int]:
    """The picture's own size, in whole latent cells and within what the model can encode."""
    facts = spec.facts
    shrink = min(1.0, facts.max_size / max(image.size), (facts.max_pixels / (image.width * image.height)) ** 0.5)
    width, height = (_whole(side * shrink, facts.size_multiple, facts.min_size) for side in image.size)
    return width, height


def _whole(side: float, multiple: int, least: int) -> int:
    return max(int(side) // multiple * multiple, least)
