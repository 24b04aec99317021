"""Drives samplers for callers that have a plain denoising function: tests, clients, scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from inference_svc.sampling.arrays import Array
from inference_svc.sampling.plan import Prediction, SamplerState, SamplingPlan
from inference_svc.sampling.registry import find_sampler

Denoiser: TypeAlias = Callable[[Array, float], Prediction]
"""The model's prediction for x (1, C, H, W) at noise level sigma."""


def solve(plan: SamplingPlan, state: SamplerState, denoise: Denoiser) -> SamplerState:
    """Returns the state at the end of the path."""
    while not state.done:
        state = solve_step(plan, state, denoise)
    return state


def solve_step(plan: SamplingPlan, state: SamplerState, denoise: Denoiser) -> SamplerState:
    """Returns the state after one more step."""
    steps = find_sampler(plan.sampler).step(plan, state)
    try:
        ask = next(steps)
        while True:
            ask = steps.send(denoise(ask.x, ask.sigma))
    except StopIteration as end:
        advanced: SamplerState = end.value
        return advanced
