"""The noise that is slow to make, made before the step that uses it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from inference_svc.sampling.brownian import BrownianPath
from inference_svc.sampling.plan import SamplerState, SamplingPlan
from inference_svc.sampling.registry import find_sampler


def noise_ahead(plan: SamplingPlan, state: SamplerState) -> Callable[[], None] | None:
    """Returns what makes the noise of a state's next step, on any thread; None where that is no slow noise.

    The step itself gives the same result without it, only later.
    """
    levels = find_sampler(plan.sampler).noise_levels(plan, state.step)
    return partial(BrownianPath.of(plan.noise, tuple(state.x.shape[1:])).prepare, levels) if levels else None
