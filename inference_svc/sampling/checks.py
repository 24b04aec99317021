"""What a plan and a state must be like, whoever made them: checked before anything is computed."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from itertools import pairwise

from inference_svc.sampling.arrays import Array
from inference_svc.sampling.noise import NOISE_SOURCES, NoiseSpec
from inference_svc.sampling.plan import (
    UNI_PC_SKIP_TYPES,
    UNI_PC_VARIANTS,
    Options,
    SamplerState,
    SamplingPlan,
    Transition,
)
from inference_svc.sampling.registry import find_sampler
from inference_svc.sampling.schedules import ScheduleOptions
from inference_svc.sampling.spec import SamplerSpec
from latentwire.errors import InvalidArgument

LARGEST_SIGMA = 1e6
MOST_TRANSITIONS = 1_000
LARGEST_LATENT_SIDE = 4096
LARGEST_BETA_SHAPE = 100.0
MOST_EVALUATIONS = 10


def check_plan(plan: SamplingPlan) -> None:
    """Raises InvalidArgument where a plan, such as one from the wire, is not one that a sampler can follow."""
    spec = find_sampler(plan.sampler)
    check_options(plan.options)
    check_noise(plan.noise)
    check_latents(plan.init_latents, plan.mask)
    _require(plan.step_count <= MOST_TRANSITIONS, "transitions", plan.step_count, f"at most {MOST_TRANSITIONS}")
    _check_range(spec, plan)
    for index, transition in enumerate(plan.transitions):
        _check_transition(f"transitions[{index}]", transition)
    if spec.history_length:
        _check_falling(plan.transitions)
    if spec.counts_evaluations:
        _check_counted(spec, plan)


def check_state(plan: SamplingPlan, state: SamplerState) -> None:
    """Raises InvalidArgument where a state is none of this plan's: wrong step, x or memory."""
    _require(0 <= state.step <= plan.step_count, "step", state.step, f"0 to {plan.step_count}")
    _check_done(plan, state)
    _require(min(state.evaluations, state.draws) >= 0, "evaluations", state.evaluations, "0 or more, as draws are")
    shape = tuple(state.x.shape)
    _require(len(shape) == 4 and shape[0] == 1 and min(shape) > 0, "x", shape, "a shape (1, C, H, W)")
    if plan.init_latents is not None:
        _check_same_shape("init_latents", plan.init_latents, shape)
    _check_history(plan, state)


def check_options(options: Options) -> None:
    """Raises InvalidArgument unless every number is finite and 0 or more, and UniPC's are what it knows."""
    for field in ("eta", "s_churn", "s_tmin", "s_tmax", "s_noise"):
        _check_amount(field, getattr(options, field) or 0.0)
    _require_one("uni_pc_variant", options.uni_pc_variant, UNI_PC_VARIANTS)
    _require_one("uni_pc_skip_type", options.uni_pc_skip_type, UNI_PC_SKIP_TYPES)
    _require(1 <= options.uni_pc_order <= 3, "uni_pc_order", options.uni_pc_order, "1 to 3")


def check_schedule(options: ScheduleOptions) -> None:
    """Raises InvalidArgument unless every number is in its range: finite and 0 or more, shapes more than 0."""
    _check_amount("rho", options.rho, 100.0)
    _check_amount("sigma_min", options.sigma_min, LARGEST_SIGMA)
    _check_amount("sigma_max", options.sigma_max, LARGEST_SIGMA)
    for field in ("beta_alpha", "beta_beta"):
        value = getattr(options, field)
        _require(0 < value <= LARGEST_BETA_SHAPE, field, value, f"more than 0, to {LARGEST_BETA_SHAPE:g}")


def check_noise(spec: NoiseSpec) -> None:
    """Raises InvalidArgument where noise can't be drawn from a specification."""
    _require_one("source", spec.source, NOISE_SOURCES)
    for field in ("seed", "subseed"):
        seed = getattr(spec, field)
        _require(0 <= seed < 2**64, field, seed, "0 to 2**64 - 1")
    _check_amount("subseed_strength", spec.subseed_strength, 1.0)
    _check_amount("noise.sigma_min", spec.sigma_min, LARGEST_SIGMA)
    _check_amount("noise.sigma_max", spec.sigma_max, LARGEST_SIGMA)
    if spec.resize_from is not None:
        fits = all(1 <= side <= LARGEST_LATENT_SIDE for side in spec.resize_from)
        _require(fits, "resize_from", spec.resize_from, f"sides of 1 to {LARGEST_LATENT_SIDE}")


