"""Every route of A1111, and the test that shows what it does here."""

from __future__ import annotations

from typing import Final

from tools.compatibility.rows import Row, Verdict

_CASES: Final = "tests/contract/gateway"
_SUITE: Final = "tests/e2e/test_a1111_suite.py"
_NOTHING: Final = f"{_CASES}/test_lists.py::test_what_nobody_has_installed_is_an_empty_list"
_AGAIN: Final = f"{_CASES}/test_lists.py::test_lists_can_be_read_anew"
_TRAINING: Final = f"{_CASES}/test_routes.py::test_training_is_refused_in_a1111s_shape"
_IN_USE: Final = f"{_CASES}/test_lists.py::test_the_checkpoint_in_use_can_be_put_out_and_loaded_again"
_EMPTY: Final = "none is installed: the list is empty"
_ASKED_FOR: Final = "only with `--api-server-stop`"


def _works(name: str, test: str, note: str = "") -> Row:
    return Row(name, Verdict.WORKS, test if test.startswith("tests/") else f"{_CASES}/{test}", note)


ROUTES: Final = (
    _works("POST /sdapi/v1/txt2img", f"{_SUITE}::TestTxt2Img"),
    _works("POST /sdapi/v1/img2img", f"{_SUITE}::TestImg2Img"),
    _works("POST /sdapi/v1/extra-single-image", f"{_SUITE}::TestExtras"),
    _works("POST /sdapi/v1/extra-batch-images", "test_extras.py::test_several_pictures_come_back_in_their_order"),
    _works("POST /sdapi/v1/png-info", "test_texts.py::TestPngInfo"),
    _works("GET /sdapi/v1/progress", "test_progress.py::test_progress_counts_batches_and_steps_as_a1111_does"),
    _works(
        "POST /sdapi/v1/interrogate",
        "test_extras.py::test_an_installed_model_describes",
        "the embedded captioner knows Flatland's world alone; without any: 404 Model not found, as A1111 answers",
    ),
    _works("POST /sdapi/v1/interrupt", "test_progress.py::test_interrupt_and_skip_stop_what_progress_shows"),
    _works("POST /sdapi/v1/skip", "test_progress.py::test_interrupt_and_skip_stop_what_progress_shows"),
    _works("GET /sdapi/v1/options", "test_options.py::test_options_are_a1111s_with_their_defaults_and_types"),
    _works("POST /sdapi/v1/options", "test_options.py::test_a_whole_object_can_be_written_back"),
    _works(
        "GET /sdapi/v1/cmd-flags",
        "test_routes.py::test_every_flag_that_clients_look_at_is_there_and_no_secret",
        "secrets are null",
    ),
    _works("GET /sdapi/v1/samplers", "test_lists.py::test_samplers_are_listed_as_the_service_orders_them"),
    _works("GET /sdapi/v1/schedulers", "test_lists.py::test_schedulers_are_listed_with_null_for_no_aliases"),
    _works("GET /sdapi/v1/upscalers", "test_lists.py::test_upscalers_and_latent_modes_are_told_apart"),
    _works("GET /sdapi/v1/latent-upscale-modes", "test_lists.py::test_upscalers_and_latent_modes_are_told_apart"),
    _works("GET /sdapi/v1/sd-models", "test_lists.py::test_models_are_listed_with_title_and_hashes"),
    _works("GET /sdapi/v1/sd-vae", _NOTHING, _EMPTY),
    _works("GET /sdapi/v1/hypernetworks", _NOTHING, _EMPTY),
    _works("GET /sdapi/v1/face-restorers", _NOTHING, _EMPTY),
    _works("GET /sdapi/v1/realesrgan-models", _NOTHING, _EMPTY),
    _works("GET /sdapi/v1/prompt-styles", "test_texts.py::test_styles_are_put_around_or_behind_the_prompts"),
    _works("GET /sdapi/v1/embeddings", "test_lists.py::test_loras_and_embeddings_are_listed"),
    _works("POST /sdapi/v1/refresh-embeddings", _AGAIN),
    _works("POST /sdapi/v1/refresh-checkpoints", _AGAIN),
    _works("POST /sdapi/v1/refresh-vae", _AGAIN),
    *(
        Row(f"POST /sdapi/v1/{verb}/{what}", Verdict.REFUSED, _TRAINING, "501: this server does not train")
        for verb in ("create", "train")
        for what in ("embedding", "hypernetwork")
    ),
    _works("GET /sdapi/v1/memory", "test_lists.py::test_memory_is_the_devices"),
    _works("POST /sdapi/v1/unload-checkpoint", _IN_USE),
    _works("POST /sdapi/v1/reload-checkpoint", _IN_USE),
    _works("GET /sdapi/v1/scripts", "test_lists.py::test_scripts_are_listed_by_their_titles_in_small_letters"),
    _works("GET /sdapi/v1/script-info", "test_lists.py::test_arguments_of_scripts_are_listed_in_their_order"),
    _works("GET /sdapi/v1/extensions", _NOTHING, _EMPTY),
    _works("POST /sdapi/v1/server-kill", "test_flags.py::test_killing_waits_for_nothing", _ASKED_FOR),
    _works(
        "POST /sdapi/v1/server-restart",
        "test_flags.py::test_restarting_ends_in_order_under_supervision",
        f"{_ASKED_FOR}; 501 where nothing would start it again",
    ),
    _works("POST /sdapi/v1/server-stop", "test_flags.py::test_stopping_says_so_in_plain_text", _ASKED_FOR),
    _works("GET /sdapi/v1/loras", "test_lists.py::test_loras_and_embeddings_are_listed"),
    _works("POST /sdapi/v1/refresh-loras", _AGAIN),
    _works("POST /internal/progress", "test_progress.py::TestInternalProgress"),
    _works("GET /internal/pending-tasks", "test_progress.py::TestInternalProgress"),
    _works("GET /internal/ping", "test_compatibility.py::test_a_route_answers_as_the_table_says"),
    _works("GET /internal/quicksettings-hint", "test_routes.py::test_quick_settings_may_be_any_option"),
    _works("GET /internal/profile-startup", "test_routes.py::test_the_start_is_timed"),
    _works("GET /internal/sysinfo", "test_routes.py::test_a_report_holds_no_secret"),
    _works("GET /internal/sysinfo-download", "test_routes.py::test_a_report_holds_no_secret"),
    _works(
        "GET /sd_extra_networks/thumb",
        "test_routes.py::test_a_preview_beside_a_checkpoint_is_shown_and_no_other_file",
    ),
    _works("GET /sd_extra_networks/metadata", "test_routes.py::test_metadata_of_a_network_is_json_text"),
    _works("GET /sd_extra_networks/cover-images", "test_routes.py::test_a_cover_picture_comes_out_of_the_metadata"),
    _works("GET /sd_extra_networks/get-single-card", "test_routes.py::test_a_card_shows_what_is_there"),
    _works("GET /", "test_routes.py::test_the_start_page_answers", "a page of this server's own"),
    _works("GET /docs", "test_access.py::test_the_api_documents_itself"),
    _works("GET /redoc", "test_access.py::test_the_documentation_needs_nothing_from_elsewhere"),
    _works("GET /openapi.json", "test_access.py::test_the_api_documents_itself"),
)
"""In A1111's order: its API, then what its page asks for."""

OWN: Final = frozenset({"GET /healthz", "GET /readyz", "GET /metrics", "GET /internal/defaults"})
"""Routes beside A1111's that the API documents."""
