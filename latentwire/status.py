"""Domain errors as `google.rpc.Status` (ErrorInfo, BadRequest, RetryInfo), and back."""

from __future__ import annotations

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from latentwire.errors import DOMAIN, FieldViolation, LatentwireError, Unavailable, error_class

# A status travels in trailers. Clients drop a call whose trailers pass 8 KiB, once its text is percent-encoded, and
# encoded again in the details.
_MOST_MESSAGE_BYTES = 800
_MOST_VIOLATION_BYTES = 2800
# How gRPC tells that it was the caller who cancelled.
_OWN_DOING = "Locally cancelled"


def to_status(error: LatentwireError) -> status_pb2.Status:
    """The status for an error, with every detail that it carries; texts that are too long for trailers are cut."""
    message = _cut(error.message, _MOST_MESSAGE_BYTES)
    status = status_pb2.Status(code=code_pb2.Code.Value(error.code), message=message)
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=dict(error.metadata))
    status.details.append(_packed(info))
    if error.violations:
        status.details.append(_packed(_bad_request(error)))
    if error.retry_after_s is not None:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(round(error.retry_after_s * 1000))
        status.details.append(_packed(error_details_pb2.RetryInfo(retry_delay=delay)))
    return status


def from_status(status: status_pb2.Status) -> LatentwireError:
    """The error that a status was made from; a status of another origin gives the class of its code."""
    info, bad, retry = (
        error_details_pb2.ErrorInfo(),
        error_details_pb2.BadRequest(),
        error_details_pb2.RetryInfo(),
    )
    for detail in status.details:
        for message in (info, bad, retry):
            detail.Unpack(message)
    kind = error_class(code_pb2.Code.Name(status.code), info.reason)
    return kind(
        status.message,
        reason=info.reason or None,
        violations=tuple(FieldViolation(v.field, v.description) for v in bad.field_violations),
        retry_after_s=retry.retry_delay.ToMilliseconds() / 1000 if retry.HasField("retry_delay") else None,
        metadata=info.metadata,
    )


def from_rpc_error(error: grpc.RpcError) -> LatentwireError:
    """The error behind a failed call; a connection lost without a word is `Unavailable`, CONNECTION_LOST.

    Without a word is also a bare CANCELLED that the caller did not ask for: a server that is cut off in the middle of a
    call may get that out before the connection is gone.
    """
    status = rpc_status.from_call(error)
    if status is not None:
        return from_status(status)
    code: grpc.StatusCode = error.code()
    details: str = error.details() or code.name
    cut_off = code is grpc.StatusCode.CANCELLED and not details.startswith(_OWN_DOING)
    if cut_off or code is grpc.StatusCode.UNAVAILABLE:
        return Unavailable(details, reason="CONNECTION_LOST", retry_after_s=1.0)
    return error_class(code.name, "")(details)


def _bad_request(error: LatentwireError) -> error_details_pb2.BadRequest:
    bad = error_details_pb2.BadRequest()
    for violation in error.violations:
        description = _cut(violation.description, _MOST_MESSAGE_BYTES)
        bad.field_violations.add(field=violation.field, description=description)
        if bad.ByteSize() > _MOST_VIOLATION_BYTES:
            del bad.field_violations[-1]
            break
    return bad


def _cut(text: str, most_bytes: int) -> str:
    encoded = text.encode()
    return text if len(encoded) <= most_bytes else encoded[: most_bytes - 3].decode(errors="ignore") + "…"


def _packed(
    message: error_details_pb2.ErrorInfo | error_details_pb2.BadRequest | error_details_pb2.RetryInfo,
) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
