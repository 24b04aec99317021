"""What the load counts as a failure, and what only as an answer that was to be expected."""

from __future__ import annotations

import pytest

from latentwire.errors import (
    DeadlineUnreachable,
    Internal,
    InvalidArgument,
    LatentwireError,
    OutOfMemory,
    QueueFull,
    Unavailable,
)
from tools.load.outcome import Outcome, Result, failed, of_error, of_status

LATER = {"retry-after": "3"}
PICTURE = {200: Outcome.DONE}


def test_an_answer_that_was_wanted_is_what_it_was_wanted_as() -> None:
    assert of_status(200, {}, "", PICTURE, pictures=1) == Result(Outcome.DONE, pictures=1)
    assert of_status(422, {}, "", {422: Outcome.REJECTED}) == Result(Outcome.REJECTED)


@pytest.mark.parametrize("status", [429, 503])
def test_a_refusal_that_says_when_to_come_back_is_no_failure(status: int) -> None:
    assert of_status(status, LATER, "", PICTURE) == Result(Outcome.REFUSED, retry_after_s=3.0)


@pytest.mark.parametrize(
    ("status", "headers"), [(429, {}), (503, {}), (503, {"retry-after": "soon"}), (500, LATER), (422, LATER), (200, {})]
)
def test_any_other_status_is_a_failure(status: int, headers: dict[str, str]) -> None:
    assert of_status(status, headers, "words", {}) == failed(f"status {status}", "words")


@pytest.mark.parametrize(
    "error",
    [
        QueueFull("full", retry_after_s=2.0),
        DeadlineUnreachable("too late", retry_after_s=2.0),
        Unavailable("loading", reason="MODEL_LOADING", retry_after_s=2.0),
    ],
)
def test_an_error_that_says_when_to_come_back_is_no_failure(error: LatentwireError) -> None:
    assert of_error(error, {}) == Result(Outcome.REFUSED, retry_after_s=2.0)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (QueueFull("it"), "RESOURCE_EXHAUSTED QUEUE_FULL"),
        (OutOfMemory("it"), "RESOURCE_EXHAUSTED OUT_OF_MEMORY"),
        (Internal("it"), "INTERNAL INTERNAL"),
        (Internal("it", retry_after_s=2.0), "INTERNAL INTERNAL"),
        (InvalidArgument("it"), "INVALID_ARGUMENT INVALID_ARGUMENT"),
        (Unavailable("it", reason="CONNECTION_LOST", retry_after_s=1.0), "CONNECTION_LOST"),
    ],
)
def test_any_other_error_is_a_failure(error: LatentwireError, kind: str) -> None:
    assert of_error(error, {}) == failed(kind, "it")


def test_an_error_that_was_wanted_is_what_it_was_wanted_as() -> None:
    wanted = {"INVALID_ARGUMENT": Outcome.REJECTED, "UNAVAILABLE": Outcome.GIVEN_UP}
    assert of_error(InvalidArgument("it"), wanted) == Result(Outcome.REJECTED)
    assert of_error(Unavailable("it", reason="CONNECTION_LOST"), wanted) == failed("CONNECTION_LOST", "it")
