"""Lists of the model's timesteps: the paths of the samplers that walk them, and where these start."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import pairwise
from types import MappingProxyType

from inference_svc.sampling.model_sigmas import ModelSigmas
from inference_svc.sampling.paths import Path, PathRequest
from inference_svc.sampling.plan import SamplingPlan, Transition
from latentwire.errors import InvalidArgument


def timestep_path(request: PathRequest) -> Path:
    """Walks a list of timesteps from its end down to its first: one step fewer than it is long.

    Image to image keeps the first `run` - 1 of the list, but starts from the noise level of the next, so `sigma_max`
    lies above the first transition. The scheduler is not used. Raises InvalidArgument where the schedule would have
    more steps than the model has timesteps.
    """
    timesteps, start = _timesteps(request)
    table = request.model.sigmas
    pairs = pairwise(reversed(timesteps))
    return Path(tuple(Transition(table[t], table[before], float(t)) for t, before in pairs), table[1], table[start])


def plms_path(request: PathRequest) -> Path:
    """Walks a list of timesteps as `timestep_path` does; its first step makes two evaluations."""
    path = timestep_path(request)
    first = tuple(replace(transition, evaluations=2) for transition in path.transitions[:1])
    return replace(path, transitions=first + path.transitions[1:])


def uni_pc_path(request: PathRequest) -> Path:
    """Walks as many steps as the list has timesteps, from the model's last timestep to its first, by their skip type.

    Image to image starts from one below the last timestep that is kept. Source: Zhao et al. 2023, and the noise
    schedule of Lu et al. 2022: log alpha is linear between the timesteps of the model.
    """
    model, (timesteps, start) = request.model, _timesteps(request)
    last = max(timesteps, default=1) - 1
    if request.window.run is None:
        last = start = len(model.sigmas) - 1
    if last == 0:
        return Path(())
    sigmas = _SPACINGS[request.sampler_options.uni_pc_skip_type](model, last, len(timesteps))
    transitions = tuple(Transition(a, b, model.sigma_to_t(a)) for a, b in pairwise(sigmas))
    return Path(transitions, model.sigma_min, model.sigmas[start])


def timestep_start(plan: SamplingPlan) -> tuple[float, float]:
    """Returns what init latents and noise are multiplied by, so that the first model input is as A1111 makes it.

    That is bare noise, or (x0 + s * noise) / sqrt(1 + s**2) with s the noise level above the first transition.
    """
    into_x = math.sqrt(1 + plan.transitions[0].sigma ** 2)
    if plan.init_latents is None:
        return 0.0, into_x
    scale = into_x / math.sqrt(1 + plan.noise.sigma_max**2)
    return scale, scale * plan.noise.sigma_max


def _timesteps(request: PathRequest) -> tuple[list[int], int]:
    """Returns A1111's list, every (length // steps)-th timestep plus one, as far as it is run, and where it starts."""
    length = request.window.length + request.discard_next_to_last_sigma
    last = len(request.model.sigmas) - 1
    if request.window.length == 0:
        return [], 0
    if length > last + 1:
        raise InvalidArgument.of("steps", length, f"1 to {last + 1}, counting the part that strength leaves out")
    timesteps = [min(t + 1, last) for t in range(0, last + 1, (last + 1) // length)]
    run = request.window.run
    return (timesteps, timesteps[-1]) if run is None else (timesteps[: run - 1], timesteps[run - 1])


def _by_time(power: int, model: ModelSigmas, last: int, count: int) -> list[float]:
    """Spaces the power-th root of continuous time evenly: timestep t of T is at (t + 1) / T."""
    length = len(model.sigmas)
    first, end = ((last + 1) / length) ** (1 / power), (1 / length) ** (1 / power)
    times = [(first + index / count * (end - first)) ** power for index in range(count + 1)]
    return [_sigma_at(model, time * length - 1) for time in times]


def _by_log_snr(model: ModelSigmas, last: int, count: int) -> list[float]:
    first, end = math.log(model.sigmas[last]), math.log(model.sigmas[0])
    return [math.exp(first + index / count * (end - first)) for index in range(count + 1)]


def _sigma_at(model: ModelSigmas, t: float) -> float:
    low = min(max(int(t), 0), len(model.sigmas) - 2)
    before, after = (-0.5 * math.log1p(sigma**2) for sigma in model.sigmas[low : low + 2])
    return math.sqrt(math.expm1(-2 * (before + (t - low) * (after - before))))


_SPACINGS: Mapping[str, Callable[[ModelSigmas, int, int], list[float]]] = MappingProxyType(
    {"time_uniform": partial(_by_time, 1), "time_quadratic": partial(_by_time, 2), "logSNR": _by_log_snr}
)
