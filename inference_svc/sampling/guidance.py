"""Classifier-free guidance."""

from __future__ import annotations

from collections.abc import Sequence

from inference_svc.sampling.arrays import Array


def combine(conds: Sequence[tuple[Array, float]], uncond: Array, scale: float) -> Array:
    """Returns uncond + sum of weight * scale * (cond - uncond) over (denoised, weight) pairs, all (1, C, H, W).

    One pair of weight 1 is Ho and Salimans 2022, equation 6; several are composable diffusion, Liu et al. 2022,
    equation 11 (A1111's AND).
    """
    guided = uncond
    for cond, weight in conds:
        guided = guided + (cond - uncond) * (weight * scale)
    return guided
