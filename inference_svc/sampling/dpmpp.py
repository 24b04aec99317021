"""The DPM-Solver++ family, but for its SDE members."""

from __future__ import annotations

import math

from inference_svc.sampling.plan import Denoise, SamplerState, SamplingPlan, Steps
from inference_svc.sampling.stochastic import ancestral, renoised


def dpmpp_2m(plan: SamplingPlan, state: SamplerState) -> Steps:
    """One transition of DPM-Solver++(2M), Lu et al. 2022, algorithm 2; remembers the last denoised.

    First order at the first step and on the way to 0. x: (1, C, H, W).
    """
    sigma, sigma_next = plan.sigmas(state.step)
    denoised = (yield Denoise(state.x, sigma)).denoised
    target = denoised
    if state.history and sigma_next > 0:
        ratio = _log_step(plan, state.step) / _log_step(plan, state.step - 1)
        target = denoised + (denoised - state.history[-1]) * (ratio / 2)
    x = state.x * (sigma_next / sigma) + target * (1 - sigma_next / sigma)
    return state.advance(x, plan, history=(denoised,))


def dpmpp_2s_ancestral(plan: SamplingPlan, state: SamplerState) -> Steps:
    """One transition of DPM-Solver++(2S), Lu et al. 2022, algorithm 1, to below sigma_next, then noise up to it.

    The one to 0 is first order, and takes no noise. x: (1, C, H, W). Source: k-diffusion's ancestral samplers.
    """
    sigma, sigma_next = plan.sigmas(state.step)
    down, up = ancestral(sigma, sigma_next, plan.eta)
    denoised = (yield Denoise(state.x, sigma)).denoised
    if down > 0:
        middle = math.sqrt(sigma * down)
        halfway = state.x * (middle / sigma) + denoised * (1 - middle / sigma)
        denoised = (yield Denoise(halfway, middle)).denoised
    x = state.x * (down / sigma) + denoised * (1 - down / sigma)
    x = renoised(plan, state, x, up * plan.options.s_noise)
    return state.advance(x, plan, evaluations=1 + (down > 0), draws=int(sigma_next > 0))


def _log_step(plan: SamplingPlan, step: int) -> float:
    sigma, sigma_next = plan.sigmas(step)
    return math.log(sigma / sigma_next)
