"""Sigma schedules: the noise levels that a path visits, one function each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from inference_svc.sampling.model_sigmas import ModelSigmas
from latentwire.errors import InvalidArgument


@dataclass(frozen=True, slots=True)
class ScheduleOptions:
    """What a caller may change about a schedule; 0 and None leave it as it is.

    `sigma_min`, `sigma_max`: the range in place of the model's, for schedules that don't follow its table. `rho`: the
    exponent in place of the schedule's. `discard_next_to_last_sigma`: None is as the sampler says.
    """

    sigma_min: float = 0.0
    sigma_max: float = 0.0
    rho: float = 0.0
    discard_next_to_last_sigma: bool | None = None


UNCHANGED = ScheduleOptions()


@dataclass(frozen=True, slots=True)
class SigmaRange:
    """What a schedule is made from: the model's table, the range to cover and, where the schedule has one, its rho."""

    model: ModelSigmas
    sigma_min: float
    sigma_max: float
    rho: float


Schedule: TypeAlias = Callable[[int, SigmaRange], list[float]]


@dataclass(frozen=True, slots=True)
class SchedulerSpec:
    """A schedule as it is listed: A1111's name and label, and the function that makes its falling positive sigmas.

    `default_rho` is -1 where the schedule has none; `need_inner_model` tells that it follows the model's own table.
    """

    name: str
    label: str
    schedule: Schedule
    aliases: tuple[str, ...] = ()
    default_rho: float = -1.0
    need_inner_model: bool = False

    def sigmas(self, count: int, model: ModelSigmas, options: ScheduleOptions = UNCHANGED) -> tuple[float, ...]:
        """Returns `count` falling noise levels and a final 0.

        Raises InvalidArgument where the options leave no range to cover.
        """
        sigma_min, sigma_max = options.sigma_min or model.sigma_min, options.sigma_max or model.sigma_max
        if not sigma_min < sigma_max:
            raise InvalidArgument.of("sigma_min", sigma_min, f"less than sigma_max, {sigma_max}")
        limits = SigmaRange(model, sigma_min, sigma_max, options.rho or self.default_rho)
        return *self.schedule(count, limits), 0.0


def uniform(count: int, limits: SigmaRange) -> list[float]:
    """Spaces timesteps evenly from the model's last to its first: the model's native spacing."""
    t_max = len(limits.model.sigmas) - 1
    return [limits.model.t_to_sigma(t_max * (1 - share)) for share in _ramp(count)]


def karras(count: int, limits: SigmaRange) -> list[float]:
    """Spaces sigma**(1/rho) evenly. Source: Karras et al. 2022, equation 5."""
    low, high = limits.sigma_min ** (1 / limits.rho), limits.sigma_max ** (1 / limits.rho)
    return [(high + share * (low - high)) ** limits.rho for share in _ramp(count)]


def exponential(count: int, limits: SigmaRange) -> list[float]:
    """Spaces log sigma evenly."""
    low, high = math.log(limits.sigma_min), math.log(limits.sigma_max)
    return [math.exp(high + share * (low - high)) for share in _ramp(count)]


def _ramp(count: int) -> list[float]:
    """Returns `count` numbers evenly from 0 to 1; one alone is 0."""
    return [index / max(count - 1, 1) for index in range(count)]


_SPECS = (
    SchedulerSpec("automatic", "Automatic", uniform),
    SchedulerSpec("uniform", "Uniform", uniform, need_inner_model=True),
    SchedulerSpec("karras", "Karras", karras, default_rho=7.0),
    SchedulerSpec("exponential", "Exponential", exponential),
)

SCHEDULERS: Mapping[str, SchedulerSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
"""Schedules by name, in A1111's order. "automatic" stands for the sampler's own default, else the native spacing."""


def find_scheduler(name: str) -> SchedulerSpec:
    """Returns the schedule of that name, label or alias, case-sensitive. Raises InvalidArgument."""
    for spec in _SPECS:
        if name in (spec.name, spec.label, *spec.aliases):
            return spec
    raise InvalidArgument.of("scheduler", name, ", ".join(SCHEDULERS))
