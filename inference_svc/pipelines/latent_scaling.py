"""Makes latents larger or smaller: A1111's latent upscalers, as torch.nn.functional.interpolate computes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from inference_svc.sampling import to_numpy
from inference_svc.sampling.arrays import like
from inference_svc.work import Array

Weights: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
"""(out, in): how much of each old cell each new one takes."""

Mode: TypeAlias = Callable[[int, int], Weights]
"""From the lengths of an axis, old and new, to its weights."""

_SHARP, _SMOOTH = -0.75, -0.5
"""The cubic's slope parameter a (Keys 1981): torch takes another one with antialiasing."""


def rescaled(latents: Array, height: int, width: int, mode: Mode) -> Array:
    """Returns latents (1, C, h, w) at another size, half-pixel centres."""
    values = to_numpy(latents).astype(np.float64)
    down, across = mode(values.shape[2], height), mode(values.shape[3], width)
    return like((down @ values @ across.T).astype(np.float32), latents)


def bilinear(old: int, new: int) -> Weights:
    """Weights of linear interpolation, the edge repeated."""
    return _interpolating(old, new, _triangle, reach=1)


def bicubic(old: int, new: int) -> Weights:
    """Weights of cubic convolution (Keys 1981), the edge repeated."""
    return _interpolating(old, new, lambda x: _cubic(x, _SHARP), reach=2)


def bilinear_antialiased(old: int, new: int) -> Weights:
    """Weights of a triangle that widens as the axis shrinks, cut off at the edge."""
    return _filtering(old, new, _triangle, reach=1)


def bicubic_antialiased(old: int, new: int) -> Weights:
    """Weights of a cubic that widens as the axis shrinks, cut off at the edge."""
    return _filtering(old, new, lambda x: _cubic(x, _SMOOTH), reach=2)


def nearest(old: int, new: int) -> Weights:
    """Takes the cell at floor(i * old / new)."""
    return _picking(old, np.arange(new, dtype=np.float32) * _scale(old, new))


def nearest_exact(old: int, new: int) -> Weights:
    """Takes the cell under each new cell's centre."""
    return _picking(old, (np.arange(new, dtype=np.float32) + np.float32(0.5)) * _scale(old, new))


LATENT_MODES: Mapping[str, Mode] = MappingProxyType(
    {
        "Latent": bilinear,
        "Latent (antialiased)": bilinear_antialiased,
        "Latent (bicubic)": bicubic,
        "Latent (bicubic antialiased)": bicubic_antialiased,
        "Latent (nearest)": nearest,
        "Latent (nearest-exact)": nearest_exact,
    }
)
"""Latent upscalers by A1111's names, in its order."""


def _interpolating(old: int, new: int, kernel: Callable[[Weights], Weights], *, reach: int) -> Weights:
    """Weighs the 2 * reach cells around each centre; those beyond the edge count for the edge."""
    centres = (np.arange(new) + 0.5) * old / new - 0.5
    if reach == 1:
        centres = np.maximum(centres, 0)
    weights = np.zeros((new, old))
    for offset in range(1 - reach, reach + 1):
        cells = np.floor(centres) + offset
        np.add.at(weights, (np.arange(new), np.clip(cells, 0, old - 1).astype(int)), kernel(centres - cells))
    return weights


def _filtering(old: int, new: int, kernel: Callable[[Weights], Weights], *, reach: int) -> Weights:
    """Weighs all cells within reach, which grows with the factor that the axis shrinks by; sums to 1."""
    scale = old / new
    width = max(scale, 1.0)
    centres = scale * (np.arange(new) + 0.5)
    cells = np.arange(old)
    first = np.maximum(np.floor(centres - reach * width + 0.5), 0)[:, None]
    last = np.minimum(np.floor(centres + reach * width + 0.5), old)[:, None]
    near = (cells >= first) & (cells < last)
    weights = np.where(near, kernel((cells - centres[:, None] + 0.5) / width), 0.0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _picking(old: int, where: np.ndarray[Any, np.dtype[np.float32]]) -> Weights:
    return np.asarray(np.eye(old)[np.minimum(np.floor(where).astype(int), old - 1)])


def _scale(old: int, new: int) -> np.float32:
    return np.float32(old) / np.float32(new)


def _triangle(x: Weights) -> Weights:
    return np.asarray(np.maximum(1 - np.abs(x), 0))


def _cubic(x: Weights, a: float) -> Weights:
    x = np.abs(x)
    inner = ((a + 2) * x - (a + 3)) * x * x + 1
    outer = a * (((x - 5) * x + 8) * x - 4)
    return np.asarray(np.where(x < 1, inner, np.where(x < 2, outer, 0.0)))
