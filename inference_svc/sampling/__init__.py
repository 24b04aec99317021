"""The sampling core: sigma schedules, samplers, noise and guidance as pure functions of frozen data.

Nothing here does I/O, reads a clock or knows of requests. `make_plan` and `first_state` begin a path, a sampler of
`SAMPLERS` takes one step of it at a time, asking for predictions as it goes; `solve` drives it with a plain function.
"""

from __future__ import annotations

from inference_svc.sampling import denoiser, guidance, noise
from inference_svc.sampling.ahead import noise_ahead
from inference_svc.sampling.arrays import Array, to_numpy
from inference_svc.sampling.checks import check_plan, check_state
from inference_svc.sampling.model_sigmas import ModelSigmas
from inference_svc.sampling.noise import NOISE_SOURCES, NoiseSpec
from inference_svc.sampling.plan import (
    UNI_PC_SKIP_TYPES,
    UNI_PC_VARIANTS,
    Denoise,
    Options,
    Prediction,
    SamplerOptions,
    SamplerState,
    SamplingPlan,
    Steps,
    Transition,
)
from inference_svc.sampling.planning import first_state, make_plan
from inference_svc.sampling.progress import evaluation_count, sigma_reached
from inference_svc.sampling.registry import SAMPLERS, SamplerSpec, find_sampler, resolve_scheduler
from inference_svc.sampling.schedules import SCHEDULERS, ScheduleOptions, SchedulerSpec, find_scheduler
from inference_svc.sampling.solve import solve, solve_step

__all__ = [
    "NOISE_SOURCES",
    "SAMPLERS",
    "SCHEDULERS",
    "UNI_PC_SKIP_TYPES",
    "UNI_PC_VARIANTS",
    "Array",
    "Denoise",
    "ModelSigmas",
    "NoiseSpec",
    "Options",
    "Prediction",
    "SamplerOptions",
    "SamplerSpec",
    "SamplerState",
    "SamplingPlan",
    "ScheduleOptions",
    "SchedulerSpec",
    "Steps",
    "Transition",
    "check_plan",
    "check_state",
    "denoiser",
    "evaluation_count",
    "find_sampler",
    "find_scheduler",
    "first_state",
    "guidance",
    "make_plan",
    "noise",
    "noise_ahead",
    "resolve_scheduler",
    "sigma_reached",
    "solve",
    "solve_step",
    "to_numpy",
]
