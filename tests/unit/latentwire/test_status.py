"""Errors as statuses, and back."""

from __future__ import annotations

from urllib.parse import quote

import grpc
import pytest
from google.rpc import code_pb2, status_pb2
from grpc_status import rpc_status

from latentwire.errors import (
    ERRORS,
    Cancelled,
    FieldViolation,
    Internal,
    InvalidArgument,
    LatentwireError,
    QueueFull,
    Unavailable,
)
from latentwire.status import from_rpc_error, from_status, to_status


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_comes_back_as_it_was(kind: type[LatentwireError]) -> None:
    error = kind("what", violations=[FieldViolation("f", "d")], retry_after_s=2.5, metadata={"k": "v"})
    again = from_status(to_status(error))
    assert type(again) is kind
    assert (again.message, again.reason, again.retry_after_s) == ("what", error.reason, 2.5)
    assert (again.violations, dict(again.metadata)) == (error.violations, {"k": "v"})


def test_what_an_error_does_not_carry_is_not_made_up() -> None:
    again = from_status(to_status(QueueFull("full")))
    assert (again.violations, again.retry_after_s, dict(again.metadata)) == ((), None, {})


def test_a_status_of_another_origin_gives_the_class_of_its_code() -> None:
    assert type(from_status(status_pb2.Status(code=code_pb2.DATA_LOSS, message="x"))) is Internal


@pytest.mark.parametrize("text", ["x", "\N{GRINNING FACE}", "\n"])
@pytest.mark.parametrize("count", [1, 1000])
def test_however_much_is_wrong_the_status_fits_in_trailers(text: str, count: int) -> None:
    violations = [FieldViolation(f"f[{index}]", text * (20_000 // count)) for index in range(count)]
    sent = rpc_status.to_status(to_status(InvalidArgument.join(violations)))
    details = sum(len(value) * 4 / 3 for _, value in sent.trailing_metadata or ())
    assert len(quote(sent.details or "")) + details < 7900
    assert from_status(to_status(InvalidArgument.join(violations))).violations[0].field == "f[0]"


class Bare(grpc.RpcError):
    """A failed call of which nothing but code and details is known."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__()
        self._code, self._details = code, details

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return self._details

    def trailing_metadata(self) -> tuple[()]:
        return ()


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED])
def test_a_call_that_ends_without_a_word_has_lost_its_connection(code: grpc.StatusCode) -> None:
    error = from_rpc_error(Bare(code, ""))
    assert (type(error), error.reason, error.retry_after_s) == (Unavailable, "CONNECTION_LOST", 1.0)


def test_a_call_that_its_caller_cancelled_is_cancelled() -> None:
    error = from_rpc_error(Bare(grpc.StatusCode.CANCELLED, "Locally cancelled by application!"))
    assert type(error) is Cancelled
