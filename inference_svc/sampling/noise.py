"""The noise of one picture: a function of its specification and the draw's index, never a stream to carry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from inference_svc.sampling import mt19937
from inference_svc.sampling.philox import randn

__all__ = ["NOISE_SOURCES", "NoiseSpec", "draw", "randn"]

Noise: TypeAlias = np.ndarray[Any, Any]
Shape: TypeAlias = tuple[int, int, int]
Source: TypeAlias = Callable[[int, int, tuple[int, ...]], Noise]

NOISE_SOURCES: Mapping[str, Source] = MappingProxyType({"nv": randn, "cpu": mt19937.randn})
"""Sources by A1111's name in lower case; each returns the draw of (seed, offset, shape)."""

_ALIGNED = 0.9995


@dataclass(frozen=True, slots=True)
class NoiseSpec:
    """Which noise a pass uses; a new pass (hires) takes a new one and so begins again at index 0.

    `seed`, `subseed`: 0 to 2**64 - 1. `subseed_strength`: 0 (seed only) to 1 (subseed only). `resize_from`: the
    (height, width), in latent cells, whose composition is kept at the present size. `ensd`: added to the seed for every
    draw after the first. `sigma_min`, `sigma_max`: the noise levels between which the whole path runs.
    """

    source: str = "nv"
    seed: int = 0
    subseed: int = 0
    subseed_strength: float = 0.0
    resize_from: tuple[int, int] | None = None
    ensd: int = 0
    sigma_min: float = 0.0
    sigma_max: float = 0.0


def draw(spec: NoiseSpec, index: int, shape: Shape) -> Noise:
    """Returns draw number `index` (0 is the first noise) as float32 of `shape` (C, H, W).

    Sub-seed and seed resize act on the first draw alone; with `ensd` the later ones come from another generator.
    """
    if index == 0:
        return _first(spec, shape)
    if spec.ensd:
        return NOISE_SOURCES[spec.source](spec.seed + spec.ensd, index - 1, shape)
    return NOISE_SOURCES[spec.source](spec.seed, index, shape)


def _first(spec: NoiseSpec, shape: Shape) -> Noise:
    source = NOISE_SOURCES[spec.source]
    small_shape = shape if spec.resize_from is None else (shape[0], *spec.resize_from)
    noise = source(spec.seed, 0, small_shape)
    if spec.subseed_strength:
        noise = _slerp(spec.subseed_strength, noise, source(spec.subseed, 0, small_shape))
    return noise if small_shape == shape else _pasted(noise, source(spec.seed, 0, shape))


def _slerp(strength: float, low: Noise, high: Noise) -> Noise:
    """Blends along axis 1, so per channel and column; nearly parallel noises are blended with the strengths swapped.

    Both are A1111's own ways: another axis, or the strengths put right, would change every variation made with it.
    """
    a, b = low.astype(np.float64), high.astype(np.float64)
    cosine = (a * b).sum(1, keepdims=True) / (_norm(a) * _norm(b))
    if cosine.mean() > _ALIGNED:
        return (a * strength + b * (1 - strength)).astype(np.float32)
    angle = np.arccos(np.clip(cosine, -1, 1))
    return (_share(1 - strength, angle) * a + _share(strength, angle) * b).astype(np.float32)


def _norm(x: Noise) -> Noise:
    length: Noise = np.linalg.norm(x, axis=1, keepdims=True)
    return length


def _share(strength: float, angle: Noise) -> Noise:
    """Returns sin(strength angle) / sin(angle), and the bare strength where the columns lie on one line."""
    sine = np.sin(angle)
    flat = sine < 1e-6
    return np.where(flat, strength, np.sin(strength * angle) / np.where(flat, 1, sine))


def _pasted(small: Noise, full: Noise) -> Noise:
    """Returns `full` with `small` centred over it, cropped where it is larger."""
    (y, from_y, height), (x, from_x, width) = map(_overlap, full.shape[1:], small.shape[1:])
    canvas = full.copy()
    canvas[:, y : y + height, x : x + width] = small[:, from_y : from_y + height, from_x : from_x + width]
    return canvas


def _overlap(full: int, small: int) -> tuple[int, int, int]:
    """Returns where the overlap starts in the full side and in the small side, and its length."""
    offset = (full - small) // 2
    return (offset, 0, small) if offset >= 0 else (0, -offset, small + 2 * offset)
