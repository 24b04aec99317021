"""The plan of a path and the state on it: frozen data that any replica can go on from."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TypeAlias

from inference_svc.sampling.arrays import Array, same_fields
from inference_svc.sampling.noise import NoiseSpec

STEP_LIMIT = 200
"""The most steps of a path that chooses its own; such paths take some 10 to 30."""

UNI_PC_VARIANTS = ("bh1", "bh2")
UNI_PC_SKIP_TYPES = ("time_uniform", "time_quadratic", "logSNR")


@dataclass(frozen=True, slots=True)
class Transition:
    """One step, from noise level `sigma` to `sigma_next`; `timestep` is the model's time at sigma.

    `renoise` is the standard deviation of noise added before the step by samplers that go up again; 0: none.
    `evaluations` is how many model calls the step makes, at most, where that differs from step to step; 0: as the
    sampler says. `model_sigma` is the noise level that the model is asked at, where that is another than sigma; 0:
    sigma.
    """

    sigma: float
    sigma_next: float
    timestep: float
    renoise: float = 0.0
    evaluations: int = 0
    model_sigma: float = 0.0


@dataclass(frozen=True, slots=True)
class SamplerOptions:
    """What a caller may change about a sampler; the defaults are A1111's.

    `eta`: the part of the noise that is made anew, 0 or more; None: the sampler's own default. `s_churn`, `s_tmin`,
    `s_tmax` (0: no limit), `s_noise`: Karras et al. 2022, algorithm 2, each 0 or more. `sgm_noise_multiplier`: start
    from noise of standard deviation sqrt(1 + sigma**2) in place of sigma. `uni_pc_*` are UniPC's alone: its function
    B(h), "bh1" or "bh2"; how its timesteps are spaced, one of UNI_PC_SKIP_TYPES; its order, 1 to 3; whether the last
    steps are of lower order.
    """

    eta: float | None = None
    s_churn: float = 0.0
    s_tmin: float = 0.0
    s_tmax: float = 0.0
    s_noise: float = 1.0
    sgm_noise_multiplier: bool = False
    uni_pc_variant: str = "bh1"
    uni_pc_skip_type: str = "time_uniform"
    uni_pc_order: int = 3
    uni_pc_lower_order_final: bool = True


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
    def chooses_steps(self) -> bool:
        """Whether the sampler finds its steps on the way: no transitions, but a range of noise levels to go through."""
        return not self.transitions and self.noise.sigma_max > self.noise.sigma_min

    @property
    def step_count(self) -> int:
        """The number of steps, which progress counts; may differ from the steps asked for.

        Where the sampler finds its steps on the way it is the most that there may be, STEP_LIMIT.
        """
        return STEP_LIMIT if self.chooses_steps else len(self.transitions)

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
    last, each of x's shape, and `scalars` the numbers it does; `draws` is the index of the next noise. States compare
    by value.
    """

    x: Array
    step: int = 0
    evaluations: int = 0
    history: tuple[Array, ...] = ()
    scalars: tuple[float, ...] = ()
    draws: int = 0
    done: bool = False

    def advance(
        self,
        x: Array,
        plan: SamplingPlan,
        *,
        evaluations: int = 1,
        draws: int = 0,
        history: tuple[Array, ...] = (),
        scalars: tuple[float, ...] = (),
    ) -> SamplerState:
        """Returns the state after one more step, which made `evaluations` model calls and took `draws` noises."""
        return replace(
            self,
            x=x,
            step=self.step + 1,
            evaluations=self.evaluations + evaluations,
            history=history,
            scalars=scalars,
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
