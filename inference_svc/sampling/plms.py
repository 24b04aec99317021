"""PLMS."""

from __future__ import annotations

from inference_svc.sampling.arrays import Array
from inference_svc.sampling.ddim import as_model_input
from inference_svc.sampling.plan import Denoise, SamplerState, SamplingPlan, Steps

_WEIGHTS = ((1.0,), (-1 / 2, 3 / 2), (5 / 12, -16 / 12, 23 / 12), (-9 / 24, 37 / 24, -59 / 24, 55 / 24))
"""Adams and Bashforth's, by the number of slopes, oldest first."""


def plms(plan: SamplingPlan, state: SamplerState) -> Steps:
    """One transition of PNDM's linear multistep, Liu et al. 2022, equation 12; remembers three slopes.

    The first step is an improved Euler step of two evaluations, the next two are of order 2 and 3. Their transfer is
    DDIM's, in x an Euler step. The end is DDIM's. x: (1, C, H, W).
    """
    sigma, sigma_next = plan.sigmas(state.step)
    slope = (state.x - (yield Denoise(state.x, sigma)).denoised) / sigma
    slopes, evaluations = (*state.history, slope), 1
    direction = _combined(slopes)
    if not state.history and sigma_next > 0:
        tried = state.x + slope * (sigma_next - sigma)
        following = (tried - (yield Denoise(tried, sigma_next)).denoised) / sigma_next
        direction, evaluations = (slope + following) / 2, 2
    x = as_model_input(state.x + direction * (sigma_next - sigma), plan, state)
    return state.advance(x, plan, evaluations=evaluations, history=slopes[-3:])


def _combined(slopes: tuple[Array, ...]) -> Array:
    first, *others = (past * weight for past, weight in zip(slopes, _WEIGHTS[len(slopes) - 1], strict=True))
    return sum(others, first)
