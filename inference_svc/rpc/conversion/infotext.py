"""The generation parameters of a picture, in A1111's order."""

from __future__ import annotations

from inference_svc.rpc.conversion.beside import Beside
from inference_svc.rpc.conversion.infotext_extras import Pairs, extras, schedule_label
from inference_svc.sampling import SAMPLERS
from inference_svc.work import ModelFacts
from latentwire import __version__, infotext
from latentwire.v1 import generation_service_pb2 as g


def picture_infotext(
    resolved: g.GenerateImageRequest,
    facts: ModelFacts,
    index: int,
    seeds: tuple[int, int],
    beside: Beside | None = None,
) -> str:
    """Returns the text of picture `index`; `seeds` are its seed and sub-seed, `beside` the other models used."""
    prompt = resolved.picture_prompts[index] if resolved.picture_prompts else resolved.prompt
    negatives = resolved.picture_negative_prompts
    negative = negatives[index] if negatives else resolved.negative_prompt
    return infotext.write(prompt, negative, parameters(resolved, facts, seeds, beside))


def parameters(
    resolved: g.GenerateImageRequest, facts: ModelFacts, seeds: tuple[int, int], beside: Beside | None = None
) -> Pairs:
    """Returns the pairs in order, less those to be omitted; a value of None is left out by the writer."""
    pairs = [
        *_usual(resolved, facts, seeds),
        *extras(resolved, beside or Beside()),
        *((entry.key, entry.value) for entry in resolved.infotext_extra),
        ("Version", f"Latentwire {__version__}"),
    ]
    return [(key, value) for key, value in pairs if key not in resolved.infotext_omit]


def _usual(resolved: g.GenerateImageRequest, facts: ModelFacts, seeds: tuple[int, int]) -> Pairs:
    sampling, noise = resolved.sampling, resolved.noise
    seed, subseed = seeds
    varied = noise.subseed_strength > 0
    return [
        ("Steps", sampling.steps),
        ("Sampler", sampling.sampler),
        ("Schedule type", schedule_label(sampling)),
        ("CFG scale", resolved.guidance.scale),
        ("Seed", seed),
        ("Size", f"{resolved.width}x{resolved.height}"),
        ("Model hash", facts.sha256[:10] or None),
        ("Model", facts.name),
        ("Variation seed", subseed if varied else None),
        ("Variation seed strength", noise.subseed_strength if varied else None),
        ("Seed resize from", _resize_from(resolved)),
        ("Denoising strength", _strength(resolved)),
        ("Clip skip", resolved.prompts.clip_skip if resolved.prompts.clip_skip > 1 else None),
        ("ENSD", _ensd(resolved)),
        ("RNG", noise.source.upper()),
        ("Tiling", "True" if resolved.tiling and facts.tileable else None),
    ]


def _strength(resolved: g.GenerateImageRequest) -> float | None:
    if resolved.HasField("hires"):
        return resolved.hires.strength
    return resolved.init.strength if resolved.HasField("init") else None


def _resize_from(resolved: g.GenerateImageRequest) -> str | None:
    noise = resolved.noise
    active = noise.resize_from_width > 0 and noise.resize_from_height > 0
    return f"{noise.resize_from_width}x{noise.resize_from_height}" if active else None


def _ensd(resolved: g.GenerateImageRequest) -> int | None:
    uses = "uses_ensd" in SAMPLERS[resolved.sampling.sampler].options
    return resolved.noise.eta_noise_seed_delta or None if uses else None
