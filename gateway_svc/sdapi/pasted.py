"""The request field `infotext`: parameters of another picture, which fill in what the client left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError

from gateway_svc.sdapi.errors import invalid
from gateway_svc.sdapi.schemas import GenerationRequest, Img2ImgRequest
from latentwire import infotext

B = TypeVar("B", bound=GenerationRequest)

_SHARED: Mapping[str, str] = MappingProxyType(
    {
        "Steps": "steps",
        "Sampler": "sampler_name",
        "Schedule type": "scheduler",
        "Seed": "seed",
        "Variation seed": "subseed",
        "Variation seed strength": "subseed_strength",
        "Seed resize from-1": "seed_resize_from_w",
        "Seed resize from-2": "seed_resize_from_h",
        "Refiner": "refiner_checkpoint",
        "Refiner switch at": "refiner_switch_at",
    }
)
_TXT2IMG: Mapping[str, str] = MappingProxyType(
    {
        **_SHARED,
        "Prompt": "prompt",
        "Negative prompt": "negative_prompt",
        "CFG scale": "cfg_scale",
        "Size-1": "width",
        "Size-2": "height",
        "Batch size": "batch_size",
        "Denoising strength": "denoising_strength",
        "Hires upscale": "hr_scale",
        "Hires upscaler": "hr_upscaler",
        "Hires steps": "hr_second_pass_steps",
        "Hires resize-1": "hr_resize_x",
        "Hires resize-2": "hr_resize_y",
        "Hires checkpoint": "hr_checkpoint_name",
        "Hires sampler": "hr_sampler_name",
        "Hires schedule type": "hr_scheduler",
        "Hires prompt": "hr_prompt",
        "Hires negative prompt": "hr_negative_prompt",
    }
)
_SECOND_PASS = ("Hires upscale", "Hires upscaler", "Hires resize-1")
_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "Model": "sd_model_checkpoint",
        "Model hash": "sd_model_checkpoint",
        "VAE": "sd_vae",
        "Clip skip": "CLIP_stop_at_last_layers",
        "ENSD": "eta_noise_seed_delta",
        "RNG": "randn_source",
        "Eta": "eta_ancestral",
        "Eta DDIM": "eta_ddim",
        "Sigma churn": "s_churn",
        "Sigma tmin": "s_tmin",
        "Sigma tmax": "s_tmax",
        "Sigma noise": "s_noise",
        "Schedule min sigma": "sigma_min",
        "Schedule max sigma": "sigma_max",
        "Schedule rho": "rho",
        "Discard penultimate sigma": "always_discard_next_to_last_sigma",
        "SGM noise multiplier": "sgm_noise_multiplier",
        "NGMS": "s_min_uncond",
        "Skip Early CFG": "skip_early_cond",
        "Emphasis": "emphasis",
        "Noise multiplier": "initial_noise_multiplier",
        "Extra noise": "img2img_extra_noise",
        "Tiling": "tiling",
        "Token merging ratio": "token_merging_ratio",
        "Token merging ratio hr": "token_merging_ratio_hr",
        "Conditional mask weight": "inpainting_mask_weight",
        "Pad conds": "pad_cond_uncond",
        "Old prompt editing timelines": "use_old_scheduling",
        "Old karras scheduler sigmas": "use_old_karras_scheduler_sigmas",
        "Beta schedule alpha": "beta_dist_alpha",
        "Beta schedule beta": "beta_dist_beta",
        "UniPC variant": "uni_pc_variant",
        "UniPC skip type": "uni_pc_skip_type",
        "UniPC order": "uni_pc_order",
        "UniPC lower order final": "uni_pc_lower_order_final",
        "Hires refiner": "hires_fix_refiner_pass",
        "FP8 weight": "fp8_storage",
        "VAE Encoder": "sd_vae_encode_method",
        "VAE Decoder": "sd_vae_decode_method",
        "Downcast alphas_cumprod": "use_downcasted_alpha_bar",
        "Refiner switch by sampling steps": "refiner_switch_by_sample_steps",
    }
)


def filled_in(request: B) -> B:
    """The request with what its infotext says wherever it says nothing itself. Raises InvalidArgument."""
    if not request.infotext:
        return request
    pasted = infotext.parse(request.infotext)
    given = request.model_dump(exclude_unset=True)
    settings = {**_settings(pasted), **(request.override_settings or {})}
    try:
        return type(request).model_validate({**dict(_fields(request, pasted)), **given, "override_settings": settings})
    except ValidationError as error:
        raise invalid(error, "infotext") from None


def _fields(request: GenerationRequest, pasted: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    names = _SHARED if isinstance(request, Img2ImgRequest) else _TXT2IMG
    yield from ((names[key], value) for key, value in pasted.items() if key in names)
    if names is _TXT2IMG and any(key in pasted for key in _SECOND_PASS):
        yield "enable_hr", True


def _settings(pasted: Mapping[str, str]) -> dict[str, str]:
    """Options that the text tells. A hash names a model more surely than its name does, so it comes later."""
    return {_SETTINGS[key]: pasted[key] for key in _SETTINGS if key in pasted}
