"""From a resolved request to what pipelines take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from inference_svc.pipelines import (
    GenerationSpec,
    GuidanceSettings,
    HiresSettings,
    InitSettings,
    OutputOptions,
    PictureSpec,
    PromptedModel,
    PromptSettings,
    ResizeMode,
    SamplingSettings,
)
from inference_svc.prompts import Emphasis, Tokenizer
from inference_svc.rpc.conversion.beside import Beside
from inference_svc.rpc.conversion.hires import hires_sizes
from inference_svc.rpc.conversion.images import Pixels
from inference_svc.rpc.conversion.infotext import picture_infotext
from inference_svc.rpc.conversion.inpaint import inpaint_settings
from inference_svc.rpc.conversion.limits import MOST_HELD_BYTES
from inference_svc.rpc.conversion.pictures import FORMATS
from inference_svc.rpc.conversion.refiner import refiner_settings
from inference_svc.rpc.conversion.seeds import picture_seeds
from inference_svc.sampling import NoiseSpec, SamplerOptions, ScheduleOptions
from inference_svc.work import ModelFacts
from latentwire.errors import InvalidArgument
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t

_EMPHASES: Mapping[int, Emphasis] = MappingProxyType(
    {
        g.EMPHASIS_MODE_ORIGINAL: Emphasis.ORIGINAL,
        g.EMPHASIS_MODE_NO_NORM: Emphasis.NO_NORM,
        g.EMPHASIS_MODE_IGNORE: Emphasis.IGNORE,
        g.EMPHASIS_MODE_NONE: Emphasis.NONE,
    }
)
_RESIZE_MODES: Mapping[int, ResizeMode] = MappingProxyType(
    {
        t.RESIZE_MODE_STRETCH: ResizeMode.STRETCH,
        t.RESIZE_MODE_CROP: ResizeMode.CROP,
        t.RESIZE_MODE_FILL: ResizeMode.FILL,
        t.RESIZE_MODE_LATENT: ResizeMode.LATENT,
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A resolved request with its model and its decoded pictures: none, one, or batch_size of them.

    `mask`: the decoded mask, where a part is repainted. `beside`: what else the request refers to.
    """

    resolved: g.GenerateImageRequest
    facts: ModelFacts
    tokenizer: Tokenizer
    init: tuple[Pixels, ...] = ()
    mask: Pixels | None = None
    beside: Beside = field(default_factory=Beside)

    @property
    def picture_count(self) -> int:
        """Pictures in all."""
        return self.resolved.batch_size * self.resolved.batch_count

    @property
    def seeds(self) -> tuple[tuple[int, int], ...]:
        """Seed and sub-seed of every picture, unsigned."""
        return picture_seeds(self.resolved.noise, self.picture_count)

    @property
    def held_bytes(self) -> int:
        """Of pixels: the pictures that came, and where the masked part alone is worked on, what it is put back into."""
        came = [*self.init, *(() if self.mask is None else (self.mask,))]
        canvas = 4 * max((picture.shape[0] * picture.shape[1] for picture in self.init), default=0)
        copies = self.resolved.batch_size if self.resolved.inpaint.only_masked else 0
        return sum(int(picture.nbytes) for picture in came) + copies * canvas


def check_held(job: Job) -> None:
    """Raises InvalidArgument for pictures that can't be held, however few others there are."""
    if job.held_bytes > MOST_HELD_BYTES:
        allowed = f"at most {MOST_HELD_BYTES} bytes of pixels, those of each picture of a batch with only_masked"
        raise InvalidArgument.of("init.images", f"{job.held_bytes} bytes", allowed)


def generation_spec(job: Job) -> GenerationSpec:
    """Returns what pipelines take."""
    resolved, size = job.resolved, job.resolved.batch_size
    pictures = [_picture(job, index, seeds) for index, seeds in enumerate(job.seeds)]
    return GenerationSpec(
        facts=job.facts,
        tokenizer=job.tokenizer,
        width=resolved.width,
        height=resolved.height,
        batches=tuple(tuple(pictures[first : first + size]) for first in range(0, len(pictures), size)),
        sampling=sampling_settings(resolved.sampling),
        guidance=guidance_settings(resolved.guidance),
        prompts=prompt_settings(resolved.prompts),
        init=init_settings(resolved.init, job.beside) if resolved.HasField("init") else None,
        output=output_options(resolved.output),
        inpaint=None if job.mask is None else inpaint_settings(resolved.inpaint, job.mask),
        hires=_hires(job) if resolved.HasField("hires") else None,
        refiner=refiner_settings(resolved.refiner, job.beside.refiner) if job.beside.refiner else None,
        tiling=resolved.tiling,
    )


