"""Fields of routes that take pictures: img2img's own, and those of the extras."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from tools.compatibility.fields import Case, Effect

PICTURE: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAHUlEQVR42mNkYGgQYGAgHrEwCDCQ"
    "BEY1jGoYOhoAHgoCnoxpJwYAAAAASUVORK5CYII="
)
"""A PNG file of 16 by 16 pixels, in base64."""
MASK: Final = PICTURE
_MASKED: Final = MappingProxyType({"mask": MASK})
_LARGER: Final = MappingProxyType({"upscaler_1": "Nearest"})
_NO_FACES: Final = "no face restorer is installed"

IMG2IMG: Final = (
    Case("init_images", [PICTURE, PICTURE], base={"batch_size": 2}),
    Case("denoising_strength", 0.5),
    Case("resize_mode", 1),
    Case("image_cfg_scale", 1.25),
    Case("mask", MASK),
    Case("mask_blur_x", 2, base=_MASKED),
    Case("mask_blur_y", 2, base=_MASKED),
    Case("mask_blur", 2, base=_MASKED),
    Case("mask_round", False, base=_MASKED),
    Case("inpainting_fill", 1, base=_MASKED),
    Case("inpaint_full_res", False, base=_MASKED),
    Case("inpaint_full_res_padding", 8, base=_MASKED),
    Case("inpainting_mask_invert", 1, base=_MASKED),
    Case("initial_noise_multiplier", 0.5),
    Case("latent_mask", MASK, Effect.REFUSED, note="501: A1111 can't be sent one either"),
    Case("include_init_images", True, Effect.ANSWER),
)
"""What img2img takes besides."""

EXTRAS: Final = (
    Case("resize_mode", 1, Effect.ANSWER, base=_LARGER),
    Case("show_extras_results", False, Effect.NOTHING, note="as in A1111's API"),
    Case("gfpgan_visibility", 0.5, Effect.SAID, note=_NO_FACES),
    Case("codeformer_visibility", 0.5, Effect.SAID, note=_NO_FACES),
    Case("codeformer_weight", 0.5, Effect.NOTHING, note=_NO_FACES),
    Case("upscaling_resize", 4, Effect.ANSWER, base=_LARGER),
    Case("upscaling_resize_w", 64, Effect.ANSWER, base={**_LARGER, "resize_mode": 1}),
    Case("upscaling_resize_h", 64, Effect.ANSWER, base={**_LARGER, "resize_mode": 1}),
    Case(
        "upscaling_crop",
        False,
        Effect.ANSWER,
        base={**_LARGER, "resize_mode": 1, "upscaling_resize_w": 64, "upscaling_resize_h": 32},
    ),
    Case("upscaler_1", "Lanczos", Effect.ANSWER, base={"upscaling_resize": 8}),
    Case(
        "upscaler_2",
        "Lanczos",
        Effect.ANSWER,
        base={**_LARGER, "upscaling_resize": 8, "extras_upscaler_2_visibility": 0.5},
    ),
    Case(
        "extras_upscaler_2_visibility",
        0.5,
        Effect.ANSWER,
        base={**_LARGER, "upscaling_resize": 8, "upscaler_2": "Lanczos"},
    ),
    Case("upscale_first", True, Effect.NOTHING, note="as in A1111, which has no use for it either"),
)
"""What both extras take; the pictures besides: image, and imageList for several."""
