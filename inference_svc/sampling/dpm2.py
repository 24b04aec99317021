"""DPM-Solver-2 between noise levels, with churn and ancestral."""

from __future__ import annotations

import math
from collections.abc import Generator

from inference_svc.sampling.arrays import Array
from inference_svc.sampling.plan import Denoise, Prediction, SamplerState, SamplingPlan, Steps
from inference_svc.sampling.stochastic import ancestral, churned, renoised


def dpm_2(plan: SamplingPlan, state: SamplerState) -> Steps:
    """One transition of DPM-Solver-2, Lu et al. 2022, algorithm 1, after churn; the one to sigma 0 is Euler's.

    x: (1, C, H, W).
    """
    _, sigma_next = plan.sigmas(state.step)
    x, sigma = churned(plan, state)
    x = yield from _midpoint(x, sigma, sigma_next)
    return state.advance(x, plan, evaluations=1 + (sigma_next > 0), draws=1)


def dpm_2_ancestral(plan: SamplingPlan, state: SamplerState) -> Steps:
    """One transition of DPM-Solver-2 to a level below sigma_next, then noise up to it. x: (1, C, H, W).

    No noise is taken on the way to 0. Source: k-diffusion's ancestral samplers.
    """
    sigma, sigma_next = plan.sigmas(state.step)
    down, up = ancestral(sigma, sigma_next, plan.eta)
    x = yield from _midpoint(state.x, sigma, down)
    x = renoised(plan, state, x, up * plan.options.s_noise)
    return state.advance(x, plan, evaluations=1 + (down > 0), draws=int(sigma_next > 0))


def _midpoint(x: Array, sigma: float, sigma_next: float) -> Generator[Denoise, Prediction, Array]:
    """Carries x to sigma_next by the slope at the geometric mean of the levels; to 0 by the slope at sigma."""
    slope = (x - (yield Denoise(x, sigma)).denoised) / sigma
    if sigma_next == 0:
        return x - slope * sigma
    middle = math.sqrt(sigma * sigma_next)
    halfway = x + slope * (middle - sigma)
    slope = (halfway - (yield Denoise(halfway, middle)).denoised) / middle
    return x + slope * (sigma_next - sigma)
