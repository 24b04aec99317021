"""What is to be made: a request with every default filled in and every value checked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property

from inference_svc.pipelines.inpaint_settings import InpaintSettings
from inference_svc.pipelines.pixels import Pixels as Pixels
from inference_svc.prompts import Emphasis, Tokenizer
from inference_svc.sampling import (
    ModelSigmas,
    NoiseSpec,
    SamplerOptions,
    SamplingPlan,
    ScheduleOptions,
    find_sampler,
    make_plan,
)
from inference_svc.work import ModelFacts, UpscalerFacts


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

    @property
    def evaluations_per_step(self) -> int:
        """As prompt editing counts."""
        return find_sampler(self.sampler).counted_per_step


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
    """How prompts are read: `comma_backtrack` in tokens, see `prompts.chunk`.

    `old_editing` as before A1111 1.6, see `prompts.ScheduleFor`; `pad_uncond`: prompt and negative prompt are made
    equally long; `first_pass`: in a second, larger pass what editing counted to in the first.
    """

    emphasis: Emphasis = Emphasis.ORIGINAL
    clip_skip: int = 1
    comma_backtrack: int = 20
    old_editing: bool = False
    pad_uncond: bool = False
    first_pass: int | None = None


@dataclass(frozen=True, slots=True)
class InitSettings:
    """How a picture to start from is used.

    `strength`: 0 (kept) to 1 (made anew). `exact_steps`: run all steps whatever the strength. `background`: what shows
    through transparency. `noise_multiplier` scales the first noise, `extra_noise` adds more of it. `color_correction`:
    the result's colours are matched to the picture's. `upscaler` makes a picture that is too small larger; None:
    Lanczos.
    """

    strength: float = 0.75
    resize_mode: ResizeMode = ResizeMode.STRETCH
    exact_steps: bool = False
    background: tuple[int, int, int] = (255, 255, 255)
    noise_multiplier: float = 1.0
    extra_noise: float = 0.0
    color_correction: bool = False
    upscaler: UpscalerFacts | None = None


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """How pictures are returned. `quality`: JPEG and lossy WebP, 1 to 100."""

    format: ImageFormat = ImageFormat.PNG
    quality: int = 80
    lossless: bool = False
    embed_infotext: bool = True


@dataclass(frozen=True, slots=True)
class PromptedModel:
    """A model, and how it takes prompts apart."""

    facts: ModelFacts
    tokenizer: Tokenizer


@dataclass(frozen=True, slots=True)
class HiresSettings:
    """A second, larger pass. Sizes are (width, height) in pixels, of whole latent cells.

    `cover`: what the first result is enlarged to; `size`: what is cut out of its middle and made anew. `upscaler`: an
    image upscaler, or the name of a latent one. `strength`: 0 (kept) to 1 (made anew).
    """

    model: PromptedModel
    cover: tuple[int, int]
    size: tuple[int, int]
    upscaler: UpscalerFacts | str = "Latent"
    strength: float = 0.7
    sampling: SamplingSettings = field(default_factory=SamplingSettings)
    guidance: GuidanceSettings = field(default_factory=GuidanceSettings)


@dataclass(frozen=True, slots=True)
class RefinerSettings:
    """Another model, once `switch_at` (0 to 1) of the model's time has gone by.

    `first`, `second`: in which passes, where there are two.
    """

    model: PromptedModel
    switch_at: float
    first: bool = False
    second: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class PictureSpec:
    """What is a picture's own. `init`: pixels (H, W, 3 or 4) of any size, exactly when the generation has `init`.

    `hires_prompt`, `hires_negative_prompt`: those of the second pass; None: the same.
    """

    prompt: str
    negative_prompt: str
    noise: NoiseSpec
    infotext: str = ""
    init: Pixels | None = None
    hires_prompt: str | None = None
    hires_negative_prompt: str | None = None

    def in_second_pass(self) -> PictureSpec:
        """Returns the picture with the prompts of the second pass."""
        prompt = self.prompt if self.hires_prompt is None else self.hires_prompt
        negative = self.negative_prompt if self.hires_negative_prompt is None else self.hires_negative_prompt
        return replace(self, prompt=prompt, negative_prompt=negative, init=None)


@dataclass(frozen=True, eq=False)
class GenerationSpec:
    """All of a generation. `batches`: the pictures, batch by batch. `width`, `height`: multiples of 8, in pixels.

    Without `hires` it is also what a single pass is: see `passes`.
    """

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
    inpaint: InpaintSettings | None = None
    hires: HiresSettings | None = None
    refiner: RefinerSettings | None = None
    tiling: bool = False

    @property
    def tiles(self) -> bool:
        """Whether edges are each other's neighbours: where that is wanted, and the model can."""
        return self.tiling and self.facts.tileable

    @cached_property
    def passes(self) -> tuple[GenerationSpec, ...]:
        """The generation pass by pass: itself, and where there is one the second pass as a generation of its own."""
        return (self,) if self.hires is None else (self, self._second(self.hires))

    @property
    def acting_refiner(self) -> RefinerSettings | None:
        """The refiner, if it acts in this pass."""
        refiner = self.refiner
        return refiner if refiner and (refiner.first or self.hires is None) else None

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
            model=ModelSigmas.from_alphas_cumprod(self.facts.alphas_cumprod, self.facts.family),
            noise=NoiseSpec(),
            scheduler=sampling.scheduler,
            options=sampling.options,
            schedule=sampling.schedule,
            denoising_strength=None if init is None else init.strength,
            fix_steps=init is not None and init.exact_steps,
        )

    def _second(self, hires: HiresSettings) -> GenerationSpec:
        """Exactly as many steps as asked for are run, from the enlarged picture, with noise that begins again."""
        return replace(
            self,
            facts=hires.model.facts,
            tokenizer=hires.model.tokenizer,
            width=hires.size[0],
            height=hires.size[1],
            sampling=hires.sampling,
            guidance=hires.guidance,
            prompts=replace(self.prompts, first_pass=self.sampling.steps * self.sampling.evaluations_per_step),
            init=InitSettings(hires.strength, exact_steps=True),
            inpaint=None,
            hires=None,
            refiner=self.refiner if self.refiner and self.refiner.second else None,
        )
