"""The DPM-Solver++ family."""

from __future__ import annotations

import math

from inference_svc.sampling.plan import Denoise, SamplerState, SamplingPlan, Steps


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


def _log_step(plan: SamplingPlan, step: int) -> float:
    sigma, sigma_next = plan.sigmas(step)
    return math.log(sigma / sigma_next)
