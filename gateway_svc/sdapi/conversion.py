"""A resolved request in the words of the contract. Pure."""

from __future__ import annotations

import re
from typing import Final

from gateway_svc.sdapi.job import Job, asked_size, floored
from gateway_svc.sdapi.options import Options
from gateway_svc.sdapi.schemas import GenerationRequest, Img2ImgRequest
from latentwire.v1 import generation_service_pb2 as gs
from latentwire.v1 import types_pb2 as types

EMPHASIS: Final = {
    "Original": gs.EMPHASIS_MODE_ORIGINAL,
    "No norm": gs.EMPHASIS_MODE_NO_NORM,
    "Ignore": gs.EMPHASIS_MODE_IGNORE,
    "None": gs.EMPHASIS_MODE_NONE,
}
NOISE_SOURCES: Final = {"GPU": "nv", "NV": "nv", "CPU": "cpu"}
PREVIEW_FORMATS: Final = {
    "png": types.IMAGE_FORMAT_PNG,
    "jpg": types.IMAGE_FORMAT_JPEG,
    "jpeg": types.IMAGE_FORMAT_JPEG,
    "webp": types.IMAGE_FORMAT_WEBP,
}
RESIZE_MODES: Final = (
    types.RESIZE_MODE_STRETCH,
    types.RESIZE_MODE_CROP,
    types.RESIZE_MODE_FILL,
    types.RESIZE_MODE_LATENT,
)
_TIMESTEP_SAMPLERS: Final = frozenset({"DDIM", "DDIM CFG++", "PLMS", "UniPC"})
_WHITE: Final = 0xFFFFFF


def to_contract(job: Job) -> gs.GenerateImageRequest:
    """The request for the inference service. Ranges are the service's to judge."""
    request, options = job.request, job.options
    width, height = asked_size(request)
    message = gs.GenerateImageRequest(
        task=types.Task(task_id=job.task_id, index=0, count=1, owner=job.owner, kind=job.kind),
        model=job.model,
        prompt=job.prompt,
        negative_prompt=job.negative_prompt,
        width=floored(width),
        height=floored(height),
        batch_size=request.batch_size,
        batch_count=request.n_iter,
        sampling=sampling(job),
        guidance=guidance(request, options),
        noise=noise(request, options),
        prompts=prompts(options),
        output=types.ImageOptions(format=types.IMAGE_FORMAT_RAW_RGB),
        events=events(options),
        tiling=options.tiling if request.tiling is None else request.tiling,
    )
    if isinstance(request, Img2ImgRequest):
        message.init.CopyFrom(init(request, options, job.init_images))
    return message


def sampling(job: Job) -> types.SamplerSettings:
    """Solver, schedule and their numbers: the request's, else the options'."""
    request, options = job.request, job.options
    message = types.SamplerSettings(
        sampler=job.solver.sampler,
        scheduler=job.solver.scheduler,
        steps=request.steps,
        eta=request.eta if request.eta is not None else _eta(job.solver.sampler, options),
        s_churn=_first(request.s_churn, options.s_churn),
        s_tmin=_first(request.s_tmin, options.s_tmin),
        s_tmax=_first(request.s_tmax, options.s_tmax),
        s_noise=_first(request.s_noise, options.s_noise),
        sigma_min=options.sigma_min,
        sigma_max=options.sigma_max,
        rho=options.rho,
        sgm_noise_multiplier=options.sgm_noise_multiplier,
    )
    if options.always_discard_next_to_last_sigma:
        message.discard_next_to_last_sigma = True
    return message


def guidance(request: GenerationRequest, options: Options) -> types.GuidanceSettings:
    """How hard the prompt pulls."""
    message = types.GuidanceSettings(
        scale=request.cfg_scale,
        min_uncond_sigma=_first(request.s_min_uncond, options.s_min_uncond),
        skip_early=options.skip_early_cond,
    )
    if isinstance(request, Img2ImgRequest) and request.image_cfg_scale is not None:
        message.image_scale = request.image_cfg_scale
    return message


def noise(request: GenerationRequest, options: Options) -> types.NoiseSpec:
    """Seeds and their variation. -1 is left out: the service draws one."""
    message = types.NoiseSpec(
        source=NOISE_SOURCES.get(options.randn_source, "nv"),
        subseed_strength=request.subseed_strength or 0.0,
        eta_noise_seed_delta=options.eta_noise_seed_delta,
    )
    if (seed := request.seed) is not None and seed != -1:
        message.seed = signed(seed)
    if (subseed := request.subseed) is not None and subseed != -1:
        message.subseed = signed(subseed)
    from_width, from_height = request.seed_resize_from_w or 0, request.seed_resize_from_h or 0
    if from_width > 0 and from_height > 0:
        message.resize_from_width, message.resize_from_height = from_width, from_height
    return message


def prompts(options: Options) -> gs.PromptSettings:
    """How prompts are read."""
    return gs.PromptSettings(
        emphasis=EMPHASIS.get(options.emphasis, gs.EMPHASIS_MODE_ORIGINAL),
        clip_skip=max(1, options.CLIP_stop_at_last_layers),
        comma_padding_backtrack=options.comma_padding_backtrack,
    )


def events(options: Options) -> gs.EventOptions:
    """Which previews are made; -1 steps is A1111's "only after a batch".

    Steps are not sent: whoever asks for progress asks the service, which counts them all the same.
    """
    every = max(0, options.show_progress_every_n_steps) if options.live_previews_enable else 0
    form = PREVIEW_FORMATS.get(options.live_previews_image_format, types.IMAGE_FORMAT_PNG)
    preview = types.ImageOptions(format=form, embed_infotext=False)
    return gs.EventOptions(progress_every=0, preview_every=every, preview=preview)


def init(request: Img2ImgRequest, options: Options, images: tuple[bytes, ...]) -> gs.InitImage:
    """The pictures to start from, and how."""
    mode = request.resize_mode or 0
    return gs.InitImage(
        images=[types.Image(data=data) for data in images],
        strength=request.denoising_strength,
        resize_mode=RESIZE_MODES[mode] if 0 <= mode < len(RESIZE_MODES) else types.RESIZE_MODE_STRETCH,
        exact_steps=options.img2img_fix_steps,
        background_rgb=background(options.img2img_background_color),
        noise_multiplier=_first(request.initial_noise_multiplier, options.initial_noise_multiplier),
        extra_noise=options.img2img_extra_noise,
        color_correction=options.img2img_color_correction,
    )


def background(colour: str) -> int:
    """`#rrggbb` as a number; white for what is none."""
    return int(colour[1:], 16) if re.fullmatch(r"#[0-9a-fA-F]{6}", colour) else _WHITE


def signed(seed: int) -> int:
    """A seed of up to 64 bits in the contract's signed field."""
    return seed - 2**64 if seed >= 2**63 else seed


def unsigned_like(seed: int, asked: int | None) -> int:
    """A seed from the contract's signed field, as the client counts: negative only where it asked for a negative."""
    return seed + 2**64 if seed < 0 and not (asked is not None and asked < -1) else seed


def _eta(sampler: str, options: Options) -> float | None:
    """The option for this kind of sampler; None, the sampler's own, where nobody has changed it."""
    name = "eta_ddim" if sampler in _TIMESTEP_SAMPLERS else "eta_ancestral"
    value: float = getattr(options, name)
    return None if value == Options.model_fields[name].default else value


def _first(asked: float | None, otherwise: float) -> float:
    return otherwise if asked is None else asked