def check_latents(init_latents: Array | None, mask: Array | None) -> None:
    """Raises InvalidArgument unless init_latents are (1, C, H, W) and the mask fits them."""
    if init_latents is None:
        return _require(mask is None, "mask", "a mask", "only with init_latents")
    shape = tuple(init_latents.shape)
    _require(len(shape) == 4 and shape[0] == 1 and min(shape) > 0, "init_latents", shape, "a shape (1, C, H, W)")
    if mask is not None:
        allowed = [(1, 1, *shape[2:]), shape]
        _require(tuple(mask.shape) in allowed, "mask", tuple(mask.shape), f"a shape of {allowed}")
    return None


def _check_transition(field: str, transition: Transition) -> None:
    sigma, sigma_next = transition.sigma, transition.sigma_next
    _require(0 < sigma <= LARGEST_SIGMA, f"{field}.sigma", sigma, f"more than 0, to {LARGEST_SIGMA}")
    _require(0 <= sigma_next < sigma, f"{field}.sigma_next", sigma_next, f"0 to less than sigma, {sigma}")
    _require(math.isfinite(transition.timestep), f"{field}.timestep", transition.timestep, "a finite number")
    _check_amount(f"{field}.renoise", transition.renoise, LARGEST_SIGMA)
    _check_amount(f"{field}.model_sigma", transition.model_sigma, LARGEST_SIGMA)
    calls = transition.evaluations
    _require(0 <= calls <= MOST_EVALUATIONS, f"{field}.evaluations", calls, f"0 to {MOST_EVALUATIONS}")


def _check_falling(transitions: Sequence[Transition]) -> None:
    """A solver that remembers steps divides by how far they lie apart."""
    for index, (before, after) in enumerate(pairwise(transitions)):
        field, allowed = f"transitions[{index}].sigma_next", "more than 0, but in the last step"
        _require(before.sigma_next > 0, field, before.sigma_next, allowed)
        field, allowed = f"transitions[{index + 1}].sigma", f"less than that of the step before, {before.sigma}"
        _require(after.sigma < before.sigma, field, after.sigma, allowed)


def _check_counted(spec: SamplerSpec, plan: SamplingPlan) -> None:
    most = spec.evaluations_per_step
    for index, step in enumerate(plan.transitions):
        field = f"transitions[{index}]"
        _require(1 <= step.evaluations <= most, f"{field}.evaluations", step.evaluations, f"1 to {most}")
        _require(step.sigma_next > 0, f"{field}.sigma_next", step.sigma_next, "more than 0")
    sound = plan.noise.sigma_min > 0 or not plan.transitions
    _require(sound, "noise.sigma_min", plan.noise.sigma_min, "more than 0")


def _check_range(spec: SamplerSpec, plan: SamplingPlan) -> None:
    """A sampler that finds its own steps goes by the range alone, and a Brownian path is known within it only."""
    low, high = plan.noise.sigma_min, plan.noise.sigma_max
    _require(spec.chooses_steps or not plan.chooses_steps, "transitions", 0, "one or more between two noise levels")
    _require(not (spec.chooses_steps and plan.transitions), "transitions", len(plan.transitions), "none")
    if plan.chooses_steps:
        _require(low > 0, "noise.sigma_min", low, "more than 0")
    if spec.brownian:
        visited = [sigma for step in plan.transitions for sigma in (step.sigma, step.sigma_next) if sigma]
        inside = all(low <= sigma <= high for sigma in visited)
        _require(inside, "noise.sigma_max", high, "such that all of the path lies between noise.sigma_min and it")


def _check_done(plan: SamplingPlan, state: SamplerState) -> None:
    if plan.chooses_steps:
        return _require(state.step > 0 or not state.done, "done", state.done, "true after a step only")
    return _require(state.done == (state.step == plan.step_count), "done", state.done, "true after the last step only")


def _check_history(plan: SamplingPlan, state: SamplerState) -> None:
    spec = find_sampler(plan.sampler)
    length, scalars = spec.history_count(state.step), spec.scalar_count if state.step else 0
    _require(len(state.history) == length, "history", len(state.history), f"{length} arrays at step {state.step}")
    sound = len(state.scalars) == scalars and all(map(math.isfinite, state.scalars))
    _require(sound, "scalars", state.scalars, f"{scalars} finite numbers at step {state.step}")
    for past in state.history:
        _check_same_shape("history", past, tuple(state.x.shape))


def _check_same_shape(field: str, array: Array, shape: Sequence[int]) -> None:
    _require(tuple(array.shape) == shape, field, tuple(array.shape), f"the shape of x, {shape}")


def _check_amount(field: str, value: float, most: float = math.inf) -> None:
    allowed = "0 or more" if most == math.inf else f"0 to {most:g}"
    _require(math.isfinite(value) and 0 <= value <= most, field, value, allowed)


def _require_one(field: str, value: str, allowed: Collection[str]) -> None:
    _require(value in allowed, field, value, ", ".join(allowed))


def _require(condition: bool, field: str, value: object, allowed: str) -> None:
    if not condition:
        raise InvalidArgument.of(field, value, allowed)
