"""How far a path goes, and how far it has come."""

from __future__ import annotations

import math

from inference_svc.sampling.plan import SamplerState, SamplingPlan
from inference_svc.sampling.registry import find_sampler


def evaluation_count(plan: SamplingPlan, first: int = 0, end: int | None = None) -> int:
    """Returns the most model calls that a path makes from its step `first` to before `end`, its end unless given.

    Each is for all parts of its prompts at once.
    """
    usual, end = find_sampler(plan.sampler).evaluations_per_step, plan.step_count if end is None else end
    if plan.chooses_steps:
        return (end - first) * usual
    return sum(transition.evaluations or usual for transition in plan.transitions[first:end])


def sigma_reached(plan: SamplingPlan, state: SamplerState) -> float:
    """Returns the noise level of a state's x; of a path without steps, 0."""
    if plan.chooses_steps:
        return math.exp(-state.scalars[0]) if state.step else plan.noise.sigma_max
    if not plan.transitions:
        return 0.0
    return plan.transitions[state.step - 1].sigma_next if state.step else plan.transitions[0].sigma
