"""A1111's options: those that mean something here, with its names, types and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from gateway_svc.sdapi.coercion import Number, Text, Whole

READ_ONLY: Final = frozenset(
    {"sd_checkpoint_hash", "api_enable_requests", "api_forbid_local_requests", "api_useragent"}
)
"""Options that no client sets: what follows from others, and what guards the server."""

INERT: Final = (
    *("token_merging_ratio", "token_merging_ratio_img2img", "token_merging_ratio_hr", "sd_noise_schedule"),
    *("uni_pc_variant", "uni_pc_skip_type", "uni_pc_order", "uni_pc_lower_order_final", "use_old_scheduling"),
    *("beta_dist_alpha", "beta_dist_beta", "pad_cond_uncond", "sd_lora", "extra_networks_default_multiplier"),
    *("sdxl_crop_top", "sdxl_crop_left", "sdxl_clip_l_skip", "upscaler_for_img2img"),
    *("add_model_name_to_info", "add_model_hash_to_info", "add_version_to_infotext"),
)
"""Options that change pictures or their texts in A1111 and change nothing here: said wherever they are set."""


class UnknownOption(KeyError):
    """No option has that name."""


class Options(BaseModel):
    """One snapshot. Requests keep theirs, whatever is changed meanwhile."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    # Models
    sd_model_checkpoint: Text | None = None
    sd_checkpoint_hash: Text = ""
    sd_vae: Text = "Automatic"
    CLIP_stop_at_last_layers: Whole = 1
    sd_lora: Text = "None"
    extra_networks_default_multiplier: Number = 1.0
    auto_vae_precision: bool = True
    # Files
    samples_format: Text = "png"
    jpeg_quality: Whole = 80
    webp_lossless: bool = False
    samples_save: bool = True
    grid_save: bool = True
    return_grid: bool = True
    enable_pnginfo: bool = True
    outdir_samples: Text = ""
    outdir_txt2img_samples: Text = "txt2img-images"
    outdir_img2img_samples: Text = "img2img-images"
    outdir_extras_samples: Text = "extras-images"
    outdir_grids: Text = ""
    outdir_txt2img_grids: Text = "txt2img-grids"
    outdir_img2img_grids: Text = "img2img-grids"
    # Infotext
    add_model_name_to_info: bool = True
    add_model_hash_to_info: bool = True
    add_vae_name_to_info: bool = True
    add_vae_hash_to_info: bool = True
    add_version_to_infotext: bool = True
    infotext_styles: Text = "Apply if any"
    send_seed: bool = True
    # Noise
    eta_noise_seed_delta: Whole = 0
    randn_source: Text = "GPU"
    # Prompts
    emphasis: Text = "Original"
    comma_padding_backtrack: Whole = 20
    enable_prompt_comments: bool = True
    use_old_scheduling: bool = False
    # Solvers
    eta_ancestral: Number = 1.0
    eta_ddim: Number = 0.0
    s_churn: Number = 0.0
    s_tmin: Number = 0.0
    s_tmax: Number = 0.0
    s_noise: Number = 1.0
    sigma_min: Number = 0.0
    sigma_max: Number = 0.0
    rho: Number = 0.0
    always_discard_next_to_last_sigma: bool = False
    sgm_noise_multiplier: bool = False
    uni_pc_variant: Text = "bh1"
    uni_pc_skip_type: Text = "time_uniform"
    uni_pc_order: Whole = 3
    uni_pc_lower_order_final: bool = True
    sd_noise_schedule: Text = "Default"
    beta_dist_alpha: Number = 0.6
    beta_dist_beta: Number = 0.6
    # Guidance
    skip_early_cond: Number = 0.0
    s_min_uncond: Number = 0.0
    token_merging_ratio: Number = 0.0
    token_merging_ratio_img2img: Number = 0.0
    token_merging_ratio_hr: Number = 0.0
    pad_cond_uncond: bool = False
    batch_cond_uncond: bool = True
    persistent_cond_cache: bool = True
    # Pictures to start from
    img2img_color_correction: bool = False
    img2img_fix_steps: bool = False
    img2img_background_color: Text = "#ffffff"
    img2img_extra_noise: Number = 0.0
    initial_noise_multiplier: Number = 1.0
    inpainting_mask_weight: Number = 1.0
    overlay_inpaint: bool = True
    return_mask: bool = False
    return_mask_composite: bool = False
    # Enlarging and repairing
    upscaler_for_img2img: Text | None = None
    ESRGAN_tile: Whole = 192
    ESRGAN_tile_overlap: Whole = 8
    face_restoration: bool = False
    face_restoration_model: Text = "CodeFormer"
    code_former_weight: Number = 0.5
    hires_fix_refiner_pass: Text = "second pass"
    use_old_hires_fix_width_height: bool = False
    tiling: bool = False
    sdxl_crop_top: Whole = 0
    sdxl_crop_left: Whole = 0
    sdxl_clip_l_skip: bool = False
    # Live previews
    live_previews_enable: bool = True
    live_previews_image_format: Text = "png"
    show_progress_every_n_steps: Whole = 10
    show_progress_type: Text = "Approx NN"
    # The API itself
    api_enable_requests: bool = True
    api_forbid_local_requests: bool = True
    api_useragent: Text = ""

    def overlaid(self, changes: Mapping[str, Any]) -> Self:
        """These options with some others in their place; null changes nothing that can't be null.

        Raises UnknownOption, and pydantic's ValidationError for a value of another type.
        """
        for name in changes:
            if name not in type(self).model_fields:
                raise UnknownOption(name)
        return type(self).model_validate({**dict(self), **_without_nulls(type(self), changes)})

    def shown(self) -> dict[str, Any]:
        """What GET answers: whole numbers whose default isn't 0 come as floats, as A1111 sends them."""
        fields = type(self).model_fields
        return {name: _as_shown(value, fields[name].default) for name, value in self}


def _without_nulls(kind: type[Options], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in changes.items() if value is not None or kind.model_fields[name].default is None
    }


def _as_shown(value: object, default: object) -> object:
    counted = isinstance(value, int) and not isinstance(value, bool) and default
    return float(value) if counted and isinstance(value, int) else value


__all__ = ["Options", "UnknownOption", "ValidationError"]
