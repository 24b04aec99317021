"""Options about files, their names and the folders that they go to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from gateway_svc.sdapi.coercion import Number, Text, Whole


class Saving(BaseModel):
    """How pictures are written, and which are kept."""

    samples_save: bool = True
    samples_format: Text = "png"
    grid_save: bool = True
    jpeg_quality: Whole = 80
    webp_lossless: bool = False
    img_max_size_mp: Number = 200.0


class Paths(BaseModel):
    """Folders below the data folder's `outputs`."""

    outdir_samples: Text = ""
    outdir_txt2img_samples: Text = "txt2img-images"
    outdir_img2img_samples: Text = "img2img-images"
    outdir_grids: Text = ""
    outdir_txt2img_grids: Text = "txt2img-grids"
    outdir_img2img_grids: Text = "img2img-grids"


SAVING_KEPT: Final[Mapping[str, Any]] = {
    "samples_filename_pattern": "",
    "save_images_add_number": True,
    "save_images_replace_action": "Replace",
    "grid_format": "png",
    "grid_extended_filename": False,
    "grid_only_if_multiple": True,
    "grid_prevent_empty_spots": False,
    "grid_zip_filename_pattern": "",
    "n_rows": -1,
    "font": "",
    "grid_text_active_color": "#000000",
    "grid_text_inactive_color": "#999999",
    "grid_background_color": "#ffffff",
    "save_images_before_face_restoration": False,
    "save_images_before_highres_fix": False,
    "save_images_before_color_correction": False,
    "save_mask": False,
    "save_mask_composite": False,
    "export_for_4chan": True,
    "img_downscale_threshold": 4.0,
    "target_side_length": 4000.0,
    "use_original_name_batch": True,
    "use_upscaler_name_as_suffix": False,
    "save_selected_only": True,
    "save_write_log_csv": True,
    "save_init_img": False,
    "temp_dir": "",
    "clean_temp_dir_at_start": False,
    "save_incomplete_images": False,
    "notification_audio": True,
    "notification_volume": 100,
}

PATHS_KEPT: Final[Mapping[str, Any]] = {
    "outdir_extras_samples": "extras-images",
    "outdir_save": "saved-images",
    "outdir_init_images": "init-images",
    "save_to_dirs": True,
    "grid_save_to_dirs": True,
    "use_save_to_dirs_for_ui": False,
    "directories_filename_pattern": "[date]",
    "directories_max_prompt_words": 8,
}
