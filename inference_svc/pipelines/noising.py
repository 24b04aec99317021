"""Where sampling begins on the way from a picture."""

from __future__ import annotations

import math
from dataclasses import replace

from inference_svc.pipelines.spec import InitSettings
from inference_svc.sampling import SamplerState, SamplingPlan, find_sampler, first_state
from inference_svc.sampling.arrays import like
from inference_svc.sampling.noise import draw
from inference_svc.work import Array


def noised_state(plan: SamplingPlan, init: InitSettings, latents: Array) -> SamplerState:
    """Returns the first state from a plan's init latents, its noise scaled by noise_multiplier, extra_noise added."""
    shape = tuple(latents.shape[1:])
    state = first_state(plan, shape)
    if state.done or (init.noise_multiplier == 1 and init.extra_noise == 0):
        return state
    init_scale, noise_scale = find_sampler(plan.sampler).start(plan)
    amount = init.noise_multiplier * (noise_scale + init.extra_noise * _extra_scale(init_scale, noise_scale))
    noise = like(draw(plan.noise, 0, shape)[None], state.x)
    return replace(state, x=latents * init_scale + noise * amount)


def _extra_scale(init_scale: float, noise_scale: float) -> float:
    """A1111 adds the extra noise to x itself, for timestep samplers to x / sqrt(1 + sigma**2): those scale the init."""
    return 1.0 if init_scale == 1.0 else math.hypot(init_scale, noise_scale)
