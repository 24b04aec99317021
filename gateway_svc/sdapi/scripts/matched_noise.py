"""Noise that looks like a picture: its spectrum, and its colours. Blocking: scripts run in a thread."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Values: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]


def filled(image: Values, unknown: Values, *, falloff: float, variation: float, seed: int) -> Values:
    """The picture (H, W, 3) in 0..1 with noise where `unknown` (H, W) is 1, and a mixture in between.

    `falloff`: the power of the picture's spectrum that shapes the noise, so that less of it means finer noise.
    `variation`: how much colours differ from grey, 0 to 1.
    """
    known = unknown < 0.5
    if not known.any():
        return image
    noise = _shaped(_drawn(image.shape, variation, seed), _windowed(image, unknown), falloff)
    for channel in range(3):
        noise[..., channel] = _matched(noise[..., channel], image[..., channel][known])
    share = unknown[..., None]
    return np.asarray(image * (1 - share) + noise * share)


def _drawn(shape: tuple[int, ...], variation: float, seed: int) -> Values:
    noise = np.random.default_rng(seed).random(shape)
    grey = noise.mean(axis=2, keepdims=True)
    return np.asarray(grey + (noise - grey) * variation)


def _windowed(image: Values, unknown: Values) -> Values:
    """What is known, on its own average: an edge between the two would be heard in every frequency."""
    known = 1 - unknown[..., None]
    average = (image * known).sum(axis=(0, 1)) / max(1.0, known.sum())
    return np.asarray(image * known + average * (1 - known))


def _shaped(noise: Values, picture: Values, falloff: float) -> Values:
    spectrum = np.abs(np.fft.fft2(picture, axes=(0, 1))) ** falloff
    shaped = np.real(np.fft.ifft2(np.fft.fft2(noise, axes=(0, 1)) * spectrum, axes=(0, 1)))
    low, high = shaped.min(), shaped.max()
    return np.asarray((shaped - low) / max(high - low, 1e-12))


def _matched(values: Values, like: Values) -> Values:
    """The values with the distribution of others: ranks stay, quantiles are the others'."""
    ranks = np.empty(values.size)
    ranks[np.argsort(values, axis=None, kind="stable")] = np.linspace(0, 1, values.size)
    quantiles = np.interp(ranks, np.linspace(0, 1, like.size), np.sort(like, axis=None))
    return np.asarray(quantiles.reshape(values.shape))
