"""A1111's start flags: those that the command takes, and those that it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from gateway_svc.sdapi.cmd_flags import cmd_flags
from gateway_svc.settings import Settings
from latentwire.cli import serve
from tools.compatibility.rows import Row, Verdict

_SETTINGS: Final = "tests/unit/gateway_svc/test_settings.py"
_E2E: Final = "tests/e2e/test_a1111_flags.py"
_CASES: Final = "tests/contract/gateway"
_REFUSED: Final = f"{_CASES}/test_compatibility.py::test_a_flag_of_no_use_here_is_refused"
SHOWN_BY: Final = MappingProxyType(
    {
        "api_auth": f"{_CASES}/test_access.py::test_a_known_user_comes_in_and_owns_what_he_asks_for",
        "api_log": f"{_CASES}/test_access.py::test_requests_are_logged_where_asked_for",
        "api_server_stop": f"{_E2E}::test_a_client_that_may_ends_the_pair",
        "cors_allow_origins": f"{_CASES}/test_access.py::test_pages_of_other_origins_may_call_where_allowed",
        "cors_allow_origins_regex": f"{_CASES}/test_access.py::test_origins_may_be_a_pattern",
        "data_dir": f"{_CASES}/test_txt2img.py::test_saved_pictures_come_with_a_grid_and_lie_in_the_data_folder",
        "freeze_settings": f"{_CASES}/test_flags.py::test_frozen_settings_are_changed_by_nobody",
        "hide_ui_dir_config": f"{_CASES}/test_flags.py::test_folders_stay_where_they_are_when_they_are_hidden",
        "port": "tests/e2e/test_serve.py::test_a_port_that_is_taken_is_one_sentence",
        "subpath": f"{_E2E}::test_https_below_a_subpath_is_announced_and_answers",
        "tls_certfile": f"{_E2E}::test_https_below_a_subpath_is_announced_and_answers",
        "tls_keyfile": f"{_E2E}::test_https_below_a_subpath_is_announced_and_answers",
    }
)
"""Tests of flags that do here what they do there; the others are shown by those of the command."""
_COMMAND: Final = f"{_CASES}/test_compatibility.py::test_a_flag_reaches_the_gateway"
_IDLE: Final = f"{_CASES}/test_compatibility.py::test_a_flag_that_is_always_so_is_taken_and_says_so"
IDLE: Final = frozenset({"api", "nowebui"})


def taken() -> frozenset[str]:
    """A1111's flags that the command takes, by the names that they have in /cmd-flags."""
    own = {flag.removeprefix("--").replace("-", "_") for option in serve.params for flag in option.opts}
    return frozenset(own & set(cmd_flags(Settings())))


def refused() -> frozenset[str]:
    """A1111's flags that it does not take."""
    return frozenset(cmd_flags(Settings())) - taken()


def rows() -> Iterator[Row]:
    """Flags that are taken, then in one line those that are refused."""
    for name in sorted(taken()):
        if name in IDLE:
            yield Row(written(name), Verdict.KEPT, _IDLE, "what it asks for is always so")
        else:
            yield Row(written(name), Verdict.WORKS, SHOWN_BY.get(name, _COMMAND))
    names = ", ".join(written(name) for name in sorted(refused()))
    yield Row(f"all others: {names}", Verdict.REFUSED, _REFUSED, "the command ends with a sentence")


def written(name: str) -> str:
    """As it is typed."""
    return "`" + ("-" if len(name) == 1 else "--") + name.replace("_", "-") + "`"
