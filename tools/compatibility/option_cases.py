"""Every option that works: a value for it, and what that value changes."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any, Final

from gateway_svc.sdapi import option_spec
from tools.compatibility.fields import Case, Effect
from tools.compatibility.input_fields import PICTURE

_SAVED: Final = MappingProxyType({"save_images": True})
_GRID: Final = MappingProxyType({"save_images": True, "n_iter": 2})
_PICTURE: Final = MappingProxyType({"init_images": [PICTURE]})
_MASKED: Final = MappingProxyType({"init_images": [PICTURE], "mask": PICTURE})
_UNI_PC: Final = MappingProxyType({"sampler_name": "UniPC"})
_BETA: Final = MappingProxyType({"scheduler": "Beta"})
_SPECIAL: Final = MappingProxyType(
    {
        case.name: case
        for case in (
            Case("samples_save", False, Effect.FILES, base=_SAVED),
            Case("samples_format", "jpg", Effect.ANSWER),
            Case("grid_save", False, Effect.FILES, base=_GRID),
            Case("return_grid", False, Effect.ANSWER, base=_GRID),
            Case("jpeg_quality", 10, Effect.ANSWER, base={"override_settings": {"samples_format": "jpg"}}),
            Case("webp_lossless", True, Effect.ANSWER, base={"override_settings": {"samples_format": "webp"}}),
            *(Case(f"outdir_{name}", "kept", Effect.FILES, base=_GRID) for name in ("samples", "grids")),
            *(Case(f"outdir_txt2img_{name}", "kept", Effect.FILES, base=_GRID) for name in ("samples", "grids")),
            *(
                Case(f"outdir_img2img_{name}", "kept", Effect.FILES, base={**_GRID, **_PICTURE})
                for name in ("samples", "grids")
            ),
            Case("upscaler_for_img2img", "Photo 2x", base=_PICTURE),
            Case("face_restoration", True, Effect.SAID),
            Case("sd_vae", "other", Effect.SAID),
            Case("sd_model_checkpoint", "other"),
            Case("emphasis", "Ignore"),
            Case("enable_prompt_comments", False, base={"prompt": "a # b"}),
            Case("randn_source", "CPU"),
            Case(
                "hires_fix_refiner_pass",
                "both passes",
                base={"refiner_checkpoint": "other", "refiner_switch_at": 0.5, "enable_hr": True},
            ),
            Case("inpainting_mask_weight", 0.5, base=_MASKED),
            Case("overlay_inpaint", False, base=_MASKED),
            Case("return_mask", True, base=_MASKED),
            Case("return_mask_composite", True, base=_MASKED),
            *(
                Case(name, value, base=_PICTURE)
                for name, value in (
                    ("initial_noise_multiplier", 0.5),
                    ("img2img_extra_noise", 0.5),
                    ("img2img_color_correction", True),
                    ("img2img_fix_steps", True),
                    ("img2img_background_color", "#000000"),
                )
            ),
            Case("live_previews_image_format", "jpeg"),
            Case("eta_ddim", 0.5, base={"sampler_name": "DDIM"}),
            Case("eta_ancestral", 0.5),
            Case("uni_pc_variant", "bh2", base=_UNI_PC),
            Case("uni_pc_skip_type", "logSNR", base=_UNI_PC),
            Case("uni_pc_order", 2, base=_UNI_PC),
            Case("uni_pc_lower_order_final", False, base=_UNI_PC),
            Case("beta_dist_alpha", 0.5, base=_BETA),
            Case("beta_dist_beta", 0.5, base=_BETA),
            Case("s_min_uncond", 0.5),
            Case("s_noise", 0.5),
            Case("sigma_min", 0.5),
            Case("skip_early_cond", 0.5),
            Case("enable_pnginfo", False, Effect.ANSWER),
        )
    }
)
ELSEWHERE: Final = MappingProxyType(
    {
        "ESRGAN_tile": "tests/contract/gateway/test_compatibility.py::test_tiles_of_upscalers_are_as_the_options_say",
        "ESRGAN_tile_overlap": (
            "tests/contract/gateway/test_compatibility.py::test_tiles_of_upscalers_are_as_the_options_say"
        ),
        "img_max_size_mp": "tests/contract/gateway/test_scripts.py::TestPlot::test_a_sheet_beyond_the_limit_is_refused",
    }
)
"""Options of what no plain request asks for, with tests of their own."""


def cases() -> Iterator[Case]:
    """One for each option that works, but for those with tests of their own."""
    for spec in option_spec.OPTION_SPECS:
        if spec.effect is option_spec.Effect.WORKS and spec.name not in ELSEWHERE:
            yield _SPECIAL.get(spec.name) or Case(spec.name, other(spec.default))


def other(default: Any) -> Any:
    """Another value of the same type."""
    if isinstance(default, str):
        return "another"
    return not default if isinstance(default, bool) else default + 1
