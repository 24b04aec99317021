"""The plan of a path and the state on it: frozen data that any replica can go on from."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TypeAlias

from inference_svc.sampling.arrays import Array, same_fields
from inference_svc.sampling.noise import NoiseSpec


@dataclass(frozen=True, slots=True)
class Transition:
    """One step, from noise level `sigma` to `sigma_next`; `timestep` is the model's time at sigma.

    `renoise` is the standard deviation of noise added before the step by samplers that go up again; 0: none.
    """

    sigma: float
    sigma_next: float
    timestep: float
    renoise: float = 0.0


@dataclass(frozen=True, slots=True)
class SamplerOptions:
    """What a caller may change about a sampler; the defaults are A1111's.

    `eta`: the part of the noise that is made anew, 0 or more; None: the sampler's own default. `s_churn`, `s_tmin`,
    `s_tmax` (0: no limit), `s_noise`: Karras et al. 2022, algorithm 2, each 0 or more. `sgm_noise_multiplier`: start
    from noise of standard deviation sqrt(1 + sigma**2) in place of sigma.
    """

    eta: float | None = None
    s_churn: float = 0.0
    s_tmin: float = 0.0
    s_tmax: float = 0.0
    s_noise: float = 1.0
    sgm_noise_multiplier: bool = False


Options: TypeAlias = SamplerOptions


@dataclass(frozen=True, slots=True, eq=False)
class SamplingPlan:
    """All of one picture's path that does not change from step to step.

    `sampler` is a name of SAMPLERS; `scheduler` the schedule's name, for display. `init_latents` (1, C, H, W) and
    `mask` (1, 1 or C, H, W; 1 = repaint) are for the guidance around the sampler: a sampler reads neither. Plans
    compare by value, arrays element by element.
    """

    sampler: str
    options: Options
    transitions: tuple[Transition, ...]
    noise: NoiseSpec
    init_latents: Array | None = None
    mask: Array | None = None
    scheduler: str = "automatic"

    @property
    def step_count(self) -> int:
        """The number of steps, which progress counts; may differ from the steps asked for."""
        return len(self.transitions)

    @property
    def eta(self) -> float:
        """The part of the noise that is made anew; a plan of make_plan always holds a number."""
        return self.options.eta or 0.0

    def sigmas(self, step: int) -> tuple[float, float]:
        """Returns the noise levels that a step starts from and ends at."""
        transition = self.transitions[step]
        return transition.sigma, transition.sigma_next

    def __eq__(self, other: object) -> bool:
        return same_fields(self, other) if isinstance(other, SamplingPlan) else NotImplemented

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True, eq=False)
class SamplerState:
    """One picture between two steps.

    `x` (1, C, H, W) is in variance-exploding scale, x0 + sigma * noise, and once `done` it is the latents to decode.
    `step` and `evaluations` (model calls) count what is over; `history` is what a multistep sampler remembers, newest
    last, each of x's shape; `draws` is the index of the next noise. States compare by value.
    """

    x: Array
    step: int = 0
    evaluations: int = 0
    history: tuple[Array, ...] = ()
    scalars: tuple[float, ...] = ()
    draws: int = 0
    done: bool = False

    def advance(
        self, x: Array, plan: SamplingPlan, *, evaluations: int = 1, draws: int = 0, history: tuple[Array, ...] = ()
    ) -> SamplerState:
        """Returns the state after one more step, which made `evaluations` model calls and took `draws` noises."""
        return replace(
            self,
            x=x,
            step=self.step + 1,
            evaluations=self.evaluations + evaluations,
            history=history,
            draws=self.draws + draws,
            done=self.step + 1 >= plan.step_count,
        )

    def __eq__(self, other: object) -> bool:
        return same_fields(self, other) if isinstance(other, SamplerState) else NotImplemented

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True, eq=False)
class Denoise:
    """What a sampler asks for: the model's guess of the clean latents behind x (1, C, H, W) at noise level sigma."""

    x: Array
    sigma: float


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """The answer: `denoised` after guidance and, for samplers that use it, the guess without the prompt."""

    denoised: Array
    uncond: Array | None = None


Steps: TypeAlias = Generator[Denoise, Prediction, SamplerState]
"""One transition: asks for predictions, returns the state after it."""
