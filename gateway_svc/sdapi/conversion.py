"""A resolved request in the words of the contract. Pure."""

from __future__ import annotations

from typing import Final

from gateway_svc.sdapi.job import Job, asked_size, floored
from gateway_svc.sdapi.later_passes import hires, refiner
from gateway_svc.sdapi.options import Options
from gateway_svc.sdapi.schemas import GenerationRequest, Img2ImgRequest
from gateway_svc.sdapi.solver_settings import first, sampling
from gateway_svc.sdapi.starting_point import init, inpaint
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
# What the infotext holds, by the option that can leave it out.
_TOLD: Final = {
    "add_model_name_to_info": "Model",
    "add_model_hash_to_info": "Model hash",
    "add_vae_name_to_info": "VAE",
    "add_vae_hash_to_info": "VAE hash",
    "add_version_to_infotext": "Version",
}


def to_contract(job: Job) -> gs.GenerateImageRequest:
    """The request for the inference service. Ranges are the service's to judge."""
    request, options = job.request, job.options
    width, height = asked_size(request)
    message = gs.GenerateImageRequest(
        task=task(job),
        model=job.model,
        prompt=job.prompt,
        negative_prompt=job.negative_prompt,
        width=floored(width),
        height=floored(height),
        batch_size=request.batch_size,
        batch_count=request.n_iter,
        sampling=sampling(request, options, job.solver),
        guidance=guidance(request, options),
        noise=noise(request, options),
        prompts=prompts(options),
        output=types.ImageOptions(format=types.IMAGE_FORMAT_RAW_RGB),
        events=events(options),
        tiling=options.tiling if request.tiling is None else request.tiling,
        infotext_extra=[gs.InfotextEntry(key=key, value=value) for key, value in job.remarks],
        infotext_omit=[key for name, key in _TOLD.items() if not getattr(options, name)],
    )
    message.sampling.steps = request.steps or 0
    _add_parts(message, job)
    return message


def _add_parts(message: gs.GenerateImageRequest, job: Job) -> None:
    """What not every request has."""
    request = job.request
    if isinstance(request, Img2ImgRequest):
        message.init.CopyFrom(init(job, request))
        if job.mask:
            message.inpaint.CopyFrom(inpaint(job.mask, request, job.options))
    elif job.second_pass:
        message.hires.CopyFrom(hires(job, request, job.second_pass))
    if job.refiner:
        message.refiner.CopyFrom(refiner(job, job.refiner))


def task(job: Job) -> types.Task:
    """The group that it belongs to, and whose it is."""
    return types.Task(
        task_id=job.task_id, index=job.member.index, count=job.member.count, owner=job.owner, kind=job.kind
    )


def guidance(request: GenerationRequest, options: Options) -> types.GuidanceSettings:
    """How hard the prompt pulls."""
    message = types.GuidanceSettings(
        scale=request.cfg_scale,
        min_uncond_sigma=first(request.s_min_uncond, options.s_min_uncond),
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
        old_editing=options.use_old_scheduling,
        pad_uncond=options.pad_cond_uncond,
    )


def events(options: Options) -> gs.EventOptions:
    """Which previews are made; -1 steps is A1111's "only after a batch".

    Steps are not sent: whoever asks for progress asks the service, which counts them all the same.
    """
    every = max(0, options.show_progress_every_n_steps) if options.live_previews_enable else 0
    form = PREVIEW_FORMATS.get(options.live_previews_image_format, types.IMAGE_FORMAT_PNG)
    preview = types.ImageOptions(format=form, embed_infotext=False)
    grid = options.show_progress_grid
    return gs.EventOptions(progress_every=0, preview_every=every, preview=preview, preview_grid=grid)


def signed(seed: int) -> int:
    """A seed of up to 64 bits in the contract's signed field."""
    return seed - 2**64 if seed >= 2**63 else seed


def unsigned_like(seed: int, asked: int | None) -> int:
    """A seed from the contract's signed field, as the client counts: negative only where it asked for a negative."""
    return seed + 2**64 if seed < 0 and not (asked is not None and asked < -1) else seed
