"""Heun's method."""

from __future__ import annotations

from inference_svc.sampling.plan import Denoise, SamplerState, SamplingPlan, Steps
from inference_svc.sampling.stochastic import churned


def heun(plan: SamplingPlan, state: SamplerState) -> Steps:
    """One transition of Karras et al. 2022, algorithm 2; the one to sigma 0 is Euler's. x: (1, C, H, W)."""
    _, sigma_next = plan.sigmas(state.step)
    x, sigma = churned(plan, state)
    slope = (x - (yield Denoise(x, sigma)).denoised) / sigma
    x_next = x + slope * (sigma_next - sigma)
    if sigma_next == 0:
        return state.advance(x_next, plan, draws=1)
    slope_next = (x_next - (yield Denoise(x_next, sigma_next)).denoised) / sigma_next
    x_next = x + (slope + slope_next) / 2 * (sigma_next - sigma)
    return state.advance(x_next, plan, evaluations=2, draws=1)
