"""The pieces of the denoising loop: mirrors of the contract's messages, with arrays for tensors.

All are frozen; `dataclasses.replace` makes a changed one: `replace(state, x=state.x + noise)`. What holds arrays is
equal to itself alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from latentwire.client.requests import NoiseSpec, UniPcSettings
from latentwire.client.tensors import Array


@dataclass(frozen=True, slots=True, eq=False)
class ConditioningSegment:
    """What holds up to `last_evaluation`. `context`: (tokens, width); `pooled`: (width), where the model has one."""

    last_evaluation: int
    context: Array = field(repr=False)
    pooled: Array | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class ConditioningPart:
    """One sub-prompt; its segments in the order in which they hold."""

    weight: float
    segments: tuple[ConditioningSegment, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Conditioning:
    """One prompt as a model reads it: sub-prompts joined by AND. Bound to a model by its digest."""

    parts: tuple[ConditioningPart, ...]
    model_digest: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class EncodedPrompts:
    """What a model takes, for each prompt in order; names that were not found are in the warnings."""

    conditionings: tuple[Conditioning, ...]
    warnings: tuple[str, ...]
    token_counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of a solver, from one noise level to the next."""

    sigma: float
    sigma_next: float
    timestep: float
    renoise: float = 0.0
    evaluations: int = 0
    model_sigma: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class SamplingPlan:
    """Everything about a sampling run that does not change from step to step. Latents: (1, C, H, W)."""

    sampler: str
    scheduler: str
    transitions: tuple[Transition, ...]
    noise: NoiseSpec
    options: Mapping[str, float]
    init_latents: Array | None = field(default=None, repr=False)
    mask: Array | None = field(default=None, repr=False)
    model_digest: str = ""
    uni_pc: UniPcSettings | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SamplerState:
    """A picture in the middle of its run. `x`: (1, C, H, W), in variance-exploding scale: x0 + sigma * noise."""

    x: Array = field(repr=False)
    step: int = 0
    evaluations: int = 0
    history: tuple[Array, ...] = field(default=(), repr=False)
    scalars: tuple[float, ...] = ()
    draws: int = 0
    done: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A run before its first step: a plan and a state for each picture."""

    plans: tuple[SamplingPlan, ...]
    states: tuple[SamplerState, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Denoised:
    """The state of picture `index` after a step. `batch_rows`: rows that shared the last evaluation.

    `warnings`: names in prompts of words that were not found; in the first one of a call only.
    """

    request_id: str
    index: int
    state: SamplerState
    batch_rows: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """One guided evaluation: (B, C, H, W) without noise; `uncond` only when asked for.

    `warnings`: names in prompts of words that were not found.
    """

    denoised: Array = field(repr=False)
    uncond: Array | None = field(repr=False)
    batch_rows: int
    warnings: tuple[str, ...] = ()
