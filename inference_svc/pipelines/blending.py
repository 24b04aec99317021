"""Keeps what is outside of the mask, in latents."""

from __future__ import annotations

from inference_svc.sampling import SamplingPlan
from inference_svc.sampling.arrays import like
from inference_svc.work import Array


def blended(plan: SamplingPlan, latents: Array, init_scale: float = 1.0) -> Array:
    """Returns latents (1, C, h, w) with the plan's init latents, times `init_scale`, where its mask is 0.

    Without a mask they are returned as they are.
    """
    if plan.mask is None or plan.init_latents is None:
        return latents
    mask, init = like(plan.mask, latents), like(plan.init_latents, latents)
    return latents * mask + init * init_scale * (1 - mask)
