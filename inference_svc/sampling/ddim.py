"""DDIM."""

from __future__ import annotations

import math

from inference_svc.sampling.plan import Denoise, SamplerState, SamplingPlan, Steps
from inference_svc.sampling.stochastic import ancestral, renoised


def ddim(plan: SamplingPlan, state: SamplerState) -> Steps:
    """One transition of DDIM, Song et al. 2021, equation 12. x: (1, C, H, W).

    Its z = x / sqrt(1 + sigma**2) is substituted: with sigma = sqrt((1 - a) / a) the paper's step down and its noise
    become those of an ancestral Euler step. The path ends at the noise level of timestep 1, not at 0, and what A1111
    decodes there is z: so is the last x. One noise is taken each step, whatever eta.
    """
    sigma, sigma_next = plan.sigmas(state.step)
    down, up = ancestral(sigma, sigma_next, plan.eta)
    slope = (state.x - (yield Denoise(state.x, sigma)).denoised) / sigma
    x = renoised(plan, state, state.x + slope * (down - sigma), up)
    if state.step + 1 == plan.step_count:
        x = x / math.sqrt(1 + sigma_next**2)
    return state.advance(x, plan, draws=1)
