"""Options about making pictures larger and mending faces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from gateway_svc.sdapi.coercion import Text, Whole


class Upscaling(BaseModel):
    """How pictures are made larger."""

    ESRGAN_tile: Whole = 192
    ESRGAN_tile_overlap: Whole = 8
    upscaler_for_img2img: Text | None = None


class Faces(BaseModel):
    """Whether faces are mended: nothing is installed that could, and an answer says so."""

    face_restoration: bool = False


UPSCALING_KEPT: Final[Mapping[str, Any]] = {
    "realesrgan_enabled_models": ["R-ESRGAN 4x+", "R-ESRGAN 4x+ Anime6B"],
    "dat_enabled_models": ["DAT x2", "DAT x3", "DAT x4"],
    "DAT_tile": 192,
    "DAT_tile_overlap": 8,
    "SCUNET_tile": 256,
    "SCUNET_tile_overlap": 8,
    "SWIN_tile": 192,
    "SWIN_tile_overlap": 8,
    "SWIN_torch_compile": False,
    "ldsr_steps": 100,
    "ldsr_cached": False,
    "set_scale_by_when_changing_upscaler": False,
}

FACES_KEPT: Final[Mapping[str, Any]] = {
    "face_restoration_model": "CodeFormer",
    "code_former_weight": 0.5,
    "face_restoration_unload": False,
}

POSTPROCESSING_KEPT: Final[Mapping[str, Any]] = {
    "postprocessing_enable_in_main_ui": [],
    "postprocessing_disable_in_extras": [],
    "postprocessing_operation_order": [],
    "upscaling_max_images_in_cache": 5,
    "postprocessing_existing_caption_action": "Ignore",
}
