"""A1111's scripts: those that a request chooses one of, and those that always run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway_svc.sdapi.scripts.alwayson import ALWAYS_ON, AlwaysOn
from gateway_svc.sdapi.scripts.registry import SCRIPTS
from gateway_svc.sdapi.scripts.titles import NOT_RUN
from tools.compatibility.rows import Row, Verdict

_PICTURES: Final = "tests/contract/gateway/test_compatibility.py::test_a_script_makes_pictures"
_REFUSED: Final = "tests/contract/gateway/test_scripts.py::test_scripts_that_are_not_there_are_refused"
_FIELDS: Final = "tests/contract/gateway/test_passes.py::TestScriptsThatAlwaysRun"
_COMMENTS: Final = "tests/contract/gateway/test_txt2img.py::test_comments_are_dropped_from_prompts"

A1111_SELECTABLE: Final = frozenset(
    {
        "prompt matrix",
        "prompts from file or textbox",
        "x/y/z plot",
        "custom code",
        "img2img alternative test",
        "loopback",
        "outpainting mk2",
        "poor man's outpainting",
        "sd upscale",
    }
)
A1111_ALWAYS_ON: Final = frozenset(
    {"refiner", "seed", "sampler", "comments", "extra options", "hypertile", "soft inpainting"}
)


def selectable() -> Iterator[Row]:
    """Those of which a request chooses one."""
    for script in SCRIPTS:
        yield Row(script.title, Verdict.WORKS, _PICTURES, " and ".join(script.kinds))
    for title, reason in NOT_RUN.items():
        yield Row(title, Verdict.REFUSED, _REFUSED, f"422: {reason}")


def always_on() -> Iterator[Row]:
    """Those that always run."""
    for script in ALWAYS_ON:
        yield _row(script)


def _row(script: AlwaysOn) -> Row:
    if script.without_effect:
        return Row(script.title, Verdict.SAID, f"{_FIELDS}::test_what_has_no_effect_is_said")
    if script.arguments:
        return Row(script.title, Verdict.WORKS, f"{_FIELDS}::test_their_arguments_say_what_fields_do")
    if script.title == "Comments":
        return Row(
            script.title, Verdict.WORKS, _COMMENTS, "has no arguments; the option enable_prompt_comments decides"
        )
    return Row(script.title, Verdict.KEPT, f"{_FIELDS}::test_without_arguments_they_do_nothing", "arguments do nothing")
