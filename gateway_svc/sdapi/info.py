"""The `info` of an answer: what was made, picture by picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from gateway_svc.sdapi.checkpoint import short_hash
from gateway_svc.sdapi.job import Job
from latentwire import infotext
from latentwire.v1 import generation_service_pb2 as gs
from latentwire.v1.types_pb2 import Model

_COMMON: Final = frozenset(
    {
        *("Prompt", "Negative prompt", "Steps", "Sampler", "Schedule type", "CFG scale", "Image CFG scale", "Seed"),
        *("Face restoration", "Size-1", "Size-2", "Model hash", "Model", "VAE hash", "VAE", "Variation seed"),
        *("Variation seed strength", "Seed resize from-1", "Seed resize from-2", "Denoising strength", "Clip skip"),
        *("ENSD", "Init image hash", "RNG", "Tiling", "Version", "User"),
    }
)


@dataclass(frozen=True, slots=True)
class Told:
    """One picture's words and seeds."""

    prompt: str
    negative_prompt: str
    seed: int
    subseed: int


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a job."""

    accepted: gs.Accepted
    infotexts: Sequence[str]
    told: Sequence[Told] = ()
    model: Model | None = None
    warnings: Sequence[str] = ()
    first_image: int = 0


def info(job: Job, made: Made) -> str:
    """The JSON text. Every key of A1111's is there, `warnings` comes on top."""
    return json.dumps(_of_request(job) | _of_result(job, made), ensure_ascii=False)


def _of_request(job: Job) -> dict[str, Any]:
    request, options = job.request, job.options
    return {
        "prompt": job.prompt,
        "negative_prompt": job.negative_prompt,
        "subseed_strength": request.subseed_strength,
        "sampler_name": job.solver.sampler,
        "cfg_scale": request.cfg_scale,
        "batch_size": request.batch_size,
        "restore_faces": False,
        "face_restoration_model": None,
        "sd_vae_name": None,
        "sd_vae_hash": None,
        "seed_resize_from_w": request.seed_resize_from_w,
        "seed_resize_from_h": request.seed_resize_from_h,
        "styles": request.styles or [],
        "clip_skip": options.CLIP_stop_at_last_layers,
        "is_using_inpainting_conditioning": False,
        "version": None,
    }


def _of_result(job: Job, made: Made) -> dict[str, Any]:
    resolved, request, told = made.accepted.resolved, job.request, made.told
    return {
        "all_prompts": [each.prompt for each in told],
        "all_negative_prompts": [each.negative_prompt for each in told],
        "seed": told[0].seed if told else request.seed,
        "all_seeds": [each.seed for each in told],
        "subseed": told[0].subseed if told else request.subseed,
        "all_subseeds": [each.subseed for each in told],
        "denoising_strength": _strength(job, resolved),
        "width": resolved.width,
        "height": resolved.height,
        "steps": resolved.sampling.steps,
        "sd_model_name": made.model.name if made.model else resolved.model,
        "sd_model_hash": short_hash(made.model) if made.model else None,
        "extra_generation_params": _extra(made.infotexts),
        "index_of_first_image": made.first_image,
        "infotexts": list(made.infotexts),
        "job_timestamp": _timestamp(made.accepted),
        "warnings": list(made.warnings),
    }


def _strength(job: Job, resolved: gs.GenerateImageRequest) -> float | None:
    """As it was used, else as it was asked for."""
    if resolved.HasField("hires"):
        return resolved.hires.strength
    return resolved.init.strength if resolved.HasField("init") else job.request.denoising_strength


def _extra(infotexts: Sequence[str]) -> dict[str, str]:
    """The first picture's pairs that not every picture has."""
    pairs = infotext.parse(infotexts[0]) if infotexts else {}
    return {key: value for key, value in pairs.items() if key not in _COMMON}


def _timestamp(accepted: gs.Accepted) -> str:
    return datetime.fromtimestamp(accepted.accept_time.ToSeconds(), UTC).astimezone().strftime("%Y%m%d%H%M%S")
