"""The infotext of a picture for which the inference service sent none, from what it said the request means."""

from __future__ import annotations

from gateway_svc.sdapi.checkpoint import short_hash
from gateway_svc.sdapi.conversion import unsigned_like
from gateway_svc.sdapi.job import Job
from gateway_svc.sdapi.schemas import Img2ImgRequest
from latentwire import infotext
from latentwire.chunks import Picture
from latentwire.v1 import generation_service_pb2 as gs
from latentwire.v1.types_pb2 import Model


def text(job: Job, accepted: gs.Accepted, picture: Picture, model: Model | None) -> str:
    """The picture's own infotext, or one made here."""
    if picture.infotext:
        return picture.infotext
    resolved, request = accepted.resolved, job.request
    strength = resolved.init.strength if isinstance(request, Img2ImgRequest) else None
    varied = resolved.noise.subseed_strength or None
    pairs: list[tuple[str, object | None]] = [
        ("Steps", resolved.sampling.steps),
        ("Sampler", resolved.sampling.sampler),
        ("Schedule type", _label(resolved.sampling.scheduler)),
        ("CFG scale", resolved.guidance.scale),
        ("Seed", unsigned_like(picture.seed, request.seed)),
        ("Size", f"{picture.width}x{picture.height}"),
        ("Model hash", short_hash(model) or None if model else None),
        ("Model", model.name if model else resolved.model or None),
        ("Variation seed", unsigned_like(picture.subseed, request.subseed) if varied else None),
        ("Variation seed strength", varied),
        ("Denoising strength", strength),
        ("Clip skip", resolved.prompts.clip_skip if resolved.prompts.clip_skip > 1 else None),
        ("ENSD", resolved.noise.eta_noise_seed_delta or None),
        ("RNG", resolved.noise.source.upper() or None),
        ("Tiling", True if resolved.tiling else None),
        *((entry.key, entry.value) for entry in resolved.infotext_extra),
    ]
    return infotext.write(job.prompt, job.negative_prompt, pairs)


def _label(scheduler: str) -> str:
    return " ".join(word.capitalize() for word in scheduler.split("_")) if scheduler.islower() else scheduler
