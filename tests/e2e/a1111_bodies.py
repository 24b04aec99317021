"""The request bodies that A1111's own suite sends, and the pictures in them."""

from __future__ import annotations

import base64
import io
from typing import Any

from PIL import Image

SIDE = 64


def txt2img(**changes: Any) -> dict[str, Any]:
    """Its body for txt2img: three steps of Euler a at 64×64."""
    return {
        "batch_size": 1,
        "cfg_scale": 7,
        "denoising_strength": 0,
        "enable_hr": False,
        "eta": 0,
        "firstphase_height": 0,
        "firstphase_width": 0,
        "height": SIDE,
        "n_iter": 1,
        "negative_prompt": "",
        "prompt": "a red circle",
        "restore_faces": False,
        "s_churn": 0,
        "s_noise": 1,
        "s_tmax": 0,
        "s_tmin": 0,
        "sampler_index": "Euler a",
        "seed": -1,
        "seed_resize_from_h": -1,
        "seed_resize_from_w": -1,
        "steps": 3,
        "styles": [],
        "subseed": -1,
        "subseed_strength": 0,
        "tiling": False,
        "width": SIDE,
        **changes,
    }


def img2img(**changes: Any) -> dict[str, Any]:
    """Its body for img2img: no mask, and a picture as a data URL."""
    own = {
        "denoising_strength": 0.75,
        "include_init_images": False,
        "init_images": [data_url(start())],
        "inpaint_full_res": False,
        "inpaint_full_res_padding": 0,
        "inpainting_fill": 0,
        "inpainting_mask_invert": False,
        "mask": None,
        "override_settings": {},
        "resize_mode": 0,
    }
    common = {name: value for name, value in txt2img().items() if name not in ("enable_hr", "firstphase_width")}
    return {**common, **own, **changes}


def extras(**changes: Any) -> dict[str, Any]:
    """Its body for extra-single-image: Lanczos, twice as large."""
    return {
        "codeformer_visibility": 0,
        "codeformer_weight": 0,
        "extras_upscaler_2_visibility": 0,
        "gfpgan_visibility": 0,
        "image": data_url(start()),
        "resize_mode": 0,
        "show_extras_results": True,
        "upscale_first": False,
        "upscaler_1": "Lanczos",
        "upscaler_2": "None",
        "upscaling_crop": False,
        "upscaling_resize": 2,
        "upscaling_resize_h": 2 * SIDE,
        "upscaling_resize_w": 2 * SIDE,
        **changes,
    }


def start() -> Image.Image:
    """An opaque picture with an alpha channel: one gradient each way, (64, 64) RGBA."""
    across = Image.linear_gradient("L").resize((SIDE, SIDE))
    return Image.merge("RGBA", (across, across.rotate(90), across.rotate(180), Image.new("L", (SIDE, SIDE), 255)))


def left_half() -> Image.Image:
    """A mask that asks for the left half."""
    mask = Image.new("RGB", (SIDE, SIDE))
    mask.paste((255, 255, 255), (0, 0, SIDE // 2, SIDE))
    return mask


def data_url(image: Image.Image) -> str:
    """The picture as browsers send it."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
