"""What a server tells of its generations, models and what can be named in requests: mirrors of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from latentwire.client.events import Preview, Progress
from latentwire.client.requests import Task
from latentwire.client.tensors import Array

GenerationState: TypeAlias = Literal["", "waiting", "running", "succeeded", "cancelled", "failed"]
"""Where a generation stands."""
ModelState: TypeAlias = Literal["", "available", "loading", "loaded", "failed"]
"""Where a model stands."""
UpscalerKind: TypeAlias = Literal["", "image", "latent"]
"""What an upscaler works on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """Where a generation stands; `eta_s`: seconds until its end, None when not measured."""

    request_id: str
    state: GenerationState
    queue_position: int
    accept_time: datetime
    model: str
    images_done: int
    image_count: int
    stopping: bool
    error: str
    last_sequence: int
    task: Task | None = None
    progress: Progress | None = None
    preview: Preview | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    eta_s: float | None = None


@dataclass(frozen=True, slots=True)
class Generations:
    """Generations, oldest first, and how many of all there are on the server wait and run."""

    generations: tuple[Generation, ...]
    waiting_count: int
    running_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCapabilities:
    """What a model can do; sizes in pixels."""

    rpcs: tuple[str, ...]
    size_multiple: int
    min_size: int
    max_size: int
    max_pixels: int
    native_size: int
    per_row_timestep: bool
    context_width: int
    latent_channels: int
    latent_scale: int
    prediction_type: str
    sigma_min: float
    sigma_max: float
    recommended_guidance: float
    recommended_steps: int
    latent_to_rgb: Array | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A checkpoint that the server knows."""

    name: str
    sha256: str
    path: str
    family: str
    state: ModelState
    runner: str
    memory_bytes: int
    capabilities: ModelCapabilities | None
    is_default: bool
    digest: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceMemory:
    """Memory of the device that models run on, in bytes; 0: not known."""

    device: str
    total_bytes: int
    free_bytes: int
    process_bytes: int


@dataclass(frozen=True, slots=True)
class Models:
    """The checkpoints by name, and the memory of their device."""

    models: tuple[Model, ...]
    memory: DeviceMemory | None


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """How far loading is, 0 to 1, and what is being done; `model` comes with the last one."""

    fraction: float
    stage: str
    model: Model | None = None


@dataclass(frozen=True, slots=True)
class Sampler:
    """A solver."""

    name: str
    aliases: tuple[str, ...]
    options: Mapping[str, str]
    evaluations_per_step: float


@dataclass(frozen=True, slots=True)
class NoiseScheduler:
    """A noise schedule."""

    name: str
    label: str
    aliases: tuple[str, ...]
    default_rho: float
    need_inner_model: bool


@dataclass(frozen=True, slots=True)
class Upscaler:
    """Something that makes pictures or latents larger."""

    name: str
    kind: UpscalerKind
    scale: float
    model_name: str
    model_path: str


@dataclass(frozen=True, slots=True)
class Lora:
    """A LoRA network."""

    name: str
    alias: str
    path: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Embedding:
    """A textual inversion embedding."""

    name: str
    step: int | None
    width: int
    vector_count: int
    loaded: bool
    checkpoint: str
    checkpoint_name: str
