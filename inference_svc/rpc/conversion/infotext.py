"""The generation parameters of a picture, in A1111's order."""

from __future__ import annotations

from typing import TypeAlias

from inference_svc.sampling import SAMPLERS, SCHEDULERS
from inference_svc.work import ModelFacts
from latentwire import __version__, infotext
from latentwire.v1 import generation_service_pb2 as g

Pairs: TypeAlias = list[tuple[str, object | None]]


def picture_infotext(resolved: g.GenerateImageRequest, facts: ModelFacts, index: int, seeds: tuple[int, int]) -> str:
    """Returns the text of picture `index`; `seeds` are its seed and sub-seed."""
    prompt = resolved.picture_prompts[index] if resolved.picture_prompts else resolved.prompt
    negatives = resolved.picture_negative_prompts
    negative = negatives[index] if negatives else resolved.negative_prompt
    return infotext.write(prompt, negative, parameters(resolved, facts, seeds))


def parameters(resolved: g.GenerateImageRequest, facts: ModelFacts, seeds: tuple[int, int]) -> Pairs:
    """Returns the pairs in order; a value of None is left out by the writer."""
    sampling, noise = resolved.sampling, resolved.noise
    seed, subseed = seeds
    varied = noise.subseed_strength > 0
    return [
        ("Steps", sampling.steps),
        ("Sampler", sampling.sampler),
        ("Schedule type", schedule_label(resolved)),
        ("CFG scale", resolved.guidance.scale),
        ("Seed", seed),
        ("Size", f"{resolved.width}x{resolved.height}"),
        ("Model hash", facts.sha256[:10] or None),
        ("Model", facts.name),
        ("Variation seed", subseed if varied else None),
        ("Variation seed strength", noise.subseed_strength if varied else None),
        ("Seed resize from", _resize_from(resolved)),
        ("Denoising strength", resolved.init.strength if resolved.HasField("init") else None),
        ("Clip skip", resolved.prompts.clip_skip if resolved.prompts.clip_skip > 1 else None),
        ("ENSD", _ensd(resolved)),
        ("RNG", noise.source.upper()),
        ("Tiling", "True" if resolved.tiling else None),
        *_extras(resolved),
        *((entry.key, entry.value) for entry in resolved.infotext_extra),
        ("Version", f"Latentwire {__version__}"),
    ]


def schedule_label(resolved: g.GenerateImageRequest) -> str:
    """Returns the schedule's label as users see it; "automatic" with a sampler that has its own means that one."""
    sampling = resolved.sampling
    own = SAMPLERS[sampling.sampler].options.get("scheduler", "automatic")
    name = own if sampling.scheduler == "automatic" else sampling.scheduler
    return SCHEDULERS[name].label


def _extras(resolved: g.GenerateImageRequest) -> Pairs:
    sampling, guidance = resolved.sampling, resolved.guidance
    eta_key = "Eta DDIM" if sampling.sampler == "DDIM" else "Eta"
    usual_eta = SAMPLERS[sampling.sampler].default_eta
    emphasis = {g.EMPHASIS_MODE_NO_NORM: "No norm", g.EMPHASIS_MODE_IGNORE: "Ignore", g.EMPHASIS_MODE_NONE: "None"}
    return [
        ("Noise multiplier", _unless(resolved.init.noise_multiplier, 1.0) if resolved.HasField("init") else None),
        ("Extra noise", resolved.init.extra_noise or None),
        (eta_key, _unless(sampling.eta, usual_eta)),
        ("Sigma churn", sampling.s_churn or None),
        ("Sigma tmin", sampling.s_tmin or None),
        ("Sigma tmax", sampling.s_tmax or None),
        ("Sigma noise", _unless(sampling.s_noise, 1.0)),
        ("Schedule max sigma", sampling.sigma_max or None),
        ("Schedule min sigma", sampling.sigma_min or None),
        ("Schedule rho", sampling.rho or None),
        ("Discard penultimate sigma", True if sampling.discard_next_to_last_sigma else None),
        ("SGM noise multiplier", True if sampling.sgm_noise_multiplier else None),
        ("NGMS", guidance.min_uncond_sigma or None),
        ("Skip Early CFG", guidance.skip_early or None),
        ("Emphasis", emphasis.get(resolved.prompts.emphasis)),
    ]


def _unless(value: float, usual: float) -> float | None:
    return None if value == usual else value


def _resize_from(resolved: g.GenerateImageRequest) -> str | None:
    noise = resolved.noise
    active = noise.resize_from_width > 0 and noise.resize_from_height > 0
    return f"{noise.resize_from_width}x{noise.resize_from_height}" if active else None


def _ensd(resolved: g.GenerateImageRequest) -> int | None:
    uses = "uses_ensd" in SAMPLERS[resolved.sampling.sampler].options
    return resolved.noise.eta_noise_seed_delta or None if uses else None
