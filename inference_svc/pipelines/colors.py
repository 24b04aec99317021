"""Matches a picture's colours to another's: its histograms in CIE L*a*b*, its own luminosity."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from inference_svc.pipelines.pixels import Pixels

_Floats: TypeAlias = np.ndarray[Any, np.dtype[np.floating[Any]]]

_TO_XYZ = np.asarray(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]], np.float32
)
_WHITE = np.asarray([0.950456, 1.0, 1.088754], np.float32)
_LUMINOSITY = np.asarray([0.3, 0.59, 0.11], np.float32)
_DARK = 0.008856


def to_lab(pixels: Pixels) -> Pixels:
    """Returns sRGB (H, W, 3) as L*a*b* in bytes: L * 255 / 100, a + 128, b + 128 (CIE 1976, D65)."""
    xyz = _linear(pixels.astype(np.float32) / np.float32(255)) @ _TO_XYZ.T / _WHITE
    f = np.where(xyz > _DARK, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    lightness = np.where(xyz[..., 1] > _DARK, 116 * f[..., 1] - 16, 903.3 * xyz[..., 1])
    a, b = 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])
    return _bytes(np.stack([lightness * 2.55, a + 128, b + 128], axis=-1))


def from_lab(lab: Pixels) -> Pixels:
    """Returns sRGB (H, W, 3) of L*a*b* in bytes; what has no colour in sRGB is cut off."""
    values = lab.astype(np.float32)
    y = (values[..., 0] / np.float32(2.55) + 16) / 116
    f = np.stack([y + (values[..., 1] - 128) / 500, y, y - (values[..., 2] - 128) / 200], axis=-1)
    xyz = np.where(f > np.cbrt(_DARK), f**3, (f - 16 / 116) / 7.787) * _WHITE
    linear = np.clip(xyz @ np.linalg.inv(_TO_XYZ).T, 0, 1)
    return _bytes(np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear) * 255)


def match_histogram(values: Pixels, reference: Pixels) -> Pixels:
    """Returns values of one channel, of any shape, spread as those of the reference are (Gonzalez & Woods, 3.3)."""
    counts, wanted = (np.bincount(channel.ravel(), minlength=256) for channel in (values, reference))
    known = np.flatnonzero(wanted)
    mapping = np.interp(np.cumsum(counts) / values.size, np.cumsum(wanted[known]) / reference.size, known)
    return np.asarray(mapping.astype(np.uint8)[values])


def with_luminosity(colors: Pixels, source: Pixels) -> Pixels:
    """Returns the colours (H, W, 3) with the luminosity of another picture (W3C Compositing, "luminosity")."""
    base, top = (picture.astype(np.float32) / np.float32(255) for picture in (colors, source))
    wanted = top @ _LUMINOSITY
    moved = base + (wanted - base @ _LUMINOSITY)[..., None]
    return _bytes(_clipped(moved, wanted[..., None]) * 255)


def match_colors(pixels: Pixels, reference: Pixels) -> Pixels:
    """Returns pixels (H, W, 3) in the colours of a reference of any size."""
    lab, wanted = to_lab(pixels), to_lab(reference)
    matched = np.stack([match_histogram(lab[..., i], wanted[..., i]) for i in range(3)], axis=-1)
    return with_luminosity(from_lab(matched), pixels)


def _clipped(color: _Floats, luminosity: _Floats) -> _Floats:
    """Draws colours out of 0..1 towards the grey of their luminosity, until they fit."""
    low, high = color.min(axis=-1, keepdims=True), color.max(axis=-1, keepdims=True)
    under = luminosity / np.maximum(luminosity - low, 1e-6)
    color = np.where(low < 0, luminosity + (color - luminosity) * under, color)
    over = (1 - luminosity) / np.maximum(high - luminosity, 1e-6)
    return np.asarray(np.where(high > 1, luminosity + (color - luminosity) * over, color))


def _linear(srgb: _Floats) -> _Floats:
    return np.where(srgb > 0.04045, ((srgb + 0.055) / 1.055) ** 2.4, srgb / 12.92).astype(np.float32)


def _bytes(values: _Floats) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
