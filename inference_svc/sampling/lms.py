"""The linear multistep method."""

from __future__ import annotations

import math

from inference_svc.sampling.plan import Denoise, SamplerState, SamplingPlan, Steps

_ORDER = 4
_GAUSS = 1 / math.sqrt(3)


def lms(plan: SamplingPlan, state: SamplerState) -> Steps:
    """One transition of Adams-Bashforth on uneven steps, of order 4 once there are enough; remembers three slopes.

    Each weight is the integral over the step of a Lagrange polynomial through the last noise levels. x: (1, C, H, W).
    """
    sigma, _ = plan.sigmas(state.step)
    slope = (state.x - (yield Denoise(state.x, sigma)).denoised) / sigma
    slopes = (*state.history, slope)
    x = state.x
    for weight, past in zip(_weights(plan, state.step, len(slopes)), slopes, strict=True):
        x = x + past * weight
    return state.advance(x, plan, history=slopes[1 - _ORDER :])


def _weights(plan: SamplingPlan, step: int, order: int) -> list[float]:
    """Returns the weights of the last `order` slopes, oldest first.

    The polynomials are at most cubic, so Gauss's rule of two points integrates them exactly.
    """
    nodes = [transition.sigma for transition in plan.transitions[step + 1 - order : step + 1]]
    sigma, sigma_next = plan.sigmas(step)
    middle, half = (sigma_next + sigma) / 2, (sigma_next - sigma) / 2
    points = (middle - half * _GAUSS, middle + half * _GAUSS)
    return [half * sum(_basis(nodes, index, point) for point in points) for index in range(order)]


def _basis(nodes: list[float], index: int, point: float) -> float:
    others = [node for position, node in enumerate(nodes) if position != index]
    return math.prod((point - node) / (nodes[index] - node) for node in others)
