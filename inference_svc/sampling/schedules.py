"""Sigma schedules: the noise levels that a path visits, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import TypeAlias

from inference_svc.sampling import spacings
from inference_svc.sampling.model_sigmas import ModelSigmas
from inference_svc.sampling.spacings import SigmaRange
from latentwire.errors import InvalidArgument

OLD_KARRAS_RANGE = (0.1, 10.0)


@dataclass(frozen=True, slots=True)
class ScheduleOptions:
    """What a caller may change about a schedule; 0 and None leave it as it is.

    `sigma_min`, `sigma_max`: the range in place of the model's, for schedules that don't follow its table. `rho`: the
    exponent in place of the schedule's. `discard_next_to_last_sigma`: None is as the sampler says. `beta_alpha`,
    `beta_beta`: the shapes of the beta schedule, more than 0. `old_karras_range`: OLD_KARRAS_RANGE stands for the
    model's range.
    """

    sigma_min: float = 0.0
    sigma_max: float = 0.0
    rho: float = 0.0
    discard_next_to_last_sigma: bool | None = None
    beta_alpha: float = 0.6
    beta_beta: float = 0.6
    old_karras_range: bool = False


UNCHANGED = ScheduleOptions()

Schedule: TypeAlias = Callable[[int, SigmaRange], list[float]]


@dataclass(frozen=True, slots=True)
class SchedulerSpec:
    """A schedule as it is listed: A1111's name and label, and the function that makes its falling positive sigmas.

    `default_rho` is -1 where the schedule has none; `need_inner_model` tells that it follows the model's own table;
    `end` is what comes after its levels: 0, or nothing where the last of them is the end.
    """

    name: str
    label: str
    schedule: Schedule
    aliases: tuple[str, ...] = ()
    default_rho: float = -1.0
    need_inner_model: bool = False
    end: tuple[float, ...] = (0.0,)

    def sigmas(self, count: int, model: ModelSigmas, options: ScheduleOptions = UNCHANGED) -> tuple[float, ...]:
        """Returns the falling noise levels of `count` steps and their end, count + 1 in all; of no steps, the end 0.

        "ddim" may make some more. Raises InvalidArgument where the options leave no range to cover, or the levels would
        not all be different.
        """
        if count == 0:
            return (0.0,)
        sigmas = (*self.schedule(count, self._limits(model, options)), *self.end)
        if not all(before > after for before, after in pairwise(sigmas)):
            raise InvalidArgument.of("scheduler", self.name, f"a schedule of {count} different noise levels")
        return sigmas

    def _limits(self, model: ModelSigmas, options: ScheduleOptions) -> SigmaRange:
        low, high = OLD_KARRAS_RANGE if options.old_karras_range else (model.sigma_min, model.sigma_max)
        low, high = options.sigma_min or low, options.sigma_max or high
        if not low < high:
            raise InvalidArgument.of("sigma_min", low, f"less than sigma_max, {high}")
        return SigmaRange(model, low, high, options.rho or self.default_rho, options.beta_alpha, options.beta_beta)


_SPECS = (
    SchedulerSpec("automatic", "Automatic", spacings.uniform),
    SchedulerSpec("uniform", "Uniform", spacings.uniform, need_inner_model=True),
    SchedulerSpec("karras", "Karras", spacings.karras, default_rho=7.0),
    SchedulerSpec("exponential", "Exponential", spacings.exponential),
    SchedulerSpec("polyexponential", "Polyexponential", spacings.polyexponential, default_rho=1.0),
    SchedulerSpec("sgm_uniform", "SGM Uniform", spacings.sgm_uniform, ("SGMUniform",), need_inner_model=True),
    SchedulerSpec("kl_optimal", "KL Optimal", spacings.kl_optimal, end=()),
    SchedulerSpec("align_your_steps", "Align Your Steps", spacings.align_your_steps),
    SchedulerSpec("simple", "Simple", spacings.simple, need_inner_model=True),
    SchedulerSpec("normal", "Normal", spacings.normal, need_inner_model=True),
    SchedulerSpec("ddim", "DDIM", spacings.ddim, need_inner_model=True),
    SchedulerSpec("beta", "Beta", spacings.beta, need_inner_model=True),
)

SCHEDULERS: Mapping[str, SchedulerSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
"""Schedules by name, in A1111's order. "automatic" stands for the sampler's own default, else the native spacing."""


def find_scheduler(name: str) -> SchedulerSpec:
    """Returns the schedule of that name, label or alias, case-sensitive. Raises InvalidArgument."""
    for spec in _SPECS:
        if name in (spec.name, spec.label, *spec.aliases):
            return spec
    raise InvalidArgument.of("scheduler", name, ", ".join(SCHEDULERS))
