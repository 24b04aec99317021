"""What is known of a sampler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from inference_svc.sampling.paths import Path, PathRequest, sigma_path, sigma_start
from inference_svc.sampling.plan import SamplerState, SamplingPlan, Steps


def options(**options: str) -> Mapping[str, str]:
    """Returns a sampler's options as they are listed: all of them strings."""
    return MappingProxyType(options)


def no_levels(plan: SamplingPlan, step: int) -> tuple[float, ...]:
    """Returns that a step asks no Brownian path for anything."""
    return ()


@dataclass(frozen=True, slots=True)
class SamplerSpec:
    """A sampler as it is listed, and the functions it is made of.

    `name`, `aliases` and `options` are A1111's. `step` does one transition; `path` makes the transitions; `start`
    returns what init latents and noise are multiplied by. `evaluations_per_step`: the most that one makes.
    `history_length`: the most arrays that it remembers, one more with each step; `history_extra`: those besides, from
    the first step on, and `scalar_count` numbers with them. `chooses_steps`: its path has no transitions, it finds its
    steps on the way. `guidance_divisor`: what the guidance scale is divided by. `blends_input`: kept parts are put back
    into x before each evaluation, not into what it predicts. `counts_evaluations`: each transition says how many it
    makes, at least one, and none ends at 0. `noise_levels` returns the points of its Brownian path that a step of the
    plan asks for.
    """

    name: str
    aliases: tuple[str, ...]
    step: Callable[[SamplingPlan, SamplerState], Steps]
    options: Mapping[str, str] = field(default_factory=options)
    evaluations_per_step: int = 1
    default_eta: float = 0.0
    history_length: int = 0
    history_extra: int = 0
    scalar_count: int = 0
    chooses_steps: bool = False
    guidance_divisor: float = 1.0
    blends_input: bool = False
    counts_evaluations: bool = False
    noise_levels: Callable[[SamplingPlan, int], tuple[float, ...]] = no_levels
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

    @property
    def counted_per_step(self) -> int:
        """Evaluations a step as prompt editing counts them: 2 for what A1111 calls second-order, else 1."""
        return 2 if "second_order" in self.options else 1

    @property
    def brownian(self) -> bool:
        """Whether its noise is a path through the plan's range of noise levels."""
        return "brownian_noise" in self.options

    def history_count(self, step: int) -> int:
        """Returns how many arrays it remembers when `step` steps are over."""
        return min(step, self.history_length) + (self.history_extra if step else 0)
