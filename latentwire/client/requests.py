"""What can be asked of a generation: mirrors of the contract's messages, whose comments give units and ranges."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Format: TypeAlias = Literal["", "png", "jpeg", "webp", "raw_rgb"]
"""How a picture is encoded. "": the server's choice, PNG."""
Emphasis: TypeAlias = Literal["", "original", "no_norm", "ignore", "none"]
"""How weights in a prompt act."""
Resize: TypeAlias = Literal["", "stretch", "crop", "fill", "latent"]
"""How an input picture is fitted to the size asked for."""
MaskFill: TypeAlias = Literal["", "fill", "original", "latent_noise", "latent_nothing"]
"""What a repainted part starts from."""
RefinerPass: TypeAlias = Literal["", "first", "second", "both"]
"""Which passes a refiner acts in."""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture to send: a file (PNG, JPEG, WebP, GIF, BMP), or raw RGB rows with width and height in pixels."""

    data: bytes
    width: int | None = None
    height: int | None = None
    format: Format = ""


@dataclass(frozen=True, slots=True)
class ImageOptions:
    """How pictures are returned. `quality`: 1 to 100, for JPEG and lossy WebP."""

    format: Format = ""
    quality: int | None = None
    lossless: bool = False
    embed_infotext: bool | None = None
    chunk_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """The group that a generation belongs to; it can be cancelled and stopped as a whole."""

    task_id: str
    index: int = 0
    count: int = 0
    owner: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class NoiseSpec:
    """Where the noise comes from. Seeds: 0 to 2**64 - 1; None: chosen at random by the server."""

    source: str = ""
    seed: int | None = None
    subseed: int | None = None
    subseed_strength: float = 0.0
    resize_from_width: int = 0
    resize_from_height: int = 0
    eta_noise_seed_delta: int = 0
    sigma_min: float = 0.0
    sigma_max: float = 0.0


@dataclass(frozen=True, slots=True)
class UniPcSettings:
    """How UniPC works."""

    variant: str = ""
    skip_type: str = ""
    order: int | None = None
    lower_order_final: bool | None = None


@dataclass(frozen=True, slots=True)
class SamplerSettings:
    """Which solver walks which schedule, in how many steps (1 to 150)."""

    sampler: str = ""
    scheduler: str = ""
    steps: int | None = None
    eta: float | None = None
    s_churn: float = 0.0
    s_tmin: float = 0.0
    s_tmax: float = 0.0
    s_noise: float | None = None
    sigma_min: float = 0.0
    sigma_max: float = 0.0
    rho: float = 0.0
    discard_next_to_last_sigma: bool | None = None
    sgm_noise_multiplier: bool = False
    uni_pc: UniPcSettings | None = None
    beta_alpha: float | None = None
    beta_beta: float | None = None
    old_karras_range: bool = False


@dataclass(frozen=True, slots=True)
class GuidanceSettings:
    """How conditioned and unconditioned predictions are combined. `scale`: 0 to 100, default 7."""

    scale: float | None = None
    min_uncond_sigma: float = 0.0
    skip_early: float = 0.0
    image_scale: float | None = None


@dataclass(frozen=True, slots=True)
class PromptSettings:
    """How prompts are read."""

    emphasis: Emphasis = ""
    clip_skip: int | None = None
    comma_padding_backtrack: int | None = None
    old_editing: bool = False
    pad_uncond: bool = False


@dataclass(frozen=True, slots=True)
class InitImage:
    """Pictures to start from. `strength`: how much is made anew, 0 to 1, default 0.75."""

    images: tuple[Image, ...]
    strength: float | None = None
    resize_mode: Resize = ""
    exact_steps: bool = False
    background_rgb: int | None = None
    noise_multiplier: float | None = None
    extra_noise: float = 0.0
    color_correction: bool = False
    upscaler: str = ""


@dataclass(frozen=True, slots=True)
class Inpaint:
    """Which part is made anew: white of the mask is. Blur and padding in pixels."""

    mask: Image
    blur_x: int | None = None
    blur_y: int | None = None
    invert: bool = False
    fill: MaskFill = ""
    only_masked: bool = False
    only_masked_padding: int | None = None
    overlay: bool | None = None
    round: bool | None = None
    conditioning_weight: float | None = None
    return_mask: bool = False
    return_composite: bool = False


@dataclass(frozen=True, slots=True)
class HiresPass:
    """A second pass at a larger size: `scale` (1 to 8, default 2), or width or height in pixels."""

    scale: float | None = None
    width: int = 0
    height: int = 0
    upscaler: str = ""
    steps: int = 0
    strength: float | None = None
    model: str = ""
    sampling: SamplerSettings | None = None
    prompt: str = ""
    negative_prompt: str = ""
    guidance: GuidanceSettings | None = None


@dataclass(frozen=True, slots=True)
class Refiner:
    """Another model for the last part of the steps, from the fraction `switch_at` on, 0 to 1."""

    model: str
    switch_at: float = 0.0
    in_pass: RefinerPass = ""


@dataclass(frozen=True, slots=True)
class EventOptions:
    """Which events to send beside the pictures: one every so many steps, 0 for none.

    `after_sequence`: what they are numbered after, where the generation goes on from elsewhere.
    """

    progress_every: int | None = None
    preview_every: int = 0
    preview: ImageOptions | None = None
    resume_every: int = 0
    preview_grid: bool = False
    after_sequence: int = 0


@dataclass(frozen=True, slots=True)
class InfotextEntry:
    """One remark of the infotext."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """Everything that a generation can be asked for. `batch_size` pictures at a time, `batch_count` times.

    `resume_from`: the bytes of a progress event's `resume_point`; the rest of the request repeats the original.
    """

    prompt: str = ""
    negative_prompt: str = ""
    request_id: str = ""
    task: Task | None = None
    model: str = ""
    width: int | None = None
    height: int | None = None
    batch_size: int | None = None
    batch_count: int | None = None
    sampling: SamplerSettings = field(default_factory=SamplerSettings)
    guidance: GuidanceSettings = field(default_factory=GuidanceSettings)
    noise: NoiseSpec = field(default_factory=NoiseSpec)
    prompts: PromptSettings = field(default_factory=PromptSettings)
    init: InitImage | None = None
    inpaint: Inpaint | None = None
    hires: HiresPass | None = None
    refiner: Refiner | None = None
    output: ImageOptions = field(default_factory=ImageOptions)
    events: EventOptions = field(default_factory=EventOptions)
    detach_grace_s: float | None = None
    priority: int = 0
    resume_from: bytes | None = None
    tiling: bool = False
    infotext_extra: tuple[InfotextEntry, ...] = ()
    picture_prompts: tuple[str, ...] = ()
    picture_negative_prompts: tuple[str, ...] = ()
    infotext_omit: tuple[str, ...] = ()
