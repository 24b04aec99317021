"""Options about models, VAEs, solvers and the picture to start from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from gateway_svc.sdapi.coercion import Number, Text, Whole


class StableDiffusion(BaseModel):
    """The model and how prompts are read."""

    sd_model_checkpoint: Text | None = None
    sd_checkpoint_hash: Text = ""
    emphasis: Text = "Original"
    comma_padding_backtrack: Whole = 20
    enable_prompt_comments: bool = True
    CLIP_stop_at_last_layers: Whole = 1
    randn_source: Text = "GPU"
    tiling: bool = False
    hires_fix_refiner_pass: Text = "second pass"


class Vae(BaseModel):
    """The VAE: the model's own, and an answer says so where another is asked for."""

    sd_vae: Text = "Automatic"


class Img2Img(BaseModel):
    """How a picture to start from is taken, and what comes back beside the result."""

    inpainting_mask_weight: Number = 1.0
    initial_noise_multiplier: Number = 1.0
    img2img_extra_noise: Number = 0.0
    img2img_color_correction: bool = False
    img2img_fix_steps: bool = False
    img2img_background_color: Text = "#ffffff"
    return_mask: bool = False
    return_mask_composite: bool = False
    overlay_inpaint: bool = True


class Optimizations(BaseModel):
    """Evaluations that are left out or padded."""

    s_min_uncond: Number = 0.0
    pad_cond_uncond: bool = False


class Compatibility(BaseModel):
    """Ways of old versions."""

    use_old_scheduling: bool = False
    use_old_karras_scheduler_sigmas: bool = False


class SamplerParameters(BaseModel):
    """Numbers of solvers and schedules."""

    eta_ddim: Number = 0.0
    eta_ancestral: Number = 1.0
    s_churn: Number = 0.0
    s_tmin: Number = 0.0
    s_tmax: Number = 0.0
    s_noise: Number = 1.0
    sigma_min: Number = 0.0
    sigma_max: Number = 0.0
    rho: Number = 0.0
    eta_noise_seed_delta: Whole = 0
    always_discard_next_to_last_sigma: bool = False
    sgm_noise_multiplier: bool = False
    uni_pc_variant: Text = "bh1"
    uni_pc_skip_type: Text = "time_uniform"
    uni_pc_order: Whole = 3
    uni_pc_lower_order_final: bool = True
    skip_early_cond: Number = 0.0
    beta_dist_alpha: Number = 0.6
    beta_dist_beta: Number = 0.6


STABLE_DIFFUSION_UNSERVED: Final[Mapping[str, Any]] = {
    "sd_unet": "Automatic",
    "enable_quantization": False,
    "enable_batch_seeds": True,
    "sdxl_clip_l_skip": False,
    "sdxl_crop_top": 0,
    "sdxl_crop_left": 0,
    "sdxl_refiner_low_aesthetic_score": 2.5,
    "sdxl_refiner_high_aesthetic_score": 6.0,
    "sd3_enable_t5": False,
}

STABLE_DIFFUSION_KEPT: Final[Mapping[str, Any]] = {
    "sd_checkpoints_limit": 1,
    "sd_checkpoints_keep_in_cpu": True,
    "sd_checkpoint_cache": 0,
    "upcast_attn": False,
}

VAE_UNSERVED: Final[Mapping[str, Any]] = {
    "sd_vae_encode_method": "Full",
    "sd_vae_decode_method": "Full",
}

VAE_KEPT: Final[Mapping[str, Any]] = {
    "sd_vae_explanation": "",
    "sd_vae_checkpoint_cache": 0,
    "sd_vae_overrides_per_model_preferences": True,
    "auto_vae_precision_bfloat16": False,
    "auto_vae_precision": True,
}

IMG2IMG_KEPT: Final[Mapping[str, Any]] = {
    "img2img_editor_height": 720,
    "img2img_sketch_default_brush_color": "#ffffff",
    "img2img_inpaint_mask_brush_color": "#ffffff",
    "img2img_inpaint_sketch_default_brush_color": "#ffffff",
    "img2img_batch_show_results_limit": 32,
}

OPTIMIZATIONS_UNSERVED: Final[Mapping[str, Any]] = {
    "s_min_uncond_all": False,
    "token_merging_ratio": 0.0,
    "token_merging_ratio_img2img": 0.0,
    "token_merging_ratio_hr": 0.0,
    "pad_cond_uncond_v0": False,
    "fp8_storage": "Disable",
    "hypertile_enable_unet": False,
    "hypertile_enable_unet_secondpass": False,
    "hypertile_enable_vae": False,
}

OPTIMIZATIONS_KEPT: Final[Mapping[str, Any]] = {
    "cross_attention_optimization": "Automatic",
    "persistent_cond_cache": True,
    "batch_cond_uncond": True,
    "cache_fp16_weight": False,
    "hypertile_explanation": "",
    "hypertile_max_depth_unet": 3,
    "hypertile_max_tile_unet": 256,
    "hypertile_swap_size_unet": 3,
    "hypertile_max_depth_vae": 3,
    "hypertile_max_tile_vae": 128,
    "hypertile_swap_size_vae": 3,
}

COMPATIBILITY_UNSERVED: Final[Mapping[str, Any]] = {
    "use_old_emphasis_implementation": False,
    "no_dpmpp_sde_batch_determinism": False,
    "use_old_hires_fix_width_height": False,
    "hires_fix_use_firstpass_conds": False,
    "use_downcasted_alpha_bar": False,
    "refiner_switch_by_sample_steps": False,
}

COMPATIBILITY_KEPT: Final[Mapping[str, Any]] = {"auto_backcompat": True}

SAMPLER_UNSERVED: Final[Mapping[str, Any]] = {
    "ddim_discretize": "uniform",
    "sd_noise_schedule": "Default",
}

SAMPLER_KEPT: Final[Mapping[str, Any]] = {"hide_samplers": []}