def sampling_settings(resolved: t.SamplerSettings) -> SamplingSettings:
    """Returns which solver walks which schedule."""
    discard = resolved.discard_next_to_last_sigma if resolved.HasField("discard_next_to_last_sigma") else None
    return SamplingSettings(
        sampler=resolved.sampler,
        scheduler=resolved.scheduler,
        steps=resolved.steps,
        options=SamplerOptions(
            eta=resolved.eta,
            s_churn=resolved.s_churn,
            s_tmin=resolved.s_tmin,
            s_tmax=resolved.s_tmax,
            s_noise=resolved.s_noise,
            sgm_noise_multiplier=resolved.sgm_noise_multiplier,
            uni_pc_variant=resolved.uni_pc.variant,
            uni_pc_skip_type=resolved.uni_pc.skip_type,
            uni_pc_order=resolved.uni_pc.order,
            uni_pc_lower_order_final=resolved.uni_pc.lower_order_final,
        ),
        schedule=ScheduleOptions(
            sigma_min=resolved.sigma_min,
            sigma_max=resolved.sigma_max,
            rho=resolved.rho,
            discard_next_to_last_sigma=discard,
            beta_alpha=resolved.beta_alpha,
            beta_beta=resolved.beta_beta,
            old_karras_range=resolved.old_karras_range,
        ),
    )


def guidance_settings(resolved: t.GuidanceSettings) -> GuidanceSettings:
    """Returns how predictions are combined."""
    return GuidanceSettings(resolved.scale, resolved.min_uncond_sigma, resolved.skip_early)


def prompt_settings(resolved: g.PromptSettings) -> PromptSettings:
    """Returns how prompts are read."""
    return PromptSettings(
        emphasis=_EMPHASES[resolved.emphasis],
        clip_skip=resolved.clip_skip,
        comma_backtrack=resolved.comma_padding_backtrack,
        old_editing=resolved.old_editing,
        pad_uncond=resolved.pad_uncond,
    )


def _hires(job: Job) -> HiresSettings:
    resolved, hires = job.resolved, job.resolved.hires
    model = job.beside.hires
    facts, tokenizer = (model.facts, model.tokenizer) if model else (job.facts, job.tokenizer)
    sizes = hires_sizes(resolved, facts)
    sampling = sampling_settings(hires.sampling if hires.HasField("sampling") else resolved.sampling)
    return HiresSettings(
        model=PromptedModel(facts, tokenizer),
        cover=sizes.cover,
        size=sizes.size,
        upscaler=job.beside.upscaler(hires.upscaler) or hires.upscaler,
        strength=hires.strength,
        sampling=replace(sampling, steps=hires.steps or resolved.sampling.steps),
        guidance=guidance_settings(hires.guidance if hires.HasField("guidance") else resolved.guidance),
    )


def init_settings(resolved: g.InitImage, beside: Beside) -> InitSettings:
    """Returns how a picture to start from is used."""
    rgb = resolved.background_rgb
    return InitSettings(
        strength=resolved.strength,
        resize_mode=_RESIZE_MODES[resolved.resize_mode],
        exact_steps=resolved.exact_steps,
        background=(rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255),
        noise_multiplier=resolved.noise_multiplier,
        extra_noise=resolved.extra_noise,
        color_correction=resolved.color_correction,
        upscaler=beside.upscaler(resolved.upscaler),
    )


def output_options(resolved: t.ImageOptions) -> OutputOptions:
    """Returns how pictures are returned."""
    return OutputOptions(FORMATS[resolved.format], resolved.quality, resolved.lossless, resolved.embed_infotext)


def noise_spec(resolved: t.NoiseSpec, seeds: tuple[int, int], latent_scale: int) -> NoiseSpec:
    """Returns where a picture's noise comes from; sizes in latent cells."""
    height, width = resolved.resize_from_height // latent_scale, resolved.resize_from_width // latent_scale
    return NoiseSpec(
        source=resolved.source,
        seed=seeds[0],
        subseed=seeds[1],
        subseed_strength=resolved.subseed_strength,
        resize_from=(height, width) if height > 0 and width > 0 else None,
        ensd=resolved.eta_noise_seed_delta,
    )


def _picture(job: Job, index: int, seeds: tuple[int, int]) -> PictureSpec:
    resolved = job.resolved
    prompts, negatives = resolved.picture_prompts, resolved.picture_negative_prompts
    return PictureSpec(
        prompt=prompts[index] if prompts else resolved.prompt,
        negative_prompt=negatives[index] if negatives else resolved.negative_prompt,
        noise=noise_spec(resolved.noise, seeds, job.facts.latent_scale),
        infotext=picture_infotext(resolved, job.facts, index, seeds, job.beside),
        init=job.init[index % resolved.batch_size % len(job.init)] if job.init else None,
        hires_prompt=resolved.hires.prompt or None,
        hires_negative_prompt=resolved.hires.negative_prompt or None,
    )
