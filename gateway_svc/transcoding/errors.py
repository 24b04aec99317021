"""What callers are told when a call fails: `google.rpc.Status`, and the status of HTTP that goes with its code."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

import grpc
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc import aio
from grpc_status import rpc_status

HTTP_STATUS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "OK": 200,
        "CANCELLED": 499,
        "UNKNOWN": 500,
        "INVALID_ARGUMENT": 400,
        "DEADLINE_EXCEEDED": 504,
        "NOT_FOUND": 404,
        "ALREADY_EXISTS": 409,
        "PERMISSION_DENIED": 403,
        "UNAUTHENTICATED": 401,
        "RESOURCE_EXHAUSTED": 429,
        "FAILED_PRECONDITION": 400,
        "ABORTED": 409,
        "OUT_OF_RANGE": 400,
        "UNIMPLEMENTED": 501,
        "INTERNAL": 500,
        "UNAVAILABLE": 503,
        "DATA_LOSS": 500,
    }
)
"""As grpc-gateway has it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """How a call ended, and the status of HTTP that it gets where none has been sent yet."""

    status: status_pb2.Status
    http_status: int

    @property
    def headers(self) -> dict[str, str]:
        """Retry-After, in whole seconds, where the status says when to come back."""
        retry = error_details_pb2.RetryInfo()
        if not any(detail.Unpack(retry) for detail in self.status.details):
            return {}
        return {"Retry-After": str(max(1, math.ceil(retry.retry_delay.ToMilliseconds() / 1000)))}


Explain: TypeAlias = Callable[[aio.AioRpcError], Failure]


class Refused(Exception):
    """The request can't become a call: `field` names what is wrong with it, a field or a header."""

    def __init__(
        self, message: str, *, field: str = "", code: str = "INVALID_ARGUMENT", http_status: int | None = None
    ) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field, self.description, self.code = field, message, code
        self.http_status = HTTP_STATUS[code] if http_status is None else http_status
        self.headers: Mapping[str, str] = {}

    def failure(self, details: Sequence[any_pb2.Any] = ()) -> Failure:
        """What the caller is told; the field as a violation of google.rpc.BadRequest, beside other details."""
        status = status_pb2.Status(code=code_pb2.Code.Value(self.code), message=str(self), details=details)
        if self.field:
            bad = error_details_pb2.BadRequest()
            bad.field_violations.add(field=self.field, description=self.description)
            status.details.add().Pack(bad)
        return Failure(status, self.http_status)


def explain(error: aio.AioRpcError) -> Failure:
    """What a failed call says of itself, with grpc-gateway's status of HTTP for its code."""
    code: grpc.StatusCode = error.code()
    status = rpc_status.from_call(error)
    if status is None:
        status = status_pb2.Status(code=code.value[0], message=error.details() or code.name)
    return Failure(status, HTTP_STATUS[code.name])
