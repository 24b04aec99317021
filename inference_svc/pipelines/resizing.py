"""Fits a picture to start from to the size that is asked for: A1111's resize modes."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from inference_svc.pipelines.spec import GenerationSpec, InitSettings, Pixels, ResizeMode


def fitted(spec: GenerationSpec, init: InitSettings, image: Image.Image) -> Image.Image:
    """Returns what is worked on: the picture at the size asked for, in latent mode at about its own."""
    if init.resize_mode is ResizeMode.LATENT:
        return scaled(image, _encodable(spec, image))
    return fit(image, (spec.width, spec.height), init.resize_mode)


def fit(image: Image.Image, size: tuple[int, int], mode: ResizeMode) -> Image.Image:
    """Returns a picture, or a mask, of just that (width, height); the latent mode stretches it."""
    if mode is ResizeMode.CROP:
        return _cropped(image, size)
    if mode is ResizeMode.FILL:
        return _filled(image, size)
    return scaled(image, size)


def grown_size(image: tuple[int, int], size: tuple[int, int], mode: ResizeMode) -> tuple[int, int]:
    """Returns the (width, height) that a picture is brought to before it is cut or filled up to `size`."""
    if mode in {ResizeMode.CROP, ResizeMode.FILL}:
        return _proportional(image, size, cover=mode is ResizeMode.CROP)
    return size


def encodable(image: Image.Image) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Returns what the encoder takes: (1, 3, H, W) in -1..1."""
    values = np.asarray(image, dtype=np.float32) / np.float32(127.5) - 1
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None])


def flattened(pixels: Pixels, background: tuple[int, int, int]) -> Image.Image:
    """Returns a picture without transparency: what is behind it shows through."""
    image = Image.fromarray(pixels)
    if image.mode != "RGBA":
        return image.convert("RGB")
    canvas = Image.new("RGBA", image.size, (*background, 255))
    canvas.alpha_composite(image)
    return canvas.convert("RGB")


def scaled(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Returns a picture of just that (width, height), by Lanczos."""
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)


def _cropped(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Fills the size, centred; what hangs over is cut off."""
    large = scaled(image, _proportional(image.size, size, cover=True))
    canvas = Image.new(image.mode, size)
    canvas.paste(large, _centre(large, size))
    return canvas


def _filled(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Fits into the size, centred; the rest is filled by stretching the rows or columns at the edges."""
    small = scaled(image, _proportional(image.size, size, cover=False))
    left, top = _centre(small, size)
    values = np.asarray(small)
    padding = ((top, size[1] - small.height - top), (left, size[0] - small.width - left), (0, 0))[: values.ndim]
    return Image.fromarray(np.pad(values, padding, mode="edge"))


def _proportional(image: tuple[int, int], size: tuple[int, int], *, cover: bool) -> tuple[int, int]:
    """The size with the picture's proportions that covers, or fits into, another."""
    (from_width, from_height), (width, height) = image, size
    wider = width * from_height > height * from_width
    if wider == cover:
        return width, max(1, from_height * width // from_width)
    return max(1, from_width * height // from_height), height


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
