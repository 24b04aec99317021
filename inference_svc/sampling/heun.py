"""Heun's method."""

from __future__ import annotations

from collections.abc import Generator

from inference_svc.sampling.arrays import Array
from inference_svc.sampling.plan import Denoise, Prediction, SamplerState, SamplingPlan, Steps
from inference_svc.sampling.stochastic import churned


def heun(plan: SamplingPlan, state: SamplerState) -> Steps:
    """One transition of Karras et al. 2022, algorithm 2; the one to sigma 0 is Euler's. x: (1, C, H, W)."""
    _, sigma_next = plan.sigmas(state.step)
    x, sigma = churned(plan, state)
    x = yield from heun_step(x, sigma, sigma_next)
    return state.advance(x, plan, evaluations=1 + (sigma_next > 0), draws=1)


def heun_step(x: Array, sigma: float, sigma_next: float) -> Generator[Denoise, Prediction, Array]:
    """Carries x from sigma to sigma_next: two evaluations, or one on the way to 0."""
    slope = (x - (yield Denoise(x, sigma)).denoised) / sigma
    x_next = x + slope * (sigma_next - sigma)
    if sigma_next == 0:
        return x_next
    slope_next = (x_next - (yield Denoise(x_next, sigma_next)).denoised) / sigma_next
    return x + (slope + slope_next) / 2 * (sigma_next - sigma)
