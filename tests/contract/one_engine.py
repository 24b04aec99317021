"""The cases of this suite that do not run against both engines, each with its reason: reviewed, and exact."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_MISBEHAVES = "the fake is told to misbehave; no other device does on demand"
_NO_ENGINE = "no engine takes part"
_MANY_BYTES = "large pictures by the dozen, for the sake of their bytes"
_MANY_REQUESTS = "requests by the hundred, for the sake of the gateway that reads them"
_SCRIPTED = "the gateway before a scripted service"
_PROCESS = "what the process does, whatever it computes with"

ONE_ENGINE: Mapping[str, str] = MappingProxyType(
    {
        "test_fake.py": "what only the fake does",
        "test_never_the_fake.py": "the real engine, where it can't start",
        "test_denoising_docs.py": _NO_ENGINE,
        "test_same_cases.py": _NO_ENGINE,
        "test_client.py::test_nobody_there_is_unavailable_after_every_try": _NO_ENGINE,
        "test_client.py::test_a_model_that_is_loading_is_asked_again_in_time": _MISBEHAVES,
        "test_client.py::test_what_ran_out_of_memory_is_not_asked_again": _MISBEHAVES,
        "test_client_tls.py::test_a_server_that_asks_who_calls_is_told": _NO_ENGINE,
        "test_client_tls.py::test_who_cannot_say_so_is_refused": _NO_ENGINE,
        "test_client_pages.py::test_the_table_of_exit_statuses_is_complete": _NO_ENGINE,
        "test_client_commands.py::test_nobody_there_is_one_sentence": _NO_ENGINE,
        "test_client_commands.py::test_each_kind_of_end_has_its_status": _MISBEHAVES,
        "gateway/test_access.py": _SCRIPTED,
        "gateway/test_compatibility.py": _SCRIPTED,
        "gateway/test_disconnect.py": _SCRIPTED,
        "gateway/test_errors.py": _SCRIPTED,
        "gateway/test_flags.py": _SCRIPTED,
        "gateway/test_img2img.py": _SCRIPTED,
        "gateway/test_lists.py": _SCRIPTED,
        "gateway/test_native_around.py": _SCRIPTED,
        "gateway/test_openapi.py": _MANY_REQUESTS,
        "gateway/test_options.py": _SCRIPTED,
        "gateway/test_outage.py": _SCRIPTED,
        "gateway/test_page.py": _SCRIPTED,
        "gateway/test_passes.py": _SCRIPTED,
        "gateway/test_pasted_texts.py": _MANY_REQUESTS,
        "gateway/test_progress.py": _SCRIPTED,
        "gateway/test_replicas.py": _SCRIPTED,
        "gateway/test_routes.py": _SCRIPTED,
        "gateway/test_scripts.py": _SCRIPTED,
        "gateway/test_texts.py": _SCRIPTED,
        "gateway/test_txt2img.py": _SCRIPTED,
        "test_bad_input.py::test_no_number_may_be_nan_or_infinite": _NO_ENGINE,
        "test_not_yet.py::test_the_table_names_rpcs_that_exist": _NO_ENGINE,
        "test_examples.py::test_each_is_under_sixty_lines_and_has_a_test_here": _NO_ENGINE,
        "test_errors.py::test_a_failing_step_fails_its_request_alone": _MISBEHAVES,
        "test_errors.py::test_a_device_without_memory_is_out_of_memory": _MISBEHAVES,
        "test_errors.py::test_a_model_that_is_loading_is_unavailable_for_now": _MISBEHAVES,
        "test_models.py::test_a_model_that_is_loading_is_listed_as_such": _MISBEHAVES,
        "test_overload.py::test_a_deadline_that_cannot_be_met_is_refused_at_once_once_measured": _MISBEHAVES,
        "test_overload.py::test_a_slow_reader_gets_every_picture_and_holds_its_generation_meanwhile": _MANY_BYTES,
        "test_overload.py::test_a_slow_reader_loses_progress_but_sees_the_gap": _MANY_BYTES,
        "test_overload.py::test_a_reader_that_takes_nothing_is_let_go": _MANY_BYTES,
        "test_service.py::test_a_second_signal_cancels_what_still_runs": _MISBEHAVES,
        "test_service.py::test_a_lost_device_ends_the_service": _MISBEHAVES,
        "test_service.py::test_an_open_server_warns": _PROCESS,
        "test_service.py::test_what_keeps_it_from_starting_is_a_sentence": _PROCESS,
        "test_process.py::test_a_port_that_is_taken_is_one_sentence": _PROCESS,
        "test_process.py::test_the_settings_are_printed_without_secrets": _PROCESS,
    }
)
"""By file, or by file and test, from this folder on."""
