from __future__ import annotations

import grpc
import pytest

from latentwire.errors import (
    ERRORS,
    DeadlineUnreachable,
    FieldViolation,
    Internal,
    InvalidArgument,
    LatentwireError,
    OutOfMemory,
    PayloadTooLarge,
    QueueFull,
    error_class,
)
from latentwire.status import from_status, to_status


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_survives_the_way_through_a_status(kind: type[LatentwireError]) -> None:
    violations = (FieldViolation("steps", "0 is not allowed"),)
    error = kind("what happened", violations=violations, retry_after_s=2.5, metadata={"state": "RUNNING"})
    back = from_status(to_status(error))
    assert (type(back), back.message, back.reason) == (kind, "what happened", kind.default_reason)
    assert (back.violations, back.retry_after_s, dict(back.metadata)) == (violations, 2.5, {"state": "RUNNING"})


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_has_a_grpc_code_and_an_http_status(kind: type[LatentwireError]) -> None:
    assert kind.code in grpc.StatusCode.__members__
    assert 400 <= kind.http_status <= 599


def test_resource_exhausted_is_told_apart_by_its_reason() -> None:
    reasons = ("QUEUE_FULL", "DEADLINE_UNREACHABLE", "OUT_OF_MEMORY", "MESSAGE_TOO_LARGE", "")
    kinds = [error_class("RESOURCE_EXHAUSTED", reason) for reason in reasons]
    assert kinds == [QueueFull, DeadlineUnreachable, OutOfMemory, PayloadTooLarge, PayloadTooLarge]


def test_a_reason_under_another_code_does_not_decide() -> None:
    assert error_class("INVALID_ARGUMENT", "QUEUE_FULL") is InvalidArgument


def test_an_unknown_code_is_internal() -> None:
    assert error_class("DATA_LOSS", "") is Internal


def test_an_invalid_argument_names_field_value_and_range() -> None:
    error = InvalidArgument.of("sampling.steps", 0, "1 to 150")
    assert error.message == "sampling.steps: 0 is not allowed; allowed: 1 to 150"
    assert [violation.field for violation in error.violations] == ["sampling.steps"]


def test_a_long_value_is_shortened_in_the_message() -> None:
    assert len(InvalidArgument.of("prompt", "x" * 10_000, "at most 65536 characters").message) < 200


def test_violations_join_into_one_error() -> None:
    error = InvalidArgument.join([FieldViolation("a", "bad"), FieldViolation("b", "worse")])
    assert (error.message, len(error.violations)) == ("a: bad; b: worse", 2)
