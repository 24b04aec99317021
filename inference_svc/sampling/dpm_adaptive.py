"""DPM adaptive: steps as long as the error allows."""

from __future__ import annotations

import math
from dataclasses import replace

import array_api_compat

from inference_svc.sampling.arrays import Array
from inference_svc.sampling.dpm_solver import Leg, lowered, order_3, solver_range
from inference_svc.sampling.paths import Path, PathRequest
from inference_svc.sampling.plan import STEP_LIMIT, SamplerState, SamplingPlan, Steps
from inference_svc.sampling.stochastic import renoised
from latentwire.errors import InvalidArgument

_FIRST_STEP = 0.05
_ABSOLUTE, _RELATIVE = 0.0078, 0.05
_ACCEPTED_FACTOR = 0.81
_END = 1e-5
_ORDER, _ORDER_WITH_NOISE = 3.0, 1.5
_EVALUATIONS = 3


def dpm_adaptive(plan: SamplingPlan, state: SamplerState) -> Steps:
    """One step of DPM-Solver-23, taken or rejected, of the length that the last one's error suggests. x: (1, C, H, W).

    Remembers t = -log sigma and the next step's length as scalars and, for the error's scale, the last second-order
    estimate. Ends within 1e-5 of t of the range's lowest level, not at 0. Raises InvalidArgument where that is not
    reached after STEP_LIMIT steps (600 evaluations), or no step is short enough: A1111 goes on for ever. Source: Lu et
    al. 2022, "DPM-Solver", appendix C, with k-diffusion's controller, whose constants A1111 leaves alone, so that it
    has no memory.
    """
    t, length = state.scalars or (-math.log(plan.noise.sigma_max), _FIRST_STEP)
    end = -math.log(plan.noise.sigma_min)
    t_next = min(end, t + length)
    if t_next <= t:
        raise _endless(state)
    down, up = lowered(plan, math.exp(-t), math.exp(-t_next))
    high, low = yield from order_3(Leg(state.x, math.exp(-t), down))
    before = state.history[-1] if state.history else state.x
    factor = _factor(_error(high, low, before), _ORDER_WITH_NOISE if plan.eta else _ORDER)
    accepted = factor >= _ACCEPTED_FACTOR
    advanced = state.advance(
        renoised(plan, state, high, up) if accepted else state.x,
        plan,
        evaluations=_EVALUATIONS,
        draws=int(accepted),
        history=(low if accepted else before,),
        scalars=(t_next if accepted else t, length * factor),
    )
    return _ended(advanced, end)


def dpm_adaptive_path(request: PathRequest) -> Path:
    """Gives the range alone: the model's, or, in image to image, that of the schedule's part (see solver_range)."""
    low, high, _ = solver_range(request)
    return Path((), low, high) if low < high else Path(())


def range_start(plan: SamplingPlan) -> tuple[float, float]:
    """Returns what init latents and noise are multiplied by: x0 + sigma * noise, sigma the highest level."""
    sigma = plan.noise.sigma_max
    widened = plan.options.sgm_noise_multiplier and plan.init_latents is None
    return 1.0, math.sqrt(1 + sigma**2) if widened else sigma


def _error(high: Array, low: Array, before: Array) -> float:
    """Returns the root mean square of the two estimates' difference, in units of what is tolerated."""
    xp = array_api_compat.array_namespace(high)
    allowed = xp.maximum(xp.abs(low), xp.abs(before)) * _RELATIVE
    ratio = (low - high) / xp.where(allowed < _ABSOLUTE, xp.full_like(allowed, _ABSOLUTE), allowed)
    return math.sqrt(float(xp.mean(ratio * ratio)))


def _factor(error: float, order: float) -> float:
    """Returns what the length is multiplied by, within 1 - pi / 4 and 1 + pi / 2; an error that is no number: least."""
    inverse = 1 / (error + 1e-8) if math.isfinite(error) else 0.0
    return 1 + math.atan(inverse ** (1 / order) - 1)


def _ended(state: SamplerState, end: float) -> SamplerState:
    done = state.scalars[0] >= end - _END
    if state.step >= STEP_LIMIT and not done:
        raise _endless(state)
    return replace(state, done=done)


def _endless(state: SamplerState) -> InvalidArgument:
    value = f"DPM adaptive, not at its end after {state.step} steps"
    return InvalidArgument.of("sampler", value, f"{STEP_LIMIT} steps at most; another sampler, or less eta or guidance")
