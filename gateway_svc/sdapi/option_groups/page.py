"""Options about what users see: texts of pictures, previews, and A1111's page, which this server does not have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from gateway_svc.sdapi.coercion import Text, Whole


class Infotext(BaseModel):
    """What is written into pictures."""

    enable_pnginfo: bool = True
    add_model_name_to_info: bool = True
    add_model_hash_to_info: bool = True
    add_vae_name_to_info: bool = True
    add_vae_hash_to_info: bool = True
    add_version_to_infotext: bool = True


class LivePreviews(BaseModel):
    """Pictures on the way."""

    live_previews_enable: bool = True
    live_previews_image_format: Text = "png"
    show_progress_grid: bool = True
    show_progress_every_n_steps: Whole = 10


class Page(BaseModel):
    """What A1111's page and its API share."""

    return_grid: bool = True


INFOTEXT_KEPT: Final[Mapping[str, Any]] = {
    "infotext_explanation": "",
    "save_txt": False,
    "add_user_name_to_info": False,
    "disable_weights_auto_swap": True,
    "infotext_skip_pasting": [],
    "infotext_styles": "Apply if any",
}

LIVE_PREVIEWS_KEPT: Final[Mapping[str, Any]] = {
    "show_progressbar": True,
    "show_progress_type": "Approx NN",
    "live_preview_allow_lowvram_full": False,
    "live_preview_content": "Prompt",
    "live_preview_refresh_period": 1000,
    "live_preview_fast_interrupt": False,
    "js_live_preview_in_modal_lightbox": False,
    "prevent_screen_sleep_during_generation": True,
}

PROMPT_EDITING_KEPT: Final[Mapping[str, Any]] = {
    "keyedit_precision_attention": 0.1,
    "keyedit_precision_extra": 0.05,
    "keyedit_delimiters": r".,\/!?%^*;:{}=`~() ",
    "keyedit_delimiters_whitespace": ["Tab", "Carriage Return", "Line Feed"],
    "keyedit_move": True,
    "disable_token_counters": False,
    "include_styles_into_token_counters": True,
}

GALLERY_KEPT: Final[Mapping[str, Any]] = {
    "do_not_show_images": False,
    "js_modal_lightbox": True,
    "js_modal_lightbox_initially_zoomed": True,
    "js_modal_lightbox_gamepad": False,
    "js_modal_lightbox_gamepad_repeat": 250,
    "sd_webui_modal_lightbox_icon_opacity": 1,
    "sd_webui_modal_lightbox_toolbar_opacity": 0.9,
    "gallery_height": "",
    "open_dir_button_choice": "Subdirectory",
}

PAGE_KEPT: Final[Mapping[str, Any]] = {
    "quicksettings_list": ["sd_model_checkpoint"],
    "send_seed": True,
    "send_size": True,
    "compact_prompt_box": False,
    "samplers_in_dropdown": True,
    "dimensions_and_batch_together": True,
    "sd_checkpoint_dropdown_use_short": False,
    "hires_fix_show_sampler": False,
    "hires_fix_show_prompts": False,
    "txt2img_settings_accordion": False,
    "img2img_settings_accordion": False,
    "interrupt_after_current": True,
    "localization": "None",
    "ui_tab_order": [],
    "hidden_tabs": [],
    "ui_reorder_list": [],
    "gradio_theme": "Default",
    "gradio_themes_cache": True,
    "show_progress_in_title": True,
    "enable_reloading_ui_scripts": False,
    "settings_in_ui": "",
    "extra_options_txt2img": [],
    "extra_options_img2img": [],
    "extra_options_cols": 1,
    "extra_options_accordion": False,
}

CANVAS_KEPT: Final[Mapping[str, Any]] = {
    "canvas_hotkey_zoom": "Alt",
    "canvas_hotkey_adjust": "Ctrl",
    "canvas_hotkey_shrink_brush": "Q",
    "canvas_hotkey_grow_brush": "W",
    "canvas_hotkey_move": "F",
    "canvas_hotkey_fullscreen": "S",
    "canvas_hotkey_reset": "R",
    "canvas_hotkey_overlap": "O",
    "canvas_show_tooltip": True,
    "canvas_auto_expand": True,
    "canvas_blur_prompt": False,
    "canvas_disabled_functions": ["Overlap"],
}
