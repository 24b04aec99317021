"""Noise that samplers add on the way: churn before a step, ancestral or Brownian noise after it."""

from __future__ import annotations

import math

from inference_svc.sampling.arrays import Array, like
from inference_svc.sampling.brownian import BrownianPath
from inference_svc.sampling.noise import draw
from inference_svc.sampling.plan import SamplerState, SamplingPlan


def next_noise(plan: SamplingPlan, state: SamplerState) -> Array:
    """Returns the state's next standard normal noise, in x's shape (1, C, H, W), library, type and device."""
    return like(draw(plan.noise, state.draws, tuple(state.x.shape[1:]))[None], state.x)


def churned(plan: SamplingPlan, state: SamplerState) -> tuple[Array, float]:
    """Returns x and its noise level after churn raised it. Source: Karras et al. 2022, algorithm 2.

    Takes one noise, which the caller counts, churn or no churn: A1111's generators move on every step.
    """
    sigma, options = plan.transitions[state.step].sigma, plan.options
    inside = options.s_tmin <= sigma <= (options.s_tmax or math.inf)
    gamma = min(options.s_churn / plan.step_count, math.sqrt(2) - 1) if inside else 0.0
    if gamma == 0:
        return state.x, sigma
    sigma_hat = sigma * (gamma + 1)
    added = options.s_noise * math.sqrt(sigma_hat**2 - sigma**2)
    return state.x + next_noise(plan, state) * added, sigma_hat


def ancestral(sigma: float, sigma_next: float, eta: float) -> tuple[float, float]:
    """Returns (down, up): the level to step down to, and how much noise to add there to be at sigma_next.

    down**2 + up**2 = sigma_next**2; eta 0 adds none, more eta than sigma_next allows acts as the most it allows.
    Source: Song et al. 2021 (DDIM), equation 16, in variance-exploding scale.
    """
    up = min(sigma_next, eta * sigma_next * math.sqrt(max(sigma**2 - sigma_next**2, 0.0)) / sigma)
    return math.sqrt(sigma_next**2 - up**2), up


def renoised(plan: SamplingPlan, state: SamplerState, x: Array, up: float) -> Array:
    """Returns x with the state's next noise added at standard deviation `up`."""
    return x + next_noise(plan, state) * up if up else x


def with_brownian(plan: SamplingPlan, x: Array, levels: tuple[float, float], amount: float) -> Array:
    """Returns x with the increment of the plan's Brownian path between two noise levels, of deviation `amount`, added.

    It is no draw: the path is a function of the plan's noise and the levels alone.
    """
    if not amount:
        return x
    noise = BrownianPath.of(plan.noise, tuple(x.shape[1:])).noise(*levels)
    return x + like(noise[None], x) * amount
