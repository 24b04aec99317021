"""From steps and strength to the transitions over a sigma schedule, and where they start."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

from inference_svc.sampling.model_sigmas import ModelSigmas
from inference_svc.sampling.plan import Options, SamplerOptions, SamplingPlan, Transition
from inference_svc.sampling.schedules import ScheduleOptions, SchedulerSpec
from latentwire.errors import InvalidArgument

LONGEST_SCHEDULE = 10_000
_MOST_NOISE = 0.999


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a schedule that is run: the last `run` of `length` steps; `run` None is all of them."""

    length: int
    run: int | None = None


@dataclass(frozen=True, slots=True)
class PathRequest:
    """What a path is made from."""

    window: Window
    model: ModelSigmas
    scheduler: SchedulerSpec
    options: ScheduleOptions
    discard_next_to_last_sigma: bool = False
    sampler_options: Options = field(default_factory=SamplerOptions)


@dataclass(frozen=True, slots=True)
class Path:
    """The transitions, and the noise levels between which the whole path runs (see NoiseSpec)."""

    transitions: tuple[Transition, ...]
    sigma_min: float = 0.0
    sigma_max: float = 0.0


def window(steps: int, denoising_strength: float | None, *, fix_steps: bool) -> Window:
    """Returns A1111's choice of steps: all without a strength; else the last int(strength * steps) + 1 of `steps`.

    With fix_steps exactly `steps` are run, of a schedule as much longer; of strength 0 then nothing is left. Raises
    InvalidArgument where that schedule would be longer than LONGEST_SCHEDULE.
    """
    if denoising_strength is None:
        return Window(steps)
    strength = min(denoising_strength, _MOST_NOISE)
    if not fix_steps:
        return Window(steps, int(strength * steps) + 1)
    if strength == 0:
        return Window(0, 0)
    if steps > strength * LONGEST_SCHEDULE:
        allowed = f"0, or {steps / LONGEST_SCHEDULE} to 1 for exactly {steps} steps"
        raise InvalidArgument.of("denoising_strength", denoising_strength, allowed)
    return Window(int(steps / strength), steps)


def sigma_path(request: PathRequest) -> Path:
    """Walks the scheduler's sigmas. With discard_next_to_last_sigma one more is made and the last before 0 dropped."""
    discard = request.discard_next_to_last_sigma
    sigmas = request.scheduler.sigmas(request.window.length + discard, request.model, request.options)
    if discard:
        sigmas = (*sigmas[:-2], sigmas[-1])
    if len(sigmas) == 1:
        return Path(())
    transitions = tuple(Transition(a, b, request.model.sigma_to_t(a)) for a, b in pairwise(sigmas[_skipped(request) :]))
    return Path(transitions, min(filter(None, sigmas)), max(sigmas))


def sigma_start(plan: SamplingPlan) -> tuple[float, float]:
    """Returns what init latents and noise are multiplied by: x0 + sigma * noise."""
    sigma = plan.transitions[0].sigma
    widened = plan.options.sgm_noise_multiplier and plan.init_latents is None
    return 1.0, math.sqrt(1 + sigma**2) if widened else sigma


def _skipped(request: PathRequest) -> int:
    """Returns how many of the first levels are not visited; schedules with more levels than steps keep the rest."""
    part = request.window
    return 0 if part.run is None else part.length - part.run
