"""A1111's start flags as /cmd-flags shows them: every name that it has, with the value that holds here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway_svc.settings import Settings

_OFF: Final = (
    *("update_all_extensions", "skip_python_version_check", "skip_torch_cuda_test", "reinstall_xformers"),
    *("reinstall_torch", "update_check", "test_server", "log_startup", "skip_prepare_environment", "skip_install"),
    *("dump_sysinfo", "do_not_download_clip", "no_half", "no_half_vae", "no_progressbar_hiding", "allow_code"),
    *("medvram", "medvram_sdxl", "lowvram", "lowram", "unload_gfpgan", "upcast_sampling", "share"),
    *("enable_insecure_extension_access", "xformers", "force_enable_xformers", "xformers_flash_attention"),
    *("opt_split_attention", "opt_sub_quad_attention", "opt_split_attention_invokeai", "opt_split_attention_v1"),
    *("opt_sdp_attention", "opt_sdp_no_mem_attention", "disable_opt_split_attention", "disable_nan_check", "use_ipex"),
    *("disable_model_loading_ram_optimization", "freeze_settings_in_sections", "freeze_specific_settings"),
    *("gradio_debug", "opt_channelslast", "autolaunch", "use_textbox_seed", "disable_console_progressbars"),
    *("enable_console_prompts", "disable_safe_unpickle", "ui_debug_mode", "administrator", "disable_tls_verify"),
    *("no_gradio_queue", "skip_version_check", "no_hashing", "no_download_sd_model", "add_stop_route"),
    *("disable_all_extensions", "disable_extra_extensions", "skip_load_model_at_start", "no_prompt_history"),
    *("unix_filenames_sanitization", "show_negative_prompt", "deepdanbooru", "always_batch_cond_uncond"),
)
_NONE: Final = (
    *("loglevel", "ckpt", "ckpt_dir", "vae_dir", "gfpgan_dir", "gfpgan_model", "embeddings_dir", "lora_dir", "config"),
    *("textual_inversion_templates_dir", "hypernetwork_dir", "localizations_dir", "models_dir", "vae_path"),
    *("codeformer_models_path", "gfpgan_models_path", "esrgan_models_path", "bsrgan_models_path", "dat_models_path"),
    *("realesrgan_models_path", "clip_models_path", "ldsr_models_path", "scunet_models_path", "swinir_models_path"),
    *("sub_quad_kv_chunk_size", "sub_quad_chunk_threshold", "gradio_auth", "gradio_auth_path", "gradio_allowed_path"),
    *("gradio_img2img_tool", "gradio_inpaint_tool", "ngrok", "device_id", "theme"),
)
_OTHER: Final[Mapping[str, Any]] = {
    "f": False,
    "max_batch_count": 16,
    "precision": "autocast",
    "sub_quad_q_chunk_size": 1024,
    "use_cpu": [],
    "ngrok_region": "",
    "ngrok_options": {},
    "gradio_queue": True,
    "filenames_max_length": 128,
}


def cmd_flags(settings: Settings) -> dict[str, Any]:
    """Every flag. Secrets are null whether they were given or not."""
    unused = dict.fromkeys(_OFF, False) | dict.fromkeys(_NONE) | dict(_OTHER)
    return unused | _told(settings) | {"api_auth": None, "gradio_auth": None}


def _told(settings: Settings) -> dict[str, Any]:
    return {
        "api": True,
        "nowebui": False,
        "listen": settings.host in ("0.0.0.0", "::"),
        "server_name": settings.host,
        "port": settings.port,
        "data_dir": str(settings.data_dir),
        "styles_file": [str(settings.data_dir / "styles.csv")],
        "ui_settings_file": str(settings.data_dir / "options.json"),
        "ui_config_file": str(settings.data_dir / "ui-config.json"),
        "api_log": settings.api_log,
        "api_server_stop": settings.api_server_stop,
        "cors_allow_origins": ",".join(settings.cors_allow_origins) or None,
        "cors_allow_origins_regex": settings.cors_allow_origins_regex,
        "subpath": settings.subpath.strip("/") or None,
        "tls_keyfile": _text(settings.tls_keyfile),
        "tls_certfile": _text(settings.tls_certfile),
        "timeout_keep_alive": settings.timeout_keep_alive,
        "freeze_settings": settings.freeze_settings,
        "hide_ui_dir_config": settings.hide_ui_dir_config,
    }


def _text(path: object) -> str | None:
    return None if path is None else str(path)
