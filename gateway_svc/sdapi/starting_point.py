"""The pictures to start from, and the part of them that is made anew, in the words of the contract. Pure."""

from __future__ import annotations

import re
from typing import Final

from gateway_svc.sdapi.job import Job
from gateway_svc.sdapi.options import Options
from gateway_svc.sdapi.schemas import Img2ImgRequest
from gateway_svc.sdapi.solver_settings import first
from latentwire.v1 import generation_service_pb2 as gs
from latentwire.v1 import types_pb2 as types

RESIZE_MODES: Final = (
    types.RESIZE_MODE_STRETCH,
    types.RESIZE_MODE_CROP,
    types.RESIZE_MODE_FILL,
    types.RESIZE_MODE_LATENT,
)
FILLS: Final = (
    gs.MASK_FILL_FILL,
    gs.MASK_FILL_ORIGINAL,
    gs.MASK_FILL_LATENT_NOISE,
    gs.MASK_FILL_LATENT_NOTHING,
)
_WHITE: Final = 0xFFFFFF


def init(job: Job, request: Img2ImgRequest) -> gs.InitImage:
    """The pictures to start from, and how."""
    options, mode = job.options, request.resize_mode or 0
    return gs.InitImage(
        images=[types.Image(data=data) for data in job.init_images],
        strength=request.denoising_strength,
        resize_mode=RESIZE_MODES[mode] if 0 <= mode < len(RESIZE_MODES) else types.RESIZE_MODE_STRETCH,
        exact_steps=options.img2img_fix_steps,
        background_rgb=background(options.img2img_background_color),
        noise_multiplier=first(request.initial_noise_multiplier, options.initial_noise_multiplier),
        extra_noise=options.img2img_extra_noise,
        color_correction=options.img2img_color_correction,
        upscaler=job.upscaler,
    )


def inpaint(mask: bytes, request: Img2ImgRequest, options: Options) -> gs.Inpaint:
    """Which part is made anew, and what comes back beside the result."""
    fill = request.inpainting_fill or 0
    return gs.Inpaint(
        mask=types.Image(data=mask),
        blur_x=request.mask_blur_x if request.mask_blur is None else request.mask_blur,
        blur_y=request.mask_blur_y if request.mask_blur is None else request.mask_blur,
        invert=bool(request.inpainting_mask_invert),
        fill=FILLS[fill] if 0 <= fill < len(FILLS) else gs.MASK_FILL_FILL,
        only_masked=bool(request.inpaint_full_res),
        only_masked_padding=request.inpaint_full_res_padding,
        overlay=options.overlay_inpaint,
        round=request.mask_round,
        conditioning_weight=options.inpainting_mask_weight,
        return_mask=options.return_mask,
        return_composite=options.return_mask_composite,
    )


def background(colour: str) -> int:
    """`#rrggbb` as a number; white for what is none."""
    return int(colour[1:], 16) if re.fullmatch(r"#[0-9a-fA-F]{6}", colour) else _WHITE
