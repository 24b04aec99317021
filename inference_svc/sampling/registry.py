"""The samplers by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from inference_svc.sampling.ddim import ddim
from inference_svc.sampling.dpmpp import dpmpp_2m
from inference_svc.sampling.euler import euler, euler_ancestral
from inference_svc.sampling.heun import heun
from inference_svc.sampling.lms import lms
from inference_svc.sampling.paths import Path, PathRequest, sigma_path, sigma_start, timestep_path, timestep_start
from inference_svc.sampling.plan import SamplerState, SamplingPlan, Steps
from inference_svc.sampling.schedules import find_scheduler
from latentwire.errors import InvalidArgument


def _options(**options: str) -> Mapping[str, str]:
    return MappingProxyType(options)


@dataclass(frozen=True, slots=True)
class SamplerSpec:
    """A sampler as it is listed, and the functions it is made of.

    `name`, `aliases` and `options` are A1111's. `step` does one transition; `path` makes the transitions; `start`
    returns what init latents and noise are multiplied by. `history_length`: the most arrays that it remembers.
    """

    name: str
    aliases: tuple[str, ...]
    step: Callable[[SamplingPlan, SamplerState], Steps]
    options: Mapping[str, str] = field(default_factory=_options)
    evaluations_per_step: int = 1
    default_eta: float = 0.0
    history_length: int = 0
    path: Callable[[PathRequest], Path] = sigma_path
    start: Callable[[SamplingPlan], tuple[float, float]] = sigma_start

    @property
    def default_scheduler(self) -> str:
        """The schedule that "automatic" means with this sampler."""
        return self.options.get("scheduler", "uniform")

    @property
    def discard_next_to_last_sigma(self) -> bool:
        """Whether the last sigma before 0 is left out unless the caller says otherwise."""
        return "discard_next_to_last_sigma" in self.options


_SPECS = (
    SamplerSpec("DPM++ 2M", ("k_dpmpp_2m",), dpmpp_2m, options=_options(scheduler="karras"), history_length=1),
    SamplerSpec(
        "Euler a",
        ("k_euler_a", "k_euler_ancestral"),
        euler_ancestral,
        options=_options(uses_ensd="True"),
        default_eta=1.0,
    ),
    SamplerSpec("Euler", ("k_euler",), euler),
    SamplerSpec("LMS", ("k_lms",), lms, history_length=3),
    SamplerSpec("Heun", ("k_heun",), heun, options=_options(second_order="True"), evaluations_per_step=2),
    SamplerSpec("DDIM", ("ddim",), ddim, path=timestep_path, start=timestep_start),
)

SAMPLERS: Mapping[str, SamplerSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
"""Samplers by A1111's display name, in its order."""


def find_sampler(name: str) -> SamplerSpec:
    """Returns the sampler of exactly that name. Raises InvalidArgument."""
    if name not in SAMPLERS:
        raise InvalidArgument.of("sampler", name, ", ".join(SAMPLERS))
    return SAMPLERS[name]


def resolve_scheduler(name: str, sampler: SamplerSpec) -> str:
    """Returns the name of the schedule that `name` (a name, label or alias) means with this sampler."""
    found = find_scheduler(name).name
    return sampler.default_scheduler if found == "automatic" else found
