"""Makes the plan of a path and the state at its start."""

from __future__ import annotations

from dataclasses import replace

from inference_svc.sampling.arrays import Array, as_float32, like
from inference_svc.sampling.checks import check_latents, check_noise, check_options, check_schedule
from inference_svc.sampling.model_sigmas import ModelSigmas
from inference_svc.sampling.noise import NoiseSpec, Shape, draw
from inference_svc.sampling.paths import Path, PathRequest, window
from inference_svc.sampling.plan import Options, SamplerOptions, SamplerState, SamplingPlan
from inference_svc.sampling.registry import SamplerSpec, find_sampler, resolve_scheduler
from inference_svc.sampling.schedules import SCHEDULERS, UNCHANGED, ScheduleOptions
from latentwire.errors import InvalidArgument

MOST_STEPS = 150


def make_plan(
    *,
    sampler: str,
    steps: int,
    model: ModelSigmas,
    noise: NoiseSpec,
    scheduler: str = "automatic",
    options: Options | None = None,
    schedule: ScheduleOptions = UNCHANGED,
    denoising_strength: float | None = None,
    fix_steps: bool = False,
    init_latents: Array | None = None,
    mask: Array | None = None,
) -> SamplingPlan:
    """Returns the plan of one picture's path; equal input gives an equal plan.

    `steps`: 1 to MOST_STEPS. `scheduler`: a name, label or alias. `denoising_strength` (0 to 1) makes it an
    image-to-image path by A1111's rule: int(strength * steps) + 1 steps, or exactly `steps` with `fix_steps`; None runs
    the whole schedule. `init_latents` (1, C, H, W) may also be put in later, by dataclasses.replace, where the steps
    must be known first. Raises InvalidArgument, which names field, value and range.
    """
    spec, options = find_sampler(sampler), options or SamplerOptions()
    _check(steps, denoising_strength, options, schedule)
    check_noise(noise)
    check_latents(init_latents, mask)
    name = resolve_scheduler(scheduler, spec)
    part = window(steps, denoising_strength, fix_steps=fix_steps)
    path = _path(spec, PathRequest(part, model, SCHEDULERS[name], schedule, _discards(spec, schedule), options))
    return SamplingPlan(
        sampler=sampler,
        options=options if options.eta is not None else replace(options, eta=spec.default_eta),
        transitions=path.transitions,
        noise=replace(noise, sigma_min=path.sigma_min, sigma_max=path.sigma_max),
        init_latents=init_latents,
        mask=mask,
        scheduler=name,
    )


def first_state(plan: SamplingPlan, shape: Shape) -> SamplerState:
    """Returns the state before the first step, for latents of `shape` (C, H, W).

    A path of no steps returns its input: the init latents, or else the bare noise. x is float32, on the device of
    the init latents where there are any. Raises InvalidArgument where these have another shape.
    """
    init, noise = plan.init_latents, draw(plan.noise, 0, shape)[None]
    if init is not None and tuple(init.shape) != noise.shape:
        raise InvalidArgument.of("init_latents", tuple(init.shape), f"the shape (1, C, H, W) of {noise.shape}")
    return SamplerState(x=_start(plan, noise), draws=1, done=plan.step_count == 0)


def _start(plan: SamplingPlan, noise: Array) -> Array:
    init = None if plan.init_latents is None else as_float32(plan.init_latents)
    if plan.step_count == 0:
        return noise if init is None else init
    init_scale, noise_scale = find_sampler(plan.sampler).start(plan)
    return noise * noise_scale if init is None else init * init_scale + like(noise, init) * noise_scale


def _path(spec: SamplerSpec, request: PathRequest) -> Path:
    path = spec.path(request)
    return path if path.transitions or spec.chooses_steps else Path(())


def _discards(spec: SamplerSpec, schedule: ScheduleOptions) -> bool:
    asked = schedule.discard_next_to_last_sigma
    return spec.discard_next_to_last_sigma if asked is None else asked


def _check(steps: int, strength: float | None, options: Options, schedule: ScheduleOptions) -> None:
    if not 1 <= steps <= MOST_STEPS:
        raise InvalidArgument.of("steps", steps, f"1 to {MOST_STEPS}")
    if strength is not None and not 0 <= strength <= 1:
        raise InvalidArgument.of("denoising_strength", strength, "0 to 1")
    check_options(options)
    check_schedule(schedule)
