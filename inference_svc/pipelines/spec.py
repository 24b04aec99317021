"""What is to be made: a request with every default filled in and every value checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from inference_svc.prompts import Emphasis, Tokenizer
from inference_svc.sampling import ModelSigmas, NoiseSpec, SamplerOptions, SamplingPlan, ScheduleOptions, make_plan
from inference_svc.work import ModelFacts

Pixels: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]
"""(H, W, 3) uint8, RGB; where it is said, (H, W, 4) with transparency."""


class ResizeMode(Enum):
    """How a picture is fitted to the size asked for; the values are A1111's."""

    STRETCH = 0
    CROP = 1
    FILL = 2
    LATENT = 3


class ImageFormat(Enum):
    """How pictures are returned; the values are Pillow's names."""

    PNG = "PNG"
    JPEG = "JPEG"
    WEBP = "WEBP"
    RAW_RGB = "RAW"


@dataclass(frozen=True, slots=True)
class SamplingSettings:
    """Which solver walks which schedule, in how many steps."""

    sampler: str = "Euler"
    scheduler: str = "automatic"
    steps: int = 20
    options: SamplerOptions = field(default_factory=SamplerOptions)
    schedule: ScheduleOptions = field(default_factory=ScheduleOptions)


@dataclass(frozen=True, slots=True)
class GuidanceSettings:
    """How predictions are combined.

    `scale` 1: the negative prompt is not evaluated. Below `min_uncond_sigma` it is left out at every other evaluation,
    and in the first `skip_early` (0 to 1) of the evaluations at all.
    """

    scale: float = 7.0
    min_uncond_sigma: float = 0.0
    skip_early: float = 0.0


@dataclass(frozen=True, slots=True)
class PromptSettings:
    """How prompts are read: `comma_backtrack` in tokens, see `prompts.chunk`."""

    emphasis: Emphasis = Emphasis.ORIGINAL
    clip_skip: int = 1
    comma_backtrack: int = 20


@dataclass(frozen=True, slots=True)
class InitSettings:
    """How a picture to start from is used.

    `strength`: 0 (kept) to 1 (made anew). `exact_steps`: run all steps whatever the strength. `background`: what shows
    through transparency. `noise_multiplier` scales the first noise, `extra_noise` adds more of it.
    """

    strength: float = 0.75
    resize_mode: ResizeMode = ResizeMode.STRETCH
    exact_steps: bool = False
    background: tuple[int, int, int] = (255, 255, 255)
    noise_multiplier: float = 1.0
    extra_noise: float = 0.0


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """How pictures are returned. `quality`: JPEG and lossy WebP, 1 to 100."""

    format: ImageFormat = ImageFormat.PNG
    quality: int = 80
    lossless: bool = False
    embed_infotext: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class PictureSpec:
    """What is a picture's own. `init`: pixels (H, W, 3 or 4) of any size, exactly when the generation has `init`."""

    prompt: str
    negative_prompt: str
    noise: NoiseSpec
    infotext: str = ""
    init: Pixels | None = None


@dataclass(frozen=True, eq=False)
class GenerationSpec:
    """All of a generation. `batches`: the pictures, batch by batch. `width`, `height`: multiples of 8, in pixels."""

    facts: ModelFacts
    tokenizer: Tokenizer
    width: int
    height: int
    batches: tuple[tuple[PictureSpec, ...], ...]
    sampling: SamplingSettings = field(default_factory=SamplingSettings)
    guidance: GuidanceSettings = field(default_factory=GuidanceSettings)
    prompts: PromptSettings = field(default_factory=PromptSettings)
    init: InitSettings | None = None
    output: OutputOptions = field(default_factory=OutputOptions)

    @property
    def latent_shape(self) -> tuple[int, int, int]:
        """(C, h, w)."""
        scale = self.facts.latent_scale
        return self.facts.latent_channels, self.height // scale, self.width // scale

    @cached_property
    def plan(self) -> SamplingPlan:
        """The plan that all pictures share but for their noise, made once. Raises InvalidArgument."""
        sampling, init = self.sampling, self.init
        return make_plan(
            sampler=sampling.sampler,
            steps=sampling.steps,
            model=ModelSigmas.from_alphas_cumprod(self.facts.alphas_cumprod),
            noise=NoiseSpec(),
            scheduler=sampling.scheduler,
            options=sampling.options,
            schedule=sampling.schedule,
            denoising_strength=None if init is None else init.strength,
            fix_steps=init is not None and init.exact_steps,
        )
