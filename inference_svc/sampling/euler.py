"""Euler and Euler ancestral."""

from __future__ import annotations

from inference_svc.sampling.plan import Denoise, SamplerState, SamplingPlan, Steps
from inference_svc.sampling.stochastic import ancestral, churned, renoised


def euler(plan: SamplingPlan, state: SamplerState) -> Steps:
    """One transition of Karras et al. 2022, algorithm 2, without its second-order correction. x: (1, C, H, W)."""
    _, sigma_next = plan.sigmas(state.step)
    x, sigma = churned(plan, state)
    slope = (x - (yield Denoise(x, sigma)).denoised) / sigma
    return state.advance(x + slope * (sigma_next - sigma), plan, draws=1)


def euler_ancestral(plan: SamplingPlan, state: SamplerState) -> Steps:
    """One Euler transition to a level below sigma_next, then noise up to it; eta 0 is Euler. x: (1, C, H, W).

    No noise is taken on the way to 0. Source: k-diffusion's ancestral samplers.
    """
    sigma, sigma_next = plan.sigmas(state.step)
    down, up = ancestral(sigma, sigma_next, plan.eta)
    slope = (state.x - (yield Denoise(state.x, sigma)).denoised) / sigma
    x = renoised(plan, state, state.x + slope * (down - sigma), up * plan.options.s_noise)
    return state.advance(x, plan, draws=int(sigma_next > 0))
