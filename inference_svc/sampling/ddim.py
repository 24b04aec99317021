"""DDIM, plain and with CFG++."""

from __future__ import annotations

import math

from inference_svc.sampling.arrays import Array
from inference_svc.sampling.plan import Denoise, Prediction, SamplerState, SamplingPlan, Steps
from inference_svc.sampling.stochastic import ancestral, renoised


def ddim(plan: SamplingPlan, state: SamplerState) -> Steps:
    """One transition of DDIM, Song et al. 2021, equation 12. x: (1, C, H, W).

    Its z = x / sqrt(1 + sigma**2) is substituted: with sigma = sqrt((1 - a) / a) the paper's step down and its noise
    become those of an ancestral Euler step. The path ends at the noise level of timestep 1, not at 0, and what A1111
    decodes there is z: so is the last x. One noise is taken each step, whatever eta.
    """
    prediction = yield Denoise(state.x, plan.transitions[state.step].sigma)
    return _advanced(plan, state, prediction.denoised, prediction.denoised)


def ddim_cfgpp(plan: SamplingPlan, state: SamplerState) -> Steps:
    """One transition of DDIM with CFG++, Chung et al. 2024, algorithm 2: noise is added back as the prompt left it.

    The clean latents are guided, the way back up is that of the guess without the prompt; where none was made the
    guided one serves for both. Scale, noise and end are `ddim`'s. x: (1, C, H, W).
    """
    prediction: Prediction = yield Denoise(state.x, plan.transitions[state.step].sigma)
    denoised, uncond = prediction.denoised, prediction.uncond
    return _advanced(plan, state, denoised, denoised if uncond is None else uncond)


def _advanced(plan: SamplingPlan, state: SamplerState, denoised: Array, source: Array) -> SamplerState:
    """Returns `denoised` with the noise that lies between `source` and x, as much of it as sigma_next leaves."""
    sigma, sigma_next = plan.sigmas(state.step)
    down, up = ancestral(sigma, sigma_next, plan.eta)
    x = renoised(plan, state, denoised + (state.x - source) * (down / sigma), up)
    return state.advance(as_model_input(x, plan, state), plan, draws=1)


def as_model_input(x: Array, plan: SamplingPlan, state: SamplerState) -> Array:
    """Returns x after this step: at the end of a list of timesteps in the model's own scale, x / sqrt(1 + sigma**2)."""
    if state.step + 1 < plan.step_count:
        return x
    return x / math.sqrt(1 + plan.transitions[-1].sigma_next ** 2)
